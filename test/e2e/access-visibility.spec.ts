import { ConversationsService } from '../../src/conversations/conversations.service';
import { ask, membersOf, openConversation, streamed } from '../support/crm';
import { eventually } from '../support/eventually';
import { type Caller, type Listener, TestSystem } from '../support/system';

let system: TestSystem;
let other: TestSystem;
let admin: Caller;
let supervisor: Caller;
let ana: Caller;
let ben: Caller;
const conversations = {} as Record<'unassigned' | 'bots' | 'anas' | 'bens', number>;

beforeAll(async () => {
  system = await TestSystem.start();
  other = await system.startAnother();
  admin = await system.signIn('admin');
  supervisor = await system.signIn('supervisor');
  ana = await system.signIn('employer', { username: 'ana' });
  ben = await system.signIn('employer', { username: 'ben' });
  const [bot] = await system.sql<{ id: string }>(
    `insert into bot (workspace_id, name) values (1, 'Bot') returning id`,
  );
  for (const name of ['unassigned', 'bots', 'anas', 'bens'] as const)
    conversations[name] = await openConversation(system, { says: `for ${name}` });
  await admin.patch(`/conversations/${conversations.bots}/assign`, { assigned_bot: Number(bot!.id) });
  await admin.patch(`/conversations/${conversations.anas}/assign`, { assigned_user: ana.user.id });
  await admin.patch(`/conversations/${conversations.bens}/assign`, { assigned_user: ben.user.id });
});
afterAll(() => system.stop());

async function messageOf(conversationId: number): Promise<number> {
  const [row] = await system.sql<{ id: string }>(
    'select min(id) as id from message where conversation_id = $1',
    [conversationId],
  );
  return Number(row!.id);
}

async function idsOf(caller: Caller, query = ''): Promise<number[]> {
  const { body } = await caller.get<{ data: { id: number }[]; meta: { total: number } }>(
    `/conversations?limit=100${query}`,
  );
  expect(body.meta.total).toBe(body.data.length);
  return body.data.map((row) => row.id).toSorted((a, b) => a - b);
}

/** Every way to reach a conversation, and the status or error code with which it ended. */
async function reach(caller: Caller, listener: Listener, id: number): Promise<Record<string, unknown>> {
  const joined = await ask(listener, 'join:conversation', { conversation_id: id });
  return {
    list: (await idsOf(caller)).includes(id) ? 200 : 404,
    get: (await caller.get(`/conversations/${id}`)).status,
    history: (await caller.get(`/messages/conversation/${id}`)).status,
    message: (await caller.get(`/messages/${await messageOf(id)}`)).status,
    join: joined.error?.statusCode ?? 200,
  };
}

/** Every way to change one, tried where it must not work. */
async function change(caller: Caller, id: number): Promise<number[]> {
  const tries = [
    () => caller.post('/messages', { conversation_id: id, body: 'hello' }),
    () => caller.patch(`/conversations/${id}/assign`),
    () => caller.patch(`/conversations/${id}/assign`, { assigned_user: caller.user.id }),
    () => caller.patch(`/conversations/${id}/unassign`),
    () => caller.patch(`/conversations/${id}/read`),
    () => caller.patch(`/conversations/${id}/unread`),
  ];
  const statuses: number[] = [];
  for (const attempt of tries) statuses.push((await attempt()).status);
  return statuses;
}

const everywhere = (status: number): Record<string, number> => ({
  list: status,
  get: status,
  history: status,
  message: status,
  join: status,
});

test('an employer reaches their own conversations, the unassigned and the bots’, and nothing of others', async () => {
  const listener = await system.listen(ana);
  for (const name of ['unassigned', 'bots', 'anas'] as const)
    expect([name, await reach(ana, listener, conversations[name])]).toEqual([name, everywhere(200)]);
  expect(await reach(ana, listener, conversations.bens)).toEqual(everywhere(404));
  expect(await idsOf(ana, `&assigned_user=${ben.user.id}`)).toEqual([]);
  const before = await admin.get(`/conversations/${conversations.bens}`);
  expect(await change(ana, conversations.bens)).toEqual([404, 404, 404, 404, 404, 404]);
  expect((await admin.get(`/conversations/${conversations.bens}`)).body).toEqual(before.body);
});

test.each([
  ['a supervisor', () => supervisor],
  ['an admin', () => admin],
])('%s reaches all', async (_who, caller) => {
  const listener = await system.listen(caller());
  for (const id of Object.values(conversations))
    expect(await reach(caller(), listener, id)).toEqual(everywhere(200));
});

