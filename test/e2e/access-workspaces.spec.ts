import { collectEntrances } from '../../scripts/access-table';
import { AppModule } from '../../src/app.module';
import { ask, membersOf, openConversation, secondWorkspace, streamed } from '../support/crm';
import { eventually } from '../support/eventually';
import { type Caller, TestSystem } from '../support/system';

interface Ids {
  conversation: number;
  message: number;
  integration: number;
  user: number;
  bot: number;
}

interface Try {
  route: string;
  call: (caller: Caller, ids: Ids) => Promise<{ status: number; body: object }>;
}

/** Every place in which a request can name something: what is not reached with an id is named by none here. */
const TRIES: Try[] = [
  { route: 'GET /conversations/:id', call: (c, ids) => c.get(`/conversations/${ids.conversation}`) },
  {
    route: 'GET /conversations',
    call: (c, ids) => c.get(`/conversations?assigned_user=${ids.user}`),
  },
  {
    route: 'PATCH /conversations/:id/assign',
    call: (c, ids) => c.patch(`/conversations/${ids.conversation}/assign`),
  },
  {
    route: 'PATCH /conversations/:id/assign',
    call: async (c, ids) => c.patch(`/conversations/${await own()}/assign`, { assigned_user: ids.user }),
  },
  {
    route: 'PATCH /conversations/:id/assign',
    call: async (c, ids) => c.patch(`/conversations/${await own()}/assign`, { assigned_bot: ids.bot }),
  },
  {
    route: 'PATCH /conversations/:id/unassign',
    call: (c, ids) => c.patch(`/conversations/${ids.conversation}/unassign`),
  },
  {
    route: 'PATCH /conversations/:id/read',
    call: (c, ids) => c.patch(`/conversations/${ids.conversation}/read`),
  },
  {
    route: 'PATCH /conversations/:id/unread',
    call: (c, ids) => c.patch(`/conversations/${ids.conversation}/unread`),
  },
  { route: 'GET /messages/:id', call: (c, ids) => c.get(`/messages/${ids.message}`) },
  {
    route: 'GET /messages/conversation/:id',
    call: (c, ids) => c.get(`/messages/conversation/${ids.conversation}`),
  },
  {
    route: 'POST /messages',
    call: (c, ids) => c.post('/messages', { conversation_id: ids.conversation, body: 'x' }),
  },
  {
    route: 'POST /messages',
    call: async (c, ids) =>
      c.post('/messages', { conversation_id: await own(), body: 'x', reply_to_id: ids.message }),
  },
  {
    route: 'GET /whatsapp-integration-config/:id',
    call: (c, ids) => c.get(`/whatsapp-integration-config/${ids.integration}`),
  },
  {
    route: 'PATCH /whatsapp-integration-config/:id',
    call: (c, ids) => c.patch(`/whatsapp-integration-config/${ids.integration}`, { name: 'mine now' }),
  },
];
const MISSING = 888_888;

let system: TestSystem;
let admin: Caller;
let theirs: Awaited<ReturnType<typeof secondWorkspace>>;
let foreign: Ids;
const missing: Ids = {
  conversation: MISSING,
  message: MISSING,
  integration: MISSING,
  user: MISSING,
  bot: MISSING,
};
let ownConversation: number | undefined;
let tables: string[];

/** A conversation of the caller's, for ids that stand in a body. */
async function own(): Promise<number> {
  ownConversation ??= await openConversation(system);
  return ownConversation;
}

beforeAll(async () => {
  system = await TestSystem.start();
  admin = await system.signIn('admin');
  theirs = await secondWorkspace(system, 'rivals');
  const found = await system.sql<{ name: string }>(
    `select table_name as name from information_schema.columns
     where column_name = 'workspace_id' and table_schema = 'public' order by 1`,
  );
  tables = found.map((table) => table.name);
  expect(tables.length).toBeGreaterThan(10);
  const [row] = await system.sql<{ message: string; bot: string }>(
    `with bot as (insert into bot (workspace_id, name) values ($1, 'Theirs') returning id)
     select bot.id as bot, (select min(id) from message where workspace_id = $1) as message from bot`,
    [theirs.id],
  );
  foreign = {
    conversation: theirs.conversationId,
    message: Number(row!.message),
    integration: theirs.integrationId,
    user: theirs.employer.user.id,
    bot: Number(row!.bot),
  };
});
afterAll(() => system.stop());

/** A checksum of everything that is stored of a workspace, by table. */
async function stored(workspaceId: number): Promise<unknown> {
  const sums = tables.map(
    (name) =>
      `select '${name}' as name, md5(coalesce(string_agg(t::text, '|' order by t::text), '')) as sum from ${name} t where workspace_id = $1`,
  );
  return await system.sql(sums.join(' union all '), [workspaceId]);
}

test('every route that takes an id is tried here', async () => {
  const entrances = await collectEntrances(AppModule);
  const withId = entrances
    .filter((one) => one.kind === 'route' && one.name.includes(':'))
    .map((one) => `${one.scope} ${one.name}`);
  expect(withId.filter((route) => !TRIES.some((one) => one.route === route))).toEqual([]);
  expect(entrances.filter((one) => one.kind === 'message').map((one) => one.name)).toEqual([
    'join:conversation',
    'leave:conversation',
    'resume',
  ]);
});

test.each(TRIES.map((one, i) => [one.route, i, one] as const))(
  'ids of another workspace answer like missing ones and change nothing: %s (%i)',
  async (_route, _i, { call }) => {
    const before = await stored(theirs.id);
    const strip = ({ status, body }: { status: number; body: object }): object => ({
      status,
      body: { ...body, requestId: '' },
    });

    const toForeign = await call(admin, foreign);

    expect(strip(toForeign)).toEqual(strip(await call(admin, missing)));
    expect(JSON.stringify(toForeign.body)).not.toMatch(/rivals|Theirs|hello/);
    expect(toForeign.status === 200 ? (toForeign.body as { data: unknown[] }).data : []).toEqual([]);
    expect(await stored(theirs.id)).toEqual(before);
    // The same for their own people: what is refused above is there.
    if (!_route.includes('messages') && !_route.includes('assign'))
      expect((await call(theirs.admin, foreign)).status).toBe(200);
  },
);

test('lists show nothing of another workspace', async () => {
  const mine = await own();
  const list = async (caller: Caller, path: string): Promise<number[]> =>
    (await caller.get<{ data: { id: number }[] }>(path)).body.data.map((row) => row.id);
  expect(await list(admin, '/conversations')).toEqual([mine]);
  expect(await list(theirs.admin, '/conversations')).toEqual([theirs.conversationId]);
  expect(await list(theirs.admin, '/whatsapp-integration-config')).toEqual([theirs.integrationId]);
  expect(await list(admin, '/whatsapp-integration-config')).not.toContain(theirs.integrationId);
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
  expect(await answers(foreign.conversation)).toEqual(await answers(MISSING));
  expect(membersOf(system, foreign.conversation)).toEqual([]);
  expect(membersOf(system, foreign.conversation, theirs.id)).toEqual([]);
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

  expect(streamed(mine)).toEqual([]);
  expect(streamed(late)).toEqual([]);
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
