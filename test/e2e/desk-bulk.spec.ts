import { AppError } from '../../src/common/app-error';
import { ConversationsService } from '../../src/conversations/conversations.service';
import { giveToSomebodyElse, openConversation, secondWorkspace, streamed } from '../support/crm';
import { Desk } from '../support/desk';
import { eventually } from '../support/eventually';
import { type Answer, type Caller, type Listener, TestSystem } from '../support/system';

interface Bulk {
  data: { id: number; ok: boolean; code?: string; message?: string }[];
}

let system: TestSystem;
let admin: Caller;
let supervisor: Caller;
let ana: Caller;
let ben: Caller;
let desk: Desk;

beforeAll(async () => {
  system = await TestSystem.start();
  admin = await system.signIn('admin');
  supervisor = await system.signIn('supervisor');
  ana = await system.signIn('employer', { username: 'ana' });
  ben = await system.signIn('employer', { username: 'ben' });
  desk = await Desk.of(system, admin);
});
afterAll(() => system.stop());

const bulk = (caller: Caller, ids: number[], action: string, more: object = {}): Promise<Answer<Bulk>> =>
  caller.post<Bulk>('/conversations/bulk', { ids, action, ...more });
const shown = async (id: number): Promise<Record<string, unknown>> =>
  (await admin.get(`/conversations/${id}`)).body;
const done = (...ids: number[]): object => ({
  status: 200,
  body: { data: ids.map((id) => ({ id, ok: true })) },
});
const auditOf = async (id: number): Promise<string[]> =>
  (await admin.get<{ data: { action: string }[] }>(`/conversations/${id}/audit`)).body.data.map(
    ({ action }) => action,
  );

/** What was announced of a conversation, once something later was. */
async function toldOf(listener: Listener, id: number): Promise<string[]> {
  const witness = await desk.conversationIn('queue', null);
  await eventually(() => listener.of('conversation:new').some((h) => h.payload['id'] === witness), {
    what: 'the witness',
  });
  return streamed(listener)
    .filter((h) => h.event.startsWith('conversation:') && h.payload['id'] === id)
    .map((h) => h.event);
}

describe('each action does what the one for a single conversation does', () => {
  type Alone = (id: number) => Promise<Answer>;
  const patch =
    (path: string, body?: object): Alone =>
    (id) =>
      supervisor.patch(`/conversations/${id}${path}`, body);
  const cases: [string, () => object, () => Promise<number>, () => Alone][] = [
    ['assign', () => ({}), () => openConversation(system), () => patch('/assign')],
    [
      'assign',
      () => ({ assigned_user: ben.user.id }),
      () => desk.conversationIn('active', ana.user.id),
      () => patch('/assign', { assigned_user: ben.user.id }),
    ],
    [
      'assign',
      () => ({ assigned_bot: desk.botId }),
      () => desk.conversationIn('queue', null),
      () => patch('/assign', { assigned_bot: desk.botId }),
    ],
    ['unassign', () => ({}), () => desk.conversationIn('active', ana.user.id), () => patch('/unassign')],
    ['close', () => ({}), () => desk.conversationIn('queue', null), () => patch('', { status: 'closed' })],
    [
      'archive',
      () => ({}),
      () => desk.conversationIn('closed', ana.user.id),
      () => patch('', { status: 'archived' }),
    ],
    ['read', () => ({}), () => openConversation(system), () => patch('/read')],
    ['unread', () => ({}), () => desk.conversationIn('active', ana.user.id), () => patch('/unread')],
    [
      'priority',
      () => ({ priority: 'urgent' }),
      () => desk.conversationIn('queue', null),
      () => patch('', { priority: 'urgent' }),
    ],
    [
      'tag',
      () => ({ tags: ['Same'] }),
      () => desk.conversationIn('queue', null),
      () => (id) => supervisor.put(`/conversations/${id}/tags`, { tags: ['Same'] }),
    ],
  ];

  test.each(cases)('%s %#', async (action, more, make, alone) => {
    const ids = [await make(), await make()];
    const single = await make();
    const listener = await system.listen(admin);
    expect((await alone()(single)).status).toBe(200);
    expect(await bulk(supervisor, ids, action, more())).toMatchObject(done(...ids));
    const { status, priority, assigned_user, assigned_bot, unread_count, read, tags } = await shown(single);
    const events = await toldOf(listener, single);
    expect(events.length).toBeGreaterThan(0);
    for (const id of ids) {
      expect(await shown(id)).toMatchObject({
        status,
        priority,
        assigned_user,
        assigned_bot,
        unread_count,
        read,
        tags,
      });
      expect(await toldOf(listener, id)).toEqual(events);
      expect(await auditOf(id)).toEqual(await auditOf(single));
    }
  });
});

