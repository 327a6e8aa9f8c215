import { Controller, type ExecutionContext, Get } from '@nestjs/common';
import { AppModule } from '../../src/app.module';
import { ACCESS_LEVELS, type AccessLevel, includesLevel } from '../../src/common/access-level';
import { CrmGatewayModule } from '../../src/crm-gateway/crm-gateway.module';
import { CrmGateway } from '../../src/crm-gateway/crm.gateway';
import { WsJwtAuthGuard } from '../../src/crm-gateway/ws-jwt-auth.guard';
import { createLogger } from '../../src/platform/observability/logger';
import { collectEntrances, type Entrance } from '../../scripts/access-table';
import { type Caller, TestSystem } from '../support/system';

let system: TestSystem;
let routes: Entrance[];
const callers = {} as Record<AccessLevel, Caller>;

beforeAll(async () => {
  system = await TestSystem.start();
  for (const level of ACCESS_LEVELS) callers[level] = await system.signIn(level);
  routes = (await collectEntrances(AppModule)).filter((one) => one.kind === 'route');
});
afterAll(() => system.stop());

const pathOf = (route: Entrance): string => route.name.replace(/:\w+/g, '999999999');

/** Surfaces of other contracts name it otherwise. */
const codeOf = (body: Record<string, unknown>): unknown => body['code'] ?? body['error_code'];

test('without a token every route but the public ones answers 401', async () => {
  expect(routes.length).toBeGreaterThan(15);
  for (const route of routes) {
    const { body } = await system.call(route.scope, pathOf(route));
    const open = route.rule?.kind === 'public';
    expect([route.name, codeOf(body) === 'UNAUTHENTICATED']).toEqual([route.name, !open]);
  }
});

test.each(ACCESS_LEVELS)('every route lets an %s in exactly as it declares', async (held) => {
  for (const route of routes) {
    if (route.rule?.kind !== 'level' || route.name === '/auth/logout') continue;
    const answer = await system.call(route.scope, pathOf(route), route.scope === 'GET' ? undefined : {}, {
      authorization: `Bearer ${callers[held].token}`,
    });
    const allowed = includesLevel(held, route.rule.level);
    expect([route.scope, route.name, answer.status === 403]).toEqual([route.scope, route.name, !allowed]);
    if (!allowed) expect(codeOf(answer.body)).toBe('FORBIDDEN');
  }
});

test('a role of the workspace’s own has the rights of its level', async () => {
  await system.sql(
    `insert into roles (workspace_id, name, access_level) values (1, 'team lead', 'supervisor')`,
  );
  const lead = await system.signIn('employer');
  await system.sql(
    `update users set role_id = (select id from roles where name = 'team lead') where id = $1`,
    [lead.user.id],
  );
  const again = await system.call<{ access_token: string; user: object }>('POST', '/auth/login', {
    username: lead.user.username,
    password: 'a password',
  });
  expect(again.body.user).toMatchObject({ role: { name: 'team lead', access_level: 'supervisor' } });
  expect((await system.callerWith(again.body.access_token).get('/whatsapp-integration-config')).status).toBe(
    403,
  );
});

describe('what declares nobody is refused to everybody', () => {
  @Controller('undeclared')
  class UndeclaredController {
    @Get()
    secret(): string {
      return 'secret';
    }
  }

  test('a route', async () => {
    const server = await system.startAnother(
      {},
      { logger: createLogger('silent'), controllers: [UndeclaredController] },
    );
    const answer = await server.callerWith(callers.admin.token).get('/undeclared');
    expect(answer).toMatchObject({ status: 403, body: { code: 'ACCESS_UNDECLARED' } });
    expect((await server.call('GET', '/undeclared')).status).toBe(403);
  });

  test('a socket message', async () => {
    class UndeclaredGateway {
      message(): void {}
    }
    const guard = await system.app.select(CrmGatewayModule).resolve(WsJwtAuthGuard);
    const context = (type: { prototype: object }, handler: string): ExecutionContext =>
      ({
        getClass: () => type,
        getHandler: () => Reflect.get(type.prototype, handler) as unknown,
      }) as unknown as ExecutionContext;
    await expect(guard.canActivate(context(UndeclaredGateway, 'message'))).rejects.toMatchObject({
      code: 'ACCESS_UNDECLARED',
    });
    await expect(guard.canActivate(context(CrmGateway, 'joinConversation'))).rejects.not.toMatchObject({
      code: 'ACCESS_UNDECLARED',
    });
  });
});
