import { Client } from 'pg';
import { eventually } from '../support/eventually';
import { type Caller, type Listener, TestSystem } from '../support/system';
import { conversationOf } from '../support/crm';

let system: TestSystem;
let admin: Caller;
let ana: Caller;
let ben: Caller;

beforeAll(async () => {
  system = await TestSystem.start();
});
afterAll(() => system.stop());

/** Every test has a workspace of its own. */
let workspaceId: number;

beforeEach(async () => {
  ({ id: workspaceId } = await system.createWorkspace(`shop-${Math.random().toString(36).slice(2)}`));
  admin = await system.signIn('admin', { workspaceId });
  ana = await system.signIn('employer', { workspaceId });
  ben = await system.signIn('employer', { workspaceId });
});

async function somebodyWrites(): Promise<number> {
  return await conversationOf(system, { id: workspaceId, admin });
}

const OFF = { enabled: false, levels: ['employer'], max_open_conversations: 20, wait_seconds: 5 };

async function turnOn(changes: object = {}, caller = admin): Promise<void> {
  const answer = await caller.patch('/auto-assignment', { enabled: true, wait_seconds: 0, ...changes });
  expect(answer.status).toBe(200);
}

/** How many open conversations each has, over all of them; `queue` for nobody. */
async function shares(): Promise<Record<string, number>> {
  const rows = await system.sql<{ who: string; count: number }>(
    `select coalesce(u.username, 'queue') as who, count(*)::int as count from conversation c
     left join users u on u.workspace_id = c.workspace_id and u.id = c.assigned_user
     where c.workspace_id = $1 and c.status in ('queue', 'active', 'transferred') group by 1`,
    [workspaceId],
  );
  return Object.fromEntries(rows.map(({ who, count }) => [who, count]));
}

async function sharesBecome(expected: Record<string, number>): Promise<void> {
  await eventually(async () => JSON.stringify(sorted(await shares())) === JSON.stringify(sorted(expected)), {
    what: `shares of ${JSON.stringify(expected)}`,
  });
}

const sorted = (of: Record<string, number>): [string, number][] =>
  Object.entries(of).toSorted(([a], [b]) => (a < b ? -1 : 1));

/** Connected, and seen as such by everybody. */
async function comes(caller: Caller): Promise<Listener> {
  const listener = await system.listen(caller);
  await eventually(
    async () =>
      (await admin.get<{ data: { user_id: number; online: boolean }[] }>('/presence')).body.data.some(
        ({ user_id, online }) => user_id === caller.user.id && online,
      ),
    { what: 'their presence' },
  );
  return listener;
}

/** Two looks of the assigner have gone by: the first may have begun before this was called. */
async function twoLooks(): Promise<void> {
  const other = await system.createWorkspace(`fence-${Math.random().toString(36).slice(2)}`);
  const theirAdmin = await system.signIn('admin', { workspaceId: other.id });
  await turnOn({ levels: ['admin'] }, theirAdmin);
  await system.listen(theirAdmin);
  for (let look = 1; look <= 2; look++) {
    const id = await conversationOf(system, { id: other.id, admin: theirAdmin });
    await eventually(
      async () => (await theirAdmin.get(`/conversations/${id}`)).body['assigned_user'] !== null,
      {
        what: 'a look of the assigner',
      },
    );
    await theirAdmin.patch(`/conversations/${id}`, { status: 'closed' });
  }
}

test('is off until an admin turns it on, which the audit log tells', async () => {
  const supervisor = await system.signIn('supervisor', { workspaceId });
  expect((await supervisor.get('/auto-assignment')).body).toEqual(OFF);
  expect((await supervisor.patch('/auto-assignment', { enabled: true })).status).toBe(403);
  expect((await ana.get('/auto-assignment')).status).toBe(403);

  const changed = await admin.patch('/auto-assignment', {
    enabled: true,
    levels: ['employer', 'supervisor'],
  });

  expect(changed.body).toEqual({ ...OFF, enabled: true, levels: ['employer', 'supervisor'] });
  expect((await supervisor.get('/auto-assignment')).body).toEqual(changed.body);
  const log = await admin.get<{ data: object[] }>('/audit-log?action=auto_assignment.update');
  expect(log.body.data).toEqual([
    expect.objectContaining({
      user_id: admin.user.id,
      details: {
        enabled: { from: false, to: true },
        levels: { from: ['employer'], to: ['employer', 'supervisor'] },
      },
    }),
  ]);
});

test.each([
  { enabled: 'yes' },
  { enabled: null },
  { levels: [] },
  { levels: ['owner'] },
  { levels: ['admin', 'admin'] },
  { max_open_conversations: 0 },
  { max_open_conversations: 1_001 },
  { wait_seconds: -1 },
  { wait_seconds: 0.5 },
  { wait_seconds: 3_601 },
  { whatever: 1 },
])('is not set to %j', async (input) => {
  expect((await admin.patch('/auto-assignment', input)).status).toBe(400);
  expect((await admin.get('/auto-assignment')).body).toEqual(OFF);
});