test('tags come besides those there are', async () => {
  const id = await desk.conversationIn('queue', null);
  await ana.put(`/conversations/${id}/tags`, { tags: ['Before'] });
  expect(await bulk(ana, [id], 'tag', { tags: ['After'] })).toMatchObject(done(id));
  expect(await bulk(ana, [id], 'tag', { tags: ['BEFORE'] })).toMatchObject(done(id));
  expect((await shown(id))['tags']).toEqual(['After', 'Before']);
});

test('one that has no room for more tags is refused and keeps what it has', async () => {
  const [full, free] = [await desk.conversationIn('queue', null), await desk.conversationIn('queue', null)];
  const tags = Array.from({ length: 20 }, (_, n) => `t${String(n).padStart(2, '0')}`);
  await ana.put(`/conversations/${full}/tags`, { tags });
  expect((await bulk(ana, [full, free], 'tag', { tags: ['over the top'] })).body.data).toEqual([
    { id: full, ok: false, code: 'VALIDATION_FAILED', message: expect.stringContaining('20') },
    { id: free, ok: true },
  ]);
  expect((await shown(full))['tags']).toEqual(tags);
});

test('what is refused says why, in its place, and stops nothing', async () => {
  const theirs = await secondWorkspace(system, 'bulk');
  const first = await desk.conversationIn('queue', null);
  const hidden = await desk.conversationIn('queue', null);
  await giveToSomebodyElse(system, hidden);
  const archived = await desk.conversationIn('archived', null);
  const last = await desk.conversationIn('active', ana.user.id);
  const ids = [first, hidden, theirs.conversationId, 999_999_999, archived, last];
  const missing = { ok: false, code: 'NOT_FOUND', message: 'No such conversation.' };
  expect(await bulk(ana, ids, 'close')).toMatchObject({
    status: 200,
    body: {
      data: [
        { id: first, ok: true },
        { id: hidden, ...missing },
        { id: theirs.conversationId, ...missing },
        { id: 999_999_999, ...missing },
        { id: archived, ok: false, code: 'FORBIDDEN' },
        { id: last, ok: true },
      ],
    },
  });
  expect([(await shown(first))['status'], (await shown(hidden))['status']]).toEqual(['closed', 'active']);
  expect((await theirs.admin.get(`/conversations/${theirs.conversationId}`)).body).toMatchObject({
    status: 'queue',
  });
  expect((await shown(last))['status']).toBe('closed');
});

test('archiving is for supervisors here too', async () => {
  const id = await desk.conversationIn('closed', ana.user.id);
  expect((await bulk(ana, [id], 'archive')).body.data).toMatchObject([{ id, ok: false, code: 'FORBIDDEN' }]);
  expect((await shown(id))['status']).toBe('closed');
  expect(await bulk(supervisor, [id], 'archive')).toMatchObject(done(id));
});

test('what is so already is done, and a closed one is assigned to nobody', async () => {
  const id = await desk.conversationIn('closed', ana.user.id);
  expect(await bulk(ana, [id], 'close')).toMatchObject(done(id));
  expect((await bulk(ana, [id], 'assign')).body.data).toMatchObject([
    { id, ok: false, code: 'CONVERSATION_CLOSED' },
  ]);
});

test('to somebody who is not there, each is refused', async () => {
  const ids = [await desk.conversationIn('queue', null), await desk.conversationIn('queue', null)];
  const { body } = await bulk(ana, ids, 'assign', { assigned_user: 999_999_999 });
  expect(body.data).toMatchObject(ids.map((id) => ({ id, ok: false, code: 'VALIDATION_FAILED' })));
});

