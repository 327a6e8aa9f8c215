import { collectEntrances } from '../../scripts/access-table';
import { AppModule } from '../../src/app.module';
import { ACCESS_LEVELS, type AccessLevel, includesLevel } from '../../src/common/access-level';
import type { Ids, Workspace } from '../support/areas';
import { ask, conversationOf, membersOf, secondWorkspace, streamed } from '../support/crm';
import { eventually } from '../support/eventually';
import { StoredRows } from '../support/stored-rows';
import { type Caller, TestSystem } from '../support/system';
import { AREAS } from './access/areas';

/** An id that nothing has. */
const MISSING = 888_888;
const EVERY_TRY = AREAS.flatMap((area) => area.tries.map((one, i) => ({ area, one, i })));

let system: TestSystem;
let ours: Workspace;
let theirs: Awaited<ReturnType<typeof secondWorkspace>>;
let admin: Caller;
let rows: StoredRows;
let levels: Map<string, AccessLevel>;

beforeAll(async () => {
  system = await TestSystem.start();
  admin = await system.signIn('admin');
  const supervisor = await system.signIn('supervisor');
  const employer = await system.signIn('employer');
  ours = { id: 1, admin, supervisor, employer };
  theirs = await secondWorkspace(system, 'rivals');
  rows = await StoredRows.of(system);
  levels = new Map(
    (await collectEntrances(AppModule)).map((one) => [
      `${one.scope} ${one.name}`,
      one.rule?.kind === 'level' ? one.rule.level : 'employer',
    ]),
  );
});
afterAll(() => system.stop());

const nothing = (ids: Ids): Ids => Object.fromEntries(Object.keys(ids).map((name) => [name, MISSING]));
const told = ({ status, body }: { status: number; body: object }): object => ({
  status,
  body: { ...body, requestId: '' },
});

test('every route that takes an id is tried, and no other', async () => {
  const entrances = await collectEntrances(AppModule);
  const routes = entrances
    .filter((one) => one.kind === 'route' && one.rule?.kind !== 'public')
    .map((one) => `${one.scope} ${one.name}`);
  const tried = new Set(EVERY_TRY.map(({ one }) => one.route));
  // A public one is open to whoever has its link: `uploads-links.spec.ts`.
  const open = entrances
    .filter((one) => one.rule?.kind === 'public')
    .map((one) => `${one.scope} ${one.name}`);
  expect(routes.filter((route) => route.includes(':') && !tried.has(route) && !open.includes(route))).toEqual(
    [],
  );
  expect([...tried].filter((route) => !routes.includes(route))).toEqual([]);
});

describe.each(EVERY_TRY.map((one) => [`${one.one.route} (${one.area.name} ${one.i})`, one] as const))(
  '%s',
  (_name, { area, one }) => {
    test('ids of another workspace answer like missing ones and change nothing; for its own people they work', async () => {
      const own = await area.make(system, ours);
      const foreign = await area.make(system, theirs);
      const before = await rows.settled(theirs.id);

      const toForeign = await one.call(admin, foreign, own);
      const toMissing = await one.call(admin, nothing(own), own);

      expect(told(toForeign)).toEqual(told(toMissing));
      expect(JSON.stringify(toForeign.body)).not.toMatch(/rivals|Theirs|hello/);
      if (toForeign.status < 400) expect((toForeign.body as { data: unknown[] }).data).toEqual([]);
      expect(await rows.now(theirs.id)).toEqual(before);
      const toOwn = await one.call(theirs.admin, foreign, foreign);
      expect([toOwn.status < 300, toOwn.body]).toEqual([true, toOwn.body]);
    });

    test('it lets in whom it declares, and nobody without a token or with a worthless one', async () => {
      const level = levels.get(one.route)!;
      for (const caller of [system.callerWith(''), system.callerWith('x.y.z')]) {
        const own = await area.make(system, ours);
        expect(await one.call(caller, own, own)).toMatchObject({
          status: 401,
          body: { code: 'UNAUTHENTICATED' },
        });
      }
      for (const held of ACCESS_LEVELS) {
        const own = await area.make(system, ours);
        const answer = await one.call(ours[held], own, own);
        if (includesLevel(held, level))
          expect([held, answer.status < 300, answer.body]).toEqual([held, true, answer.body]);
        else expect([held, answer]).toMatchObject([held, { status: 403, body: { code: 'FORBIDDEN' } }]);
      }
    });

    if (area.hide !== undefined && one.seenByAll !== true) {
      test('what somebody may not see is like missing to them, and there for supervisors', async () => {
        const hidden = await area.make(system, ours);
        const visible = await area.make(system, ours);
        await area.hide!(system, ours, hidden);
        if (levels.get(one.route) === 'employer') {
          const refused = await one.call(ours.employer, hidden, visible);
          expect(told(refused)).toEqual(told(await one.call(ours.employer, nothing(hidden), visible)));
          if (refused.status < 400) expect((refused.body as { data: unknown[] }).data).toEqual([]);
        }
        const seen = await one.call(ours.supervisor, hidden, hidden);
        if (includesLevel('supervisor', levels.get(one.route)!))
          expect([seen.status < 300, seen.body]).toEqual([true, seen.body]);
      });
    }
  },
);

