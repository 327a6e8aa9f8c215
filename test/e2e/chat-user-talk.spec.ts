import { ChatTypingService } from '../../src/app-chat/chat-typing.service';
import { clientId, openChat } from '../support/chat';
import {
  type ChatBody,
  type ChatData,
  type ChatMessage,
  chatRefusal,
  CONVERSATIONS,
  listConversations,
  openConversation,
  replyTo,
} from '../support/chat-conversations';
import { eventually } from '../support/eventually';
import { type Answer, type Caller, TestSystem } from '../support/system';

let system: TestSystem;
let agent: Caller;
let admin: Caller;

beforeAll(async () => {
  system = await TestSystem.start();
  agent = await system.signIn('employer');
  admin = await system.signIn('admin');
});
afterAll(() => system.stop());

describe('PUT /api/chat/conversations/:id/read', () => {
  test('marks the named messages of staff as read, each once; others and foreign ones are left out', async () => {
    const user = await openChat(system);
    const { conversation_id: id, message } = await openConversation(user);
    const said = [
      await replyTo(id, agent, 'one'),
      await replyTo(id, agent, 'two'),
      await replyTo(id, agent, 'three'),
    ];
    const other = await openConversation(await openChat(system));
    const foreign = await replyTo(other.conversation_id, agent, 'theirs');
    const read = (ids: number[]): Promise<Answer<ChatBody>> =>
      user.put<ChatBody>(`${CONVERSATIONS}/${id}/read`, { message_ids: ids });
    expect(await read([said[0]!, said[1]!, message.id, foreign])).toMatchObject({
      status: 200,
      body: { status: 'success', data: { marked_read: 2 } },
    });
    expect((await read([said[0]!])).body.data.marked_read).toBe(0);
    expect((await agent.get(`/messages/${said[0]}`)).body).toMatchObject({ whatsapp_status: 'read' });
    expect((await agent.get(`/messages/${foreign}`)).body).toMatchObject({ whatsapp_status: 'sent' });
    expect((await listConversations(user)).conversations[0]).toMatchObject({ unread_count: 1 });
  });

  test('staff read what the user said', async () => {
    const user = await openChat(system);
    const { conversation_id: id, message } = await openConversation(user);
    const later = await user.post<ChatBody>(`${CONVERSATIONS}/${id}/messages`, { message: 'more' });
    expect(later.status).toBe(201);
    expect(await agent.put(`${CONVERSATIONS}/${id}/read`, { message_ids: [message.id] })).toMatchObject({
      status: 200,
      body: { data: { marked_read: 1 } },
    });
    expect((await admin.get(`/conversations/${id}`)).body).toMatchObject({ unread_count: 1 });
    const { body } = await user.get<ChatBody>(`${CONVERSATIONS}/${id}/messages`);
    expect(body.data.messages.map(({ is_read }) => is_read)).toEqual([true, false]);
  });

  test.each([
    ['nothing', {}],
    ['no ids', { message_ids: [] }],
    ['ids that are none', { message_ids: ['x'] }],
    ['an id below one', { message_ids: [0] }],
    ['501 ids', { message_ids: Array.from({ length: 501 }, (_, i) => i + 1) }],
  ])('%s is refused', async (_, body) => {
    const user = await openChat(system);
    const { conversation_id: id } = await openConversation(user);
    expect(await user.put(`${CONVERSATIONS}/${id}/read`, body)).toMatchObject(
      chatRefusal(400, 'VALIDATION_FAILED'),
    );
  });
});

