import { isDeepStrictEqual } from 'node:util';
import { openConversation, streamed } from '../support/crm';
import { eventually } from '../support/eventually';
import { type Answer, type Caller, type Heard, type Listener, TestSystem } from '../support/system';

let system: TestSystem;
let admin: Caller;
let ana: Caller;
let botId: number;
let listener: Listener;

beforeAll(async () => {
  system = await TestSystem.start();
  admin = await system.signIn('admin');
  ana = await system.signIn('employer', { username: 'ana' });
  const [bot] = await system.sql<{ id: string }>(
    `insert into bot (workspace_id, name) values (1, 'Bot') returning id`,
  );
  botId = Number(bot!.id);
  listener = await system.listen(admin);
});
afterAll(() => system.stop());

/** The names of the events that tell the very state which a call answered. */
async function eventsOf(call: () => Promise<Answer>): Promise<string[]> {
  const answer = await call();
  expect(answer.status).toBe(200);
  const telling = (): Heard[] => streamed(listener).filter((h) => isDeepStrictEqual(h.payload, answer.body));
  await eventually(() => telling().length > 0, { what: 'an event' });
  return telling().map((h) => h.event);
}

const state = (answer: Answer): object => {
  const { status, assigned_user, assigned_bot, unread_count, read } = answer.body;
  return { status, assigned_user, assigned_bot, unread_count, read };
};

test('a new conversation waits in the queue, unread; taking it makes it active, own and read', async () => {
  const id = await openConversation(system);
  expect(state(await ana.get(`/conversations/${id}`))).toEqual({
    status: 'queue',
    assigned_user: null,
    assigned_bot: null,
    unread_count: 1,
    read: false,
  });

  expect(await eventsOf(() => ana.patch(`/conversations/${id}/assign`))).toEqual([
    'conversation:assigned',
    'conversation:unread_reset',
  ]);

  expect(state(await ana.get(`/conversations/${id}`))).toEqual({
    status: 'active',
    assigned_user: ana.user.id,
    assigned_bot: null,
    unread_count: 0,
    read: true,
  });
});

test('handed on to somebody else it is transferred; given back it waits in the queue again', async () => {
  const id = await openConversation(system);
  await ana.patch(`/conversations/${id}/assign`);

  const handedOn = await ana.patch(`/conversations/${id}/assign`, { assigned_user: admin.user.id });
  expect(state(handedOn)).toMatchObject({ status: 'transferred', assigned_user: admin.user.id });
  const toBot = await admin.patch(`/conversations/${id}/assign`, { assigned_bot: botId });
  expect(state(toBot)).toMatchObject({ status: 'transferred', assigned_user: null, assigned_bot: botId });
  expect(await eventsOf(() => admin.patch(`/conversations/${id}/unassign`))).toEqual([
    'conversation:assigned',
  ]);
  expect(state(await ana.get(`/conversations/${id}`))).toMatchObject({
    status: 'queue',
    assigned_user: null,
    assigned_bot: null,
  });
});

test('reading takes the unread messages off the count, marking as unread puts one there', async () => {
  const id = await openConversation(system);
  expect(await eventsOf(() => ana.patch(`/conversations/${id}/read`))).toEqual([
    'conversation:read',
    'conversation:unread_reset',
  ]);
  expect(state(await ana.get(`/conversations/${id}`))).toMatchObject({ unread_count: 0, read: true });
  expect(await eventsOf(() => ana.patch(`/conversations/${id}/read`))).toEqual(['conversation:read']);
  expect(await eventsOf(() => ana.patch(`/conversations/${id}/unread`))).toEqual(['conversation:unread']);
  expect(state(await ana.get(`/conversations/${id}`))).toMatchObject({ unread_count: 1, read: false });
});

test.each([
  ['a user and a bot', () => ({ assigned_user: ana.user.id, assigned_bot: botId })],
  ['a user who is none', () => ({ assigned_user: 999_999 })],
  ['a bot that is none', () => ({ assigned_bot: 999_999 })],
  ['null as user, which is nobody and not oneself', () => ({ assigned_user: null })],
  ['null as bot', () => ({ assigned_bot: null })],
  ['a text', () => ({ assigned_user: '1' })],
  ['a list', () => ({ assigned_user: [1] })],
  ['a status of one’s own', () => ({ status: 'closed' })],
])('a conversation cannot be assigned to %s', async (_what, body) => {
  const id = await openConversation(system);
  const answer = await admin.patch(`/conversations/${id}/assign`, body());
  expect(answer).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED' } });
  expect(state(await admin.get(`/conversations/${id}`))).toMatchObject({
    status: 'queue',
    assigned_user: null,
  });
});

test('a closed conversation changes hands no more', async () => {
  const id = await openConversation(system);
  await system.sql(`update conversation set status = 'closed' where id = $1`, [id]);
  for (const action of ['assign', 'unassign'])
    expect(await admin.patch(`/conversations/${id}/${action}`)).toMatchObject({
      status: 409,
      body: { code: 'CONVERSATION_CLOSED' },
    });
});

test('of two who take a conversation at the same moment one gets it first and the other after, and both are told', async () => {
  const id = await openConversation(system);
  const before = streamed(listener).length;
  const [one, two] = await Promise.all([ana, admin].map((who) => who.patch(`/conversations/${id}/assign`)));
  const last = (await admin.get(`/conversations/${id}`)).body['assigned_user'];
  const taken = [one!, two!].filter((answer) => answer.status === 200);
  expect(taken.length).toBeGreaterThan(0);
  for (const answer of [one!, two!]) expect([200, 404]).toContain(answer.status); // ana sees it no more once it is the admin's
  await eventually(
    () =>
      streamed(listener)
        .slice(before)
        .filter((h) => h.event === 'conversation:assigned').length === taken.length,
    { what: 'an event for each change' },
  );
  expect(listener.of('conversation:assigned').at(-1)!.payload['assigned_user']).toBe(last);
});

test('the list comes newest first, in pages, and filtered', async () => {
  const ids = [
    await openConversation(system),
    await openConversation(system),
    await openConversation(system),
  ];
  await ana.patch(`/conversations/${ids[0]!}/assign`);
  const list = async (query: string): Promise<{ data: { id: number }[]; meta: Record<string, number> }> =>
    (await admin.get<{ data: { id: number }[]; meta: Record<string, number> }>(`/conversations?${query}`))
      .body;

  const newest = await list('limit=2');
  expect(newest.data.map((row) => row.id)).toEqual([ids[2], ids[1]]);
  expect(newest.meta).toMatchObject({ page: 1, limit: 2, pages: Math.ceil(newest.meta['total']! / 2) });
  const second = await list('limit=2&page=2');
  expect(second.data[0]!.id).toBe(ids[0]);
  const own = await list(`assigned_user=${ana.user.id}&status=active`);
  expect(own.data.map((row) => row.id)).toContain(ids[0]);
  expect(own.data.map((row) => row.id)).not.toContain(ids[1]);
  const unread = (await list('unread=true&limit=100')).data.map((row) => row.id);
  expect(unread).toContain(ids[1]);
  expect(unread).not.toContain(ids[0]);
  expect(await list('page=1000')).toMatchObject({ data: [], meta: { page: 1000 } });
});