test('lists show nothing of another workspace', async () => {
  const mine = await conversationOf(system, ours);
  const list = async (caller: Caller, path: string): Promise<number[]> =>
    (await caller.get<{ data: { id: number }[] }>(path)).body.data.map((row) => row.id);
  expect(await list(admin, '/conversations?limit=100')).toContain(mine);
  expect(await list(admin, '/conversations?limit=100')).not.toContain(theirs.conversationId);
  expect(await list(theirs.admin, '/conversations?limit=100')).toContain(theirs.conversationId);
  expect(await list(theirs.admin, '/conversations?limit=100')).not.toContain(mine);
  const numbers = '/whatsapp-integration-config?limit=100';
  expect(await list(theirs.admin, numbers)).toContain(theirs.integrationId);
  expect(await list(theirs.admin, numbers)).not.toContain(1);
  expect(await list(admin, numbers)).not.toContain(theirs.integrationId);
});

test('socket messages with ids of another workspace answer like missing ones and enter no room', async () => {
  const listener = await system.listen(admin);
  const answers = async (id: number): Promise<unknown[]> => [
    await ask(listener, 'join:conversation', { conversation_id: id }),
    {
      ...(await ask(listener, 'leave:conversation', { conversation_id: id })),
      conversation_id: 0,
      timestamp: '',
    },
  ];
  expect(await answers(theirs.conversationId)).toEqual(await answers(MISSING));
  expect(membersOf(system, theirs.conversationId)).toEqual([]);
  expect(membersOf(system, theirs.conversationId, theirs.id)).toEqual([]);
});

test('no event of another workspace is heard, live or afterwards', async () => {
  const mine = await system.listen(admin);
  const after = String(mine.heard[0]!.payload['cursor']);
  const witness = await system.listen(theirs.employer);
  await theirs.admin.patch(`/conversations/${theirs.conversationId}/unread`);
  await theirs.admin.post('/messages', { conversation_id: theirs.conversationId, body: 'internal' });
  await eventually(
    () => witness.of('message:status_changed').some((h) => h.payload['whatsapp_status'] === 'read'),
    { what: 'their events' },
  );

  const late = await system.listen(admin, { after });

  // What was tried above may still be on its way in the own workspace.
  const own = await system.sql<{ id: string }>('select id from conversation where workspace_id = 1');
  const heard = [...streamed(mine), ...streamed(late)].map(
    ({ payload }) => (payload['conversation_id'] ?? payload['id']) as number,
  );
  expect(heard.filter((id) => !own.some((conversation) => Number(conversation.id) === id))).toEqual([]);
  expect(streamed(await system.listen(theirs.employer, { after })).length).toBe(streamed(witness).length);
});

test('a token of a workspace that is gone is worth nothing', async () => {
  const { id } = await system.createWorkspace('short-lived');
  const caller = await system.signIn('admin', { workspaceId: id });
  expect((await caller.get('/conversations')).status).toBe(200);
  await system.sql('delete from workspace where id = $1', [id]);
  await eventually(async () => (await caller.get('/conversations')).status === 401, {
    timeoutMs: 2_000,
    what: 'the end over REST',
  });
});