describe('what fails', () => {
  const failing = async (
    error: Error,
    code: string,
    ids: number[],
  ): Promise<{ bulk: Bulk; tries: number }> => {
    const other = await system.startAnother();
    const caller = other.callerWith(ana.token, ana.user);
    const setRead = jest.spyOn(other.app.get(ConversationsService, { strict: false }), 'setRead');
    setRead.mockRejectedValueOnce(error);
    const answer = await bulk(caller, ids, 'read');
    expect(answer).toMatchObject({ status: 200, body: { data: [{ id: ids[0], ok: false, code }, {}, {}] } });
    return { bulk: answer.body, tries: setRead.mock.calls.length };
  };

  test('by a mistake of ours stops nothing, and tells nothing of what it was', async () => {
    const ids = [
      await openConversation(system),
      await openConversation(system),
      await openConversation(system),
    ];
    const { bulk: answer } = await failing(new Error('relation "secret" does not exist'), 'INTERNAL', ids);
    expect(JSON.stringify(answer)).not.toContain('secret');
    expect(answer.data.slice(1)).toEqual(ids.slice(1).map((id) => ({ id, ok: true })));
    expect(await Promise.all(ids.map(async (id) => (await shown(id))['read']))).toEqual([false, true, true]);
  });

  test('for want of the database fails for all that follow, none of which is waited for', async () => {
    const ids = [
      await openConversation(system),
      await openConversation(system),
      await openConversation(system),
    ];
    const away = new AppError('DATABASE_UNAVAILABLE', 'The database is away.');
    const { bulk: answer, tries } = await failing(away, 'DATABASE_UNAVAILABLE', ids);
    expect(answer.data.map(({ id, code }) => [id, code])).toEqual(
      ids.map((id) => [id, 'DATABASE_UNAVAILABLE']),
    );
    expect(tries).toBe(1);
    expect((await shown(ids[2]!))['read']).toBe(false);
  });
});

test('100 at once are not too many', async () => {
  const made = await system.sql<{ id: string }>(
    `with c as (insert into contact (workspace_id, external_id)
                select 1, 'hundred-' || g from generate_series(1, 100) g returning id)
     insert into conversation (workspace_id, contact_id, channel, integration_id)
     select 1, c.id, 'whatsapp', $1 from c returning id`,
    [desk.integrationId],
  );
  const ids = made.map(({ id }) => Number(id));
  expect(await bulk(ana, ids, 'priority', { priority: 'low' })).toMatchObject(done(...ids));
  const low = await system.sql(`select 1 from conversation where id = any ($1) and priority = 'low'`, [ids]);
  expect(low).toHaveLength(100);
});

test.each<[string, object]>([
  ['no ids', { ids: undefined }],
  ['an empty list', { ids: [] }],
  ['too many', { ids: Array.from({ length: 101 }, (_, n) => n + 1) }],
  ['the same twice', { ids: [1, 1] }],
  ['a text', { ids: ['1'] }],
  ['a fraction', { ids: [1.5] }],
  ['a number beyond numbers', { ids: [2 ** 60] }],
  ['no action', { action: undefined }],
  ['an unknown action', { action: 'delete' }],
  ['an action of all objects', { action: 'constructor' }],
  ['what means nothing to the action', { action: 'close', priority: 'high' }],
  ['tags of a priority', { action: 'priority', priority: 'high', tags: ['x'] }],
  ['no priority', { action: 'priority' }],
  ['an unknown priority', { action: 'priority', priority: 'huge' }],
  ['no tags', { action: 'tag' }],
  ['an empty list of tags', { action: 'tag', tags: [] }],
  ['a blank tag', { action: 'tag', tags: [' '] }],
  ['a user and a bot', { action: 'assign', assigned_user: 1, assigned_bot: 1 }],
  ['an unknown field', { action: 'close', force: true }],
])('%s: refused as a whole', async (_, more) => {
  const id = await desk.conversationIn('queue', null);
  const before = await shown(id);
  expect(await admin.post('/conversations/bulk', { ids: [id], action: 'close', ...more })).toMatchObject({
    status: 400,
    body: { code: 'VALIDATION_FAILED' },
  });
  expect(await shown(id)).toEqual(before);
});