test('what waits is shared out evenly among those who are there, unread, and told to who gets it', async () => {
  for (let i = 0; i < 4; i++) await somebodyWrites();
  const [ofAna] = [await comes(ana), await comes(ben)];

  await turnOn();

  await sharesBecome({ [ana.user.username]: 2, [ben.user.username]: 2 });
  await eventually(() => ofAna.of('conversation:assigned').length === 4, { what: 'all the news' });
  const hers = ofAna
    .of('conversation:assigned')
    .map(({ payload }) => payload)
    .filter((payload) => payload['assigned_user'] === ana.user.id);
  expect(hers).toHaveLength(2);
  for (const one of hers) expect(one).toMatchObject({ status: 'active', unread_count: 1, read: false });
  const log = await admin.get<{ data: object[] }>(`/conversations/${String(hers[0]!['id'])}/audit`);
  expect(log.body.data).toEqual([
    expect.objectContaining({ user_id: null, user_name: 'system', action: 'conversation.assign' }),
  ]);
});

test('who is away, busy, gone or of another level gets nothing; who comes back does', async () => {
  await comes(ana);
  await ana.put('/presence/me', { status: 'busy' });
  await comes(admin);
  await somebodyWrites();
  await turnOn();
  await twoLooks();
  expect(await shares()).toEqual({ queue: 1 });

  await ana.put('/presence/me', { status: 'online' });

  await sharesBecome({ [ana.user.username]: 1 });
});

test('nobody gets more than the limit; closing one makes room for whoever is the most urgent, then the first', async () => {
  await comes(ana);
  await turnOn({ max_open_conversations: 1 });
  const first = await somebodyWrites();
  await sharesBecome({ [ana.user.username]: 1 });
  const second = await somebodyWrites();
  const third = await somebodyWrites();
  const urgent = await somebodyWrites();
  expect((await admin.patch(`/conversations/${urgent}`, { priority: 'urgent' })).status).toBe(200);
  await twoLooks();
  expect(await shares()).toEqual({ [ana.user.username]: 1, queue: 3 });

  for (const [closed, next] of [
    [first, urgent],
    [urgent, second],
    [second, third],
  ] as const) {
    expect((await ana.patch(`/conversations/${closed}`, { status: 'closed' })).status).toBe(200);
    await eventually(
      async () => (await admin.get(`/conversations/${next}`)).body['assigned_user'] === ana.user.id,
      { what: 'the next one' },
    );
  }
});

test('a conversation waits first, anew whenever it comes back into the queue', async () => {
  await comes(ana);
  const id = await somebodyWrites();
  await admin.patch(`/conversations/${id}/assign`, { assigned_user: ben.user.id });
  await system.sql(
    `update conversation set created_at = now() - interval '1 day', queued_at = now() - interval '1 day' where workspace_id = $1`,
    [workspaceId],
  );
  await admin.patch(`/conversations/${id}/unassign`);
  await turnOn({ wait_seconds: 600 });
  await twoLooks();
  expect(await shares()).toEqual({ queue: 1 });

  await system.sql(
    `update conversation set queued_at = queued_at - interval '601 seconds' where workspace_id = $1`,
    [workspaceId],
  );

  await sharesBecome({ [ana.user.username]: 1 });
});

test('two servers over one queue give every conversation once', async () => {
  await system.startAnother();
  await comes(ana);
  await comes(ben);
  await turnOn();
  const ids = await Promise.all(Array.from({ length: 12 }, async () => await somebodyWrites()));
  await sharesBecome({ [ana.user.username]: 6, [ben.user.username]: 6 });

  const entries = await system.sql<{ subject_id: string }>(
    `select subject_id from audit_log where workspace_id = $1 and action = 'conversation.assign'`,
    [workspaceId],
  );
  expect(entries.map((entry) => Number(entry.subject_id)).toSorted((a, b) => a - b)).toEqual(
    ids.toSorted((a, b) => a - b),
  );
});

test('a conversation that somebody takes at the same moment stays with them', async () => {
  await comes(ana);
  const id = await somebodyWrites();
  const client = new Client({ connectionString: system.databaseUrl });
  await client.connect();
  try {
    await client.query('begin');
    await client.query(
      `update conversation set status = 'active', assigned_user = $3 where workspace_id = $1 and id = $2`,
      [workspaceId, id, ben.user.id],
    );
    await turnOn();
    await twoLooks();
    await client.query('commit');
  } finally {
    await client.end();
  }
  await twoLooks();
  expect(await shares()).toEqual({ [ben.user.username]: 1 });
});