test('what an employer may not see answers exactly as what does not exist', async () => {
  const listener = await system.listen(ana);
  const bodies = async (id: number, messageId: number): Promise<unknown[]> => {
    const answers = [
      await ana.get(`/conversations/${id}`),
      await ana.get(`/messages/conversation/${id}`),
      await ana.get(`/messages/${messageId}`),
      await ana.patch(`/conversations/${id}/assign`, { assigned_user: ana.user.id }),
      await ana.post('/messages', { conversation_id: id, body: 'x' }),
    ];
    return [
      ...answers.map(({ status, body }) => ({ status, ...body, requestId: '' })),
      await ask(listener, 'join:conversation', { conversation_id: id }),
    ];
  };
  expect(await bodies(conversations.bens, await messageOf(conversations.bens))).toEqual(
    await bodies(999_999, 999_999),
  );
});

test('whoever a conversation is taken from hears only of that, and has lost it within 2 s on every server', async () => {
  const id = await openConversation(system);
  await admin.patch(`/conversations/${id}/assign`, { assigned_user: ana.user.id });
  await system.meta.customerSays({ phone: '5511977770001', name: 'Elsewhere' }, 'hello');
  const listeners = [await system.listen(ana), await other.listen(ana)] as const;
  const ofBen = await system.listen(ben);
  for (const listener of listeners) await ask(listener, 'join:conversation', { conversation_id: id });
  await admin.patch(`/conversations/${id}/unread`);
  await eventually(() => listeners.every((l) => l.of('conversation:unread').length === 1), {
    what: 'unread',
  });
  const heardBefore = listeners.map((l) => streamed(l).length);

  await admin.patch(`/conversations/${id}/assign`, { assigned_user: ben.user.id });
  await eventually(() => listeners.every((l) => l.of('conversation:assigned').length === 1), {
    timeoutMs: 2_000,
    what: 'the news of the loss',
  });
  for (const server of [system, other]) expect(membersOf(server, id)).toEqual([]);
  await ben.post('/messages', { conversation_id: id, body: 'now it is mine' });
  await ben.patch(`/conversations/${id}/read`);
  await eventually(
    () => ofBen.of('message:status_changed').some((h) => h.payload['whatsapp_status'] === 'read'),
    { what: 'all that follows' },
  );

  for (const [i, listener] of listeners.entries()) {
    expect(await reach(ana, listener, id)).toEqual(everywhere(404));
    expect(
      streamed(listener)
        .slice(heardBefore[i])
        .map((h) => h.event),
    ).toEqual(['conversation:assigned']);
  }
  expect(ofBen.of('conversation:unread_reset')).toHaveLength(1);
});

test('whoever was away when a conversation was taken from them hears afterwards that it is gone, without content', async () => {
  const id = await openConversation(system, { says: 'a secret' });
  const first = await system.listen(ana);
  await admin.patch(`/conversations/${id}/assign`, { assigned_user: ana.user.id });
  await eventually(() => first.of('conversation:assigned').length === 1, {
    what: 'the news that it is hers',
  });
  const after = first.of('conversation:assigned')[0]!.meta.cursor;
  first.socket.disconnect();
  await ana.post('/messages', { conversation_id: id, body: 'said while it was hers' });
  await admin.patch(`/conversations/${id}/assign`, { assigned_user: ben.user.id });
  await ben.post('/messages', { conversation_id: id, body: 'said to ben' });

  const back = await system.listen(ana, { after });

  expect(streamed(back).map((h) => [h.event, Object.keys(h.payload).toSorted()])).toEqual([
    ['conversation:assigned', ['assigned_bot', 'assigned_user', 'id', 'status', 'updated_at']],
  ]);
  expect(back.heard.map((h) => JSON.stringify(h)).join()).not.toMatch(/secret|said/);
});

test('an assignment that comes between the look and the entry leaves nobody in the room', async () => {
  const listener = await system.listen(ana);
  const id = await openConversation(system);
  const service = system.app.get(ConversationsService, { strict: false });
  const look = service.requireVisible.bind(service);
  jest.spyOn(service, 'requireVisible').mockImplementationOnce(async (...args) => {
    const seen = await look(...args);
    await admin.patch(`/conversations/${id}/assign`, { assigned_user: ben.user.id });
    await eventually(() => listener.of('conversation:assigned').length === 1, { what: 'the news' });
    return seen;
  });

  const joined = await ask(listener, 'join:conversation', { conversation_id: id });

  expect(joined.error?.code).toBe('NOT_FOUND');
  expect(membersOf(system, id)).toEqual([]);
  expect(listener.of('joined_conversation')).toEqual([]);
});
