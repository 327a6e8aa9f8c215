import { Controller, type DynamicModule, forwardRef, Get, Module, Post } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { Access, Public } from '../src/platform/http/access';
import { LimitedAsLogin } from '../src/platform/http/rate-limit.guard';
import { accessTable, collectEntrances, type Entrance, undeclared } from './access-table';

abstract class Inherited {
  @Get('inherited')
  inherited(): void {}
}

@Controller('things')
@Access('employer')
class DeclaredController extends Inherited {
  constructor() {
    super();
    throw new Error('The walk must not make instances.');
  }

  @Get()
  list(): void {}

  @Post(':id/close')
  @Access('admin')
  close(): void {}

  @Post('login')
  @Public('signs in | up')
  @LimitedAsLogin()
  login(): void {}

  helper(): void {}
}

@Controller(['open', '/also-open/'])
class ForgetfulController {
  @Get('secrets')
  secrets(): void {}
}

@WebSocketGateway({ namespace: 'crm' })
class Gateway {
  @SubscribeMessage('join')
  @Access('supervisor')
  join(): void {}

  @SubscribeMessage('forgotten')
  forgotten(): void {}
}

@WebSocketGateway()
@Access('employer')
class RootGateway {
  @SubscribeMessage('ping')
  ping(): void {}
}

@Module({ controllers: [DeclaredController], imports: [forwardRef(() => CircularModule)] })
class ThingsModule {}

@Module({ imports: [ThingsModule], providers: [{ provide: 'gateway', useClass: RootGateway }] })
class CircularModule {}

@Module({ controllers: [ForgetfulController] })
class DynamicallyMoreModule {
  static async with(): Promise<DynamicModule> {
    return await Promise.resolve({
      module: DynamicallyMoreModule,
      providers: [Gateway, { provide: 'x', useValue: 1 }],
    });
  }
}

@Module({ imports: [ThingsModule, DynamicallyMoreModule.with()] })
class RootModule {}

const told = ({ scope, name, rule, limit }: Entrance): unknown[] => [
  scope,
  name,
  rule?.kind === 'level' ? rule.level : (rule?.kind ?? null),
  limit,
];

describe('the table of who may call what', () => {
  it('holds every route and message of static, dynamic, circular and promised modules', async () => {
    expect((await collectEntrances(RootModule)).map(told)).toEqual([
      ['GET', '/also-open/secrets', null, 'usual'],
      ['GET', '/open/secrets', null, 'usual'],
      ['GET', '/things', 'employer', 'usual'],
      ['POST', '/things/:id/close', 'admin', 'usual'],
      ['GET', '/things/inherited', 'employer', 'usual'],
      ['POST', '/things/login', 'public', 'login'],
      ['/', 'ping', 'employer', 'usual'],
      ['/crm', 'forgotten', null, 'usual'],
      ['/crm', 'join', 'supervisor', 'usual'],
    ]);
  });

  it('reports a route and a socket message that declare nobody, and only those', async () => {
    expect(undeclared(await collectEntrances(RootModule))).toEqual([
      expect.stringContaining('GET /also-open/secrets (ForgetfulController.secrets) declares nobody'),
      expect.stringContaining('GET /open/secrets (ForgetfulController.secrets) declares nobody'),
      expect.stringContaining('/crm forgotten (Gateway.forgotten) declares nobody'),
    ]);
    expect(undeclared(await collectEntrances(ThingsModule))).toEqual([]);
  });

  it('is written as markdown', async () => {
    const text = accessTable(await collectEntrances(RootModule));
    expect(text).toContain('| POST | `/things/:id/close` | admin | usual |');
    expect(text).toContain('| POST | `/things/login` | anyone: signs in \\| up | login |');
    expect(text).toContain('| /crm | `join` | supervisor |');
    expect(text).toContain('| /crm | `forgotten` | **undeclared** |');
  });
});