describe('POST /api/chat/conversations/:id/typing', () => {
  test('tells the others that somebody types, and answers in the words of its contract', async () => {
    const tell = jest.spyOn(system.app.get(ChatTypingService, { strict: false }), 'tell');
    const user = await openChat(system);
    const { conversation_id: id } = await openConversation(user);
    for (const [caller, typing] of [
      [user, true],
      [user, false],
      [agent, true],
    ] as const)
      expect(await caller.post(`${CONVERSATIONS}/${id}/typing`, { typing })).toMatchObject({
        status: 200,
        body: { status: 'success', message: 'Typing indicator sent' },
      });
    expect(tell.mock.calls.map(([caller, where, typing]) => [caller.kind, where, typing])).toEqual([
      ['chat_user', id, true],
      ['chat_user', id, false],
      ['staff', id, true],
    ]);
    tell.mockRestore();
  });

  test.each([[{}], [{ typing: 'yes' }], [{ typing: true, role: 'admin' }]])('%j is refused', async (body) => {
    const user = await openChat(system);
    const { conversation_id: id } = await openConversation(user);
    expect(await user.post(`${CONVERSATIONS}/${id}/typing`, body)).toMatchObject(
      chatRefusal(400, 'VALIDATION_FAILED'),
    );
  });

  test('in a closed conversation nobody types', async () => {
    const user = await openChat(system);
    const { conversation_id: id } = await openConversation(user);
    await agent.patch(`/conversations/${id}`, { status: 'closed' });
    expect(await user.post(`${CONVERSATIONS}/${id}/typing`, { typing: true })).toMatchObject(
      chatRefusal(409, 'CONVERSATION_CLOSED'),
    );
  });
});

describe('/api/chat/conversations/:id/messages', () => {
  test('GET answers the messages of the conversation, by pages and by places', async () => {
    const user = await openChat(system);
    const { conversation_id: id } = await openConversation(user, { message: '1' });
    for (const message of ['2', '3', '4', '5'])
      await user.post(`${CONVERSATIONS}/${id}/messages`, { message });
    const read = async (query: string): Promise<ChatData & { texts: string[] }> => {
      const { status, body } = await user.get<ChatBody>(`${CONVERSATIONS}/${id}/messages${query}`);
      expect([status, body.status]).toEqual([200, 'success']);
      return { ...body.data, texts: body.data.messages.map(({ message }) => message) };
    };
    expect((await read('')).texts).toEqual(['1', '2', '3', '4', '5']);
    expect(await read('?page=1&limit=2')).toMatchObject({
      texts: ['4', '5'],
      pagination: { page: 1, limit: 2, total: 5, pages: 3 },
      has_more: true,
    });
    expect(await read('?page=3&limit=2')).toMatchObject({ texts: ['1'], has_more: false });
    const third = (await read('')).messages[2]!.id;
    expect((await read(`?before_id=${third}`)).texts).toEqual(['1', '2']);
    expect((await read(`?after_id=${third}`)).texts).toEqual(['4', '5']);
    expect(await user.get(`${CONVERSATIONS}/${id}/messages?page=1&before_id=5`)).toMatchObject(
      chatRefusal(400, 'VALIDATION_FAILED'),
    );
  });

  test('POST says something in it: 201, and said again with the same key the same answer', async () => {
    const user = await openChat(system);
    const { conversation_id: id } = await openConversation(user);
    const path = `${CONVERSATIONS}/${id}/messages`;
    const key = clientId();
    const first = await user.post<{ data: ChatMessage }>(path, { message: 'hello', client_message_id: key });
    expect(first).toMatchObject({
      status: 201,
      body: { status: 'success', data: { conversation_id: id, message: 'hello', sender_type: 'user' } },
    });
    expect(await user.post(path, { message: 'hello' }, { 'idempotency-key': key })).toMatchObject({
      status: 201,
      body: first.body,
    });
    expect(await user.post(path, { message: 'other', client_message_id: key })).toMatchObject(
      chatRefusal(409, 'IDEMPOTENCY_KEY_REUSED'),
    );
    const other = await openConversation(user);
    expect(
      await user.post(`${CONVERSATIONS}/${other.conversation_id}/messages`, {
        message: 'hello',
        client_message_id: key,
      }),
    ).toMatchObject(chatRefusal(409, 'IDEMPOTENCY_KEY_REUSED'));
  });

  test('POST into a closed conversation is refused with 409', async () => {
    const user = await openChat(system);
    const { conversation_id: id } = await openConversation(user);
    await agent.patch(`/conversations/${id}`, { status: 'closed' });
    expect(await user.post(`${CONVERSATIONS}/${id}/messages`, { message: 'x' })).toMatchObject(
      chatRefusal(409, 'CONVERSATION_CLOSED'),
    );
  });

  test('PATCH read marks all that staff said as read, or what is named', async () => {
    const user = await openChat(system);
    const { conversation_id: id } = await openConversation(user);
    const said = [
      await replyTo(id, agent, 'one'),
      await replyTo(id, agent, 'two'),
      await replyTo(id, agent, 'three'),
    ];
    const path = `${CONVERSATIONS}/${id}/messages/read`;
    expect(await user.patch(path, { message_ids: [said[0]] })).toMatchObject({
      status: 200,
      body: { status: 'success', data: { conversation_id: id, marked_read: 1 } },
    });
    expect(await user.patch(path)).toMatchObject({ status: 200, body: { data: { marked_read: 2 } } });
    expect((await listConversations(user)).conversations[0]).toMatchObject({ user_unread_count: 0 });
  });
});

