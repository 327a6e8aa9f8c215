import { Client } from 'pg';
import { connectionAs } from '../../src/platform/database/connections';
import { openConversation } from '../support/crm';
import { type Caller, TestSystem } from '../support/system';

interface Entry {
  id: number;
  user_id: number | null;
  user_name: string;
  action: string;
  subject_type: string;
  subject_id: number | null;
  details: Record<string, unknown>;
  created_at: string;
}

interface Entries {
  data: Entry[];
  next_cursor: string | null;
  prev_cursor: string | null;
}

let system: TestSystem;
let admin: Caller;
let supervisor: Caller;
let ana: Caller;
let botId: number;

beforeAll(async () => {
  system = await TestSystem.start();
  admin = await system.signIn('admin');
  supervisor = await system.signIn('supervisor');
  ana = await system.signIn('employer', { username: 'ana' });
  const [bot] = await system.sql<{ id: string }>(
    `insert into bot (workspace_id, name) values (1, 'Bot') returning id`,
  );
  botId = Number(bot!.id);
});
afterAll(() => system.stop());

async function entries(query = ''): Promise<Entries> {
  const answer = await admin.get<Entries>(`/audit-log?${query}`);
  expect([query, answer.status, answer.body]).toEqual([query, 200, answer.body]);
  return answer.body;
}

test('everything that is done with a conversation stands in its history, newest first, with who did it', async () => {
  const id = await openConversation(system);
  const hands = (status: string, user: number | null, bot: number | null): object => ({
    status,
    assigned_user: user,
    assigned_bot: bot,
  });
  await ana.patch(`/conversations/${id}/assign`);
  await ana.patch(`/conversations/${id}/transfer`, { assigned_bot: botId, note: 'yours' });
  await supervisor.patch(`/conversations/${id}/unassign`);
  await ana.patch(`/conversations/${id}`, { priority: 'urgent' });
  await ana.patch(`/conversations/${id}`, { status: 'closed' });
  await supervisor.patch(`/conversations/${id}`, { status: 'archived' });
  await ana.patch(`/conversations/${id}/read`); // no change of hands or state: not recorded

  const { body } = await supervisor.get<Entries>(`/conversations/${id}/audit`);

  const told = body.data.toReversed().map((entry) => [entry.user_name, entry.action, entry.details]);
  const overseer = supervisor.user.username;
  expect(told).toEqual([
    [
      'ana',
      'conversation.assign',
      { from: hands('queue', null, null), to: hands('active', ana.user.id, null) },
    ],
    [
      'ana',
      'conversation.transfer',
      { from: hands('active', ana.user.id, null), to: hands('transferred', null, botId), note: 'yours' },
    ],
    [
      overseer,
      'conversation.unassign',
      { from: hands('transferred', null, botId), to: hands('queue', null, null) },
    ],
    ['ana', 'conversation.priority', { from: 'normal', to: 'urgent' }],
    ['ana', 'conversation.status', { from: 'queue', to: 'closed' }],
    [overseer, 'conversation.status', { from: 'closed', to: 'archived' }],
  ]);
  for (const entry of body.data)
    expect(entry).toMatchObject({
      subject_type: 'conversation',
      subject_id: id,
      created_at: expect.any(String),
    });
});

test('making and deleting a conversation outlives it in the log', async () => {
  const [contact] = await system.sql<{ id: string }>(
    `insert into contact (workspace_id, external_id) values (1, 'x') returning id`,
  );
  const [number] = await system.sql<{ id: string }>('select id from whatsapp_integration_config');
  const made = await ana.post('/conversations', {
    contact_id: Number(contact!.id),
    integration_id: Number(number!.id),
  });
  const id = Number(made.body['id']);
  await admin.delete(`/conversations/${id}`);
  const { data } = await entries(`subject_type=conversation&subject_id=${id}`);
  expect(data.map((entry) => [entry.user_id, entry.action])).toEqual([
    [admin.user.id, 'conversation.delete'],
    [ana.user.id, 'conversation.create'],
  ]);
  expect(data[0]!.details).toMatchObject({ contact_id: Number(contact!.id), status: 'queue' });
  expect((await supervisor.get(`/conversations/${id}/audit`)).status).toBe(404);
});

test('what was refused is not in the log', async () => {
  const id = await openConversation(system);
  await ana.patch(`/conversations/${id}`, { status: 'archived' });
  await ana.patch(`/conversations/${id}/assign`, { assigned_user: 999_999 });
  expect((await entries(`subject_type=conversation&subject_id=${id}`)).data).toEqual([]);
});