describe('POST /api/chat/conversations/:id/close', () => {
  test('ends the conversation, tells agents, and is audited as done by the customer; again it changes nothing', async () => {
    const user = await openChat(system);
    const { conversation_id: id } = await openConversation(user);
    const listener = await system.listen(agent);
    const closed = await user.post<ChatBody>(`${CONVERSATIONS}/${id}/close`);
    expect(closed).toMatchObject({
      status: 200,
      body: {
        status: 'success',
        data: { conversation: { id, status: 'closed', closed_at: expect.any(String) } },
      },
    });
    expect((await agent.get(`/conversations/${id}`)).body).toMatchObject({ status: 'closed' });
    await eventually(() =>
      listener.of('conversation:status_changed').some(({ payload }) => payload['id'] === id),
    );
    const audit = (): Promise<object[]> =>
      system.sql(`select details from audit_log where subject_type = 'conversation' and subject_id = $1`, [
        id,
      ]);
    expect(await audit()).toEqual([{ details: { from: 'queue', to: 'closed', by: 'customer' } }]);
    expect((await user.post<ChatBody>(`${CONVERSATIONS}/${id}/close`)).body).toEqual(closed.body);
    expect(await audit()).toHaveLength(1);
  });
});

describe('POST /api/chat/conversations/:id/rating', () => {
  test('rates a conversation that is closed, and no other', async () => {
    const user = await openChat(system);
    const { conversation_id: id } = await openConversation(user);
    const path = `${CONVERSATIONS}/${id}/rating`;
    expect(await user.post(path, { score: 5 })).toMatchObject(chatRefusal(409, 'CONFLICT'));
    await user.post(`${CONVERSATIONS}/${id}/close`);
    expect(await user.post(path, { score: 4, comment: 'quick' })).toMatchObject({
      status: 201,
      body: { status: 'success', data: { score: 4, comment: 'quick', created_at: expect.any(String) } },
    });
    expect((await admin.get(`/conversations/${id}`)).body).toMatchObject({ rating: { score: 4 } });
  });

  test.each([
    [{}],
    [{ score: 0 }],
    [{ score: 6 }],
    [{ score: 2.5 }],
    [{ score: 5, comment: 'x'.repeat(1_001) }],
  ])('%j is refused', async (body) => {
    const user = await openChat(system);
    const { conversation_id: id } = await openConversation(user);
    await user.post(`${CONVERSATIONS}/${id}/close`);
    expect(await user.post(`${CONVERSATIONS}/${id}/rating`, body)).toMatchObject(
      chatRefusal(400, 'VALIDATION_FAILED'),
    );
  });
});