describe('the log', () => {
  test('is searched by who, what, about what and when', async () => {
    const id = await openConversation(system);
    await ana.patch(`/conversations/${id}/assign`);
    await admin.patch(`/conversations/${id}`, { priority: 'low' });
    const about = `subject_type=conversation&subject_id=${id}`;
    const [priority, assign] = (await entries(about)).data as [Entry, Entry];
    const actions = async (query: string): Promise<string[]> =>
      (await entries(`${about}&${query}`)).data.map((entry) => entry.action);

    expect(await actions(`user=${ana.user.id}`)).toEqual(['conversation.assign']);
    expect(await actions('action=conversation.priority')).toEqual(['conversation.priority']);
    expect(await actions('action=conversation.none')).toEqual([]);
    expect((await entries(`subject_type=contact&subject_id=${id}`)).data).toEqual([]);
    await system.sql(`update audit_log set created_at = '2026-01-01T00:00:00Z' where id = $1`, [assign.id]);
    await system.sql(`update audit_log set created_at = '2026-02-01T00:00:00Z' where id = $1`, [priority.id]);
    expect(await actions('since=2026-01-02')).toEqual(['conversation.priority']);
    expect(await actions('since=2026-02-01T00:00:00Z')).toEqual(['conversation.priority']);
    expect(await actions('until=2026-02-01T00:00:00Z')).toEqual(['conversation.assign']);
    expect(await actions('since=2026-01-01&until=2026-01-01T00:00:00Z')).toEqual([]);
  });

  test('is read on from a place that stays while it grows, and back', async () => {
    const id = await openConversation(system);
    const about = `subject_type=conversation&subject_id=${id}&limit=2`;
    const act = (): Promise<unknown> => ana.patch(`/conversations/${id}/unassign`);
    for (let i = 0; i < 5; i++) await act();
    const all = (await entries(`subject_type=conversation&subject_id=${id}`)).data.map((entry) => entry.id);
    const ids = (page: Entries): number[] => page.data.map((entry) => entry.id);

    const first = await entries(about);
    await act();
    const second = await entries(`${about}&cursor=${first.next_cursor!}`);
    const third = await entries(`${about}&cursor=${second.next_cursor!}`);
    expect([ids(first), ids(second), ids(third)]).toEqual([all.slice(0, 2), all.slice(2, 4), all.slice(4)]);
    expect([first.prev_cursor, third.next_cursor]).toEqual([null, null]);
    const back = await entries(`${about}&cursor=${second.prev_cursor!}`);
    expect(ids(back)).toEqual(ids(first));
    const newer = await entries(`${about}&cursor=${back.prev_cursor!}`);
    expect(ids(newer)).toHaveLength(1);
    expect(newer.prev_cursor).toBeNull();
  });

  test.each([
    'user=x',
    'user=0',
    'action=',
    'action=%00',
    `action=${'x'.repeat(61)}`,
    'subject_id=-1',
    'since=yesterday',
    'until=2026-13-01',
    'limit=0',
    'limit=101',
    'page=1',
  ])('refuses ?%s', async (query) => {
    expect(await admin.get(`/audit-log?${query}`)).toMatchObject({
      status: 400,
      body: { code: 'VALIDATION_FAILED' },
    });
  });

  test.each([
    '',
    'abc',
    Buffer.from('["older",0]').toString('base64url'),
    Buffer.from('["up",1]').toString('base64url'),
  ])('refuses the cursor "%s"', async (cursor) => {
    for (const path of ['/audit-log', `/conversations/${await openConversation(system)}/audit`])
      expect(await admin.get(`${path}?cursor=${cursor}`)).toMatchObject({
        status: 400,
        body: { code: 'CURSOR_INVALID' },
      });
  });

  test('is for admins; the history of a conversation for supervisors too', async () => {
    const id = await openConversation(system);
    expect((await supervisor.get('/audit-log')).status).toBe(403);
    expect((await ana.get('/audit-log')).status).toBe(403);
    expect((await ana.get(`/conversations/${id}/audit`)).status).toBe(403);
    expect((await supervisor.get(`/conversations/${id}/audit`)).status).toBe(200);
  });

  test('shows nothing of another workspace', async () => {
    const { id: workspaceId } = await system.createWorkspace('rivals');
    const rival = await system.signIn('admin', { workspaceId });
    expect(
      (await rival.get<Entries>('/audit-log')).body.data.filter((e) => e.action.startsWith('conversation.')),
    ).toEqual([]);
  });

  test.each([
    ['changed', `update audit_log set user_name = 'somebody else'`],
    ['removed', 'delete from audit_log'],
    ['emptied', 'truncate audit_log'],
  ])('is not %s by the role that the server works as', async (_how, sql) => {
    const { url, options } = connectionAs('apicechat_app', system.databaseUrl);
    const client = new Client({ connectionString: url, options });
    await client.connect();
    try {
      await client.query(`select set_config('app.workspace_id', '1', false)`);
      await expect(client.query(sql)).rejects.toMatchObject({ code: '42501' });
    } finally {
      await client.end();
    }
  });
});
