import { ChatTypingService } from '../../src/app-chat/chat-typing.service';
import { type ChatPerson, clientId, openChat, signedCall } from '../support/chat';
import { conversationOf } from '../support/crm';
import { eventually } from '../support/eventually';
import { type Answer, type Caller, TestSystem } from '../support/system';

const CONVERSATIONS = '/api/chat/conversations';

interface Message {
  id: number;
  conversation_id: number;
  content: string;
  message: string;
  is_read: boolean;
}
interface Conversation {
  id: number;
  user_id: number;
  status: string;
  unread_count: number;
}
interface Data {
  conversation_id: number;
  message: Message;
  conversation: Conversation;
  conversations: Conversation[];
  messages: Message[];
  pagination: { page: number; limit: number; total: number; pages: number };
  marked_read: number;
  has_more: boolean;
}
interface Body {
  status: string;
  message: string;
  data: Data;
}

let system: TestSystem;
let agent: Caller;
let admin: Caller;

beforeAll(async () => {
  system = await TestSystem.start();
  agent = await system.signIn('employer');
  admin = await system.signIn('admin');
});
afterAll(() => system.stop());

const open = async (user: Caller, body: object = { initial_message: 'I need help' }): Promise<Data> => {
  const answer = await user.post<Body>(CONVERSATIONS, body);
  expect([answer.status, answer.body]).toMatchObject([201, { status: 'success' }]);
  return answer.body.data;
};
const reply = async (conversationId: number, body: string): Promise<number> =>
  (await agent.post<{ id: number }>('/messages', { conversation_id: conversationId, body })).body.id;
const list = async (caller: Caller, query = ''): Promise<Data> => {
  const answer = await caller.get<Body>(`${CONVERSATIONS}${query}`);
  expect([answer.status, answer.body]).toMatchObject([200, { status: 'success' }]);
  return answer.body.data;
};
const refused = (status: number, error_code: string, message?: string): object => ({
  status,
  body: { status: 'error', error_code, message: message ?? expect.any(String) },
});

describe('POST /api/chat/conversations', () => {
  test('with an initial_message answers 201 with the new conversation and its first message', async () => {
    const user = await openChat(system, { account_name: 'Jane Doe' });
    const listener = await system.listen(agent);
    const answer = await user.post<Body>(CONVERSATIONS, { initial_message: 'I need help with my account' });
    expect(answer).toMatchObject({
      status: 201,
      body: {
        status: 'success',
        data: {
          conversation_id: expect.any(Number),
          message: {
            id: expect.any(Number),
            content: 'I need help with my account',
            timestamp: expect.any(String),
            sender_role: 'user',
          },
          conversation: { status: 'active', support_status: 'pending', subject: null, priority: 'medium' },
        },
      },
    });
    const id = answer.body.data.conversation_id;
    await eventually(() => listener.of('conversation:new').some(({ payload }) => payload['id'] === id));
    expect((await open(user)).conversation_id).not.toBe(id);
  });

  test('with username, subject, priority and message answers in the words of that contract', async () => {
    const username = `user-${clientId()}`;
    await openChat(system, { username });
    const said = {
      username,
      subject: 'App Login Issue',
      priority: 'high',
      message: "I can't log into the app with my credentials.",
    };
    const answer = await signedCall<Body>(system, 'POST', CONVERSATIONS, said);
    expect(answer).toMatchObject({
      status: 201,
      body: {
        data: {
          message: { message: said.message },
          conversation: {
            username,
            subject: 'App Login Issue',
            priority: 'high',
            status: 'pending',
            last_message_by: 'user',
            user_unread_count: 0,
            admin_unread_count: 1,
            closed_at: null,
            admin_id: null,
          },
        },
      },
    });
    const { conversation_id: id } = answer.body.data;
    expect((await admin.get(`/conversations/${id}`)).body).toMatchObject({
      priority: 'high',
      status: 'queue',
    });
  });

  test('medium is what agents know as normal', async () => {
    const user = await openChat(system);
    const { conversation_id: id, conversation } = await open(user, { message: 'x', priority: 'medium' });
    expect(conversation).toMatchObject({ priority: 'medium' });
    expect((await admin.get(`/conversations/${id}`)).body).toMatchObject({ priority: 'normal' });
  });

  test('sent twice with the same client_message_id it opens one', async () => {
    const user = await openChat(system);
    const body = { initial_message: 'hello', client_message_id: clientId() };
    const first = await open(user, body);
    expect((await open(user, body)).conversation_id).toBe(first.conversation_id);
    expect((await list(user)).pagination.total).toBe(1);
  });

  test('no more may be open at a time than the configuration says: five', async () => {
    const user = await openChat(system);
    const { chatUserId } = await rowOf(user);
    for (let i = 0; i < 5; i++)
      await system.sql(
        `with c as (insert into conversation (workspace_id, contact_id, channel, parallel)
           select 1, contact_id, 'app-chat', true from chat_user where workspace_id = 1 and id = $1 returning id)
         insert into chat_conversation (workspace_id, conversation_id, chat_user_id) select 1, id, $1 from c`,
        [chatUserId],
      );
    expect(await user.post(CONVERSATIONS, { initial_message: 'x' })).toMatchObject(refused(409, 'CONFLICT'));
  });

  test.each([
    ['nothing', {}],
    ['an empty message', { initial_message: '' }],
    ['two first messages', { initial_message: 'a', message: 'b' }],
    ['an unknown priority', { message: 'a', priority: 'extreme' }],
    ['a subject of 256 characters', { message: 'a', subject: 'x'.repeat(256) }],
    ['a status of its own', { message: 'a', status: 'closed' }],
  ])('%s is refused, and nothing is opened', async (_, body) => {
    const user = await openChat(system);
    expect(await user.post(CONVERSATIONS, body)).toMatchObject(refused(400, 'VALIDATION_FAILED'));
    expect((await list(user)).pagination.total).toBe(0);
  });

  test('is for users: staff are refused', async () => {
    expect(await admin.post(CONVERSATIONS, { initial_message: 'x' })).toMatchObject(
      refused(401, 'UNAUTHENTICATED'),
    );
  });
});

describe('GET /api/chat/conversations', () => {
  test('lists the user’s own, newest message first, with what is unread and the last message', async () => {
    const user = await openChat(system);
    const first = await open(user, { initial_message: 'one' });
    const second = await open(user, { initial_message: 'two' });
    await admin.patch(`/conversations/${first.conversation_id}/assign`, { assigned_user: agent.user.id });
    await reply(first.conversation_id, 'Thank you');
    await reply(first.conversation_id, 'for your help!');
    const data = await list(user, '?page=1&limit=20');
    expect(data).toMatchObject({
      conversations: [
        {
          id: first.conversation_id,
          user_id: user.userId,
          admin_id: agent.user.id,
          status: 'active',
          support_status: 'open',
          last_message_at: expect.any(String),
          unread_count: 2,
          user_unread_count: 2,
          last_message_by: 'admin',
          last_message: { content: 'for your help!', sender_role: 'admin' },
        },
        {
          id: second.conversation_id,
          admin_id: null,
          status: 'active',
          support_status: 'pending',
          unread_count: 0,
          admin_unread_count: 1,
          last_message: { content: 'two', sender_role: 'user' },
        },
      ],
      pagination: { page: 1, limit: 20, total: 2, pages: 1 },
    });
    expect((await list(user, '?limit=1&page=2')).conversations.map(({ id }) => id)).toEqual([
      second.conversation_id,
    ]);
  });

  test('is filtered by the statuses of both contracts', async () => {
    const user = await openChat(system);
    const [pending, opened, closed, archived] = [
      (await open(user)).conversation_id,
      (await open(user)).conversation_id,
      (await open(user)).conversation_id,
      (await open(user)).conversation_id,
    ];
    await admin.patch(`/conversations/${opened}/assign`, { assigned_user: agent.user.id });
    await admin.patch(`/conversations/${closed}`, { status: 'closed' });
    await admin.patch(`/conversations/${archived}`, { status: 'closed' });
    await admin.patch(`/conversations/${archived}`, { status: 'archived' });
    const ids = async (status: string): Promise<number[]> =>
      (await list(user, `?status=${status}`)).conversations.map(({ id }) => id).toSorted((a, b) => a - b);
    expect(await ids('active')).toEqual([pending, opened]);
    expect(await ids('closed')).toEqual([closed]);
    expect(await ids('archived')).toEqual([archived]);
    expect(await ids('open')).toEqual([opened]);
    expect(await ids('pending')).toEqual([pending]);
    expect((await list(user, '?status=closed')).conversations[0]).toMatchObject({
      status: 'closed',
      closed_at: expect.any(String),
    });
  });

  test('?username= lists that user’s, in the words open, pending and closed', async () => {
    const username = `user-${clientId()}`;
    const user = await openChat(system, { username });
    const { conversation_id } = await open(user);
    const path = `${CONVERSATIONS}?username=${username}`;
    const signed = await signedCall<Body>(system, 'GET', path);
    expect(signed.body.data.conversations).toMatchObject([
      { id: conversation_id, username, status: 'pending' },
    ]);
    expect((await list(user, `?username=${username}`)).conversations).toMatchObject([{ status: 'pending' }]);
    expect(await user.get(`${CONVERSATIONS}?username=somebody-else`)).toMatchObject(
      refused(403, 'FORBIDDEN'),
    );
  });

  test.each(['limit=0', 'limit=51', 'page=0', 'status=queue', 'status=x', 'unknown=1', 'user_id=x'])(
    '?%s is refused',
    async (query) => {
      const user = await openChat(system);
      expect(await user.get(`${CONVERSATIONS}?${query}`)).toMatchObject(refused(400, 'VALIDATION_FAILED'));
    },
  );

  test('shows staff what they may see of the live chat, and nothing of another channel', async () => {
    const user = await openChat(system);
    const mine = await open(user);
    const others = await open(user);
    const other = await system.signIn('employer');
    await admin.patch(`/conversations/${others.conversation_id}/assign`, { assigned_user: other.user.id });
    const seenBy = async (caller: Caller): Promise<number[]> =>
      (await list(caller, `?user_id=${user.userId}`)).conversations
        .map(({ id }) => id)
        .toSorted((a, b) => a - b);
    expect(await seenBy(agent)).toEqual([mine.conversation_id]);
    expect(await seenBy(other)).toEqual([mine.conversation_id, others.conversation_id]);
    expect(await seenBy(admin)).toEqual([mine.conversation_id, others.conversation_id]);
    expect((await list(admin, `?user_id=${user.userId}`)).conversations).toMatchObject([
      { id: others.conversation_id, unread_count: 0 }, // whom it was given to has read it
      { id: mine.conversation_id, unread_count: 1 },
    ]);
    const foreign = await conversationOf(system, { id: 1, admin });
    expect((await list(admin, '?limit=50')).conversations.map(({ id }) => id)).not.toContain(foreign);
  });
});

describe('PUT /api/chat/conversations/:id/read', () => {
  test('marks the named messages of staff as read, each once; others and foreign ones are left out', async () => {
    const user = await openChat(system);
    const { conversation_id: id, message } = await open(user);
    const said = [await reply(id, 'one'), await reply(id, 'two'), await reply(id, 'three')];
    const other = await open(await openChat(system));
    const foreign = await reply(other.conversation_id, 'theirs');
    const read = (ids: number[]): Promise<Answer<Body>> =>
      user.put<Body>(`${CONVERSATIONS}/${id}/read`, { message_ids: ids });
    expect(await read([said[0]!, said[1]!, message.id, foreign])).toMatchObject({
      status: 200,
      body: { status: 'success', data: { marked_read: 2 } },
    });
    expect((await read([said[0]!])).body.data.marked_read).toBe(0);
    expect((await agent.get(`/messages/${said[0]}`)).body).toMatchObject({ whatsapp_status: 'read' });
    expect((await agent.get(`/messages/${foreign}`)).body).toMatchObject({ whatsapp_status: 'sent' });
    expect((await list(user)).conversations[0]).toMatchObject({ unread_count: 1 });
  });

  test('staff read what the user said', async () => {
    const user = await openChat(system);
    const { conversation_id: id, message } = await open(user);
    const later = await user.post<Body>(`${CONVERSATIONS}/${id}/messages`, { message: 'more' });
    expect(later.status).toBe(201);
    expect(await agent.put(`${CONVERSATIONS}/${id}/read`, { message_ids: [message.id] })).toMatchObject({
      status: 200,
      body: { data: { marked_read: 1 } },
    });
    expect((await admin.get(`/conversations/${id}`)).body).toMatchObject({ unread_count: 1 });
    const { body } = await user.get<Body>(`${CONVERSATIONS}/${id}/messages`);
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
    const { conversation_id: id } = await open(user);
    expect(await user.put(`${CONVERSATIONS}/${id}/read`, body)).toMatchObject(
      refused(400, 'VALIDATION_FAILED'),
    );
  });
});

describe('POST /api/chat/conversations/:id/typing', () => {
  test('tells the others that somebody types, and answers in the words of its contract', async () => {
    const tell = jest.spyOn(system.app.get(ChatTypingService, { strict: false }), 'tell');
    const user = await openChat(system);
    const { conversation_id: id } = await open(user);
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
    const { conversation_id: id } = await open(user);
    expect(await user.post(`${CONVERSATIONS}/${id}/typing`, body)).toMatchObject(
      refused(400, 'VALIDATION_FAILED'),
    );
  });

  test('in a closed conversation nobody types', async () => {
    const user = await openChat(system);
    const { conversation_id: id } = await open(user);
    await agent.patch(`/conversations/${id}`, { status: 'closed' });
    expect(await user.post(`${CONVERSATIONS}/${id}/typing`, { typing: true })).toMatchObject(
      refused(409, 'CONVERSATION_CLOSED'),
    );
  });
});

describe('/api/chat/conversations/:id/messages', () => {
  test('GET answers the messages of the conversation, by pages and by places', async () => {
    const user = await openChat(system);
    const { conversation_id: id } = await open(user, { message: '1' });
    for (const message of ['2', '3', '4', '5'])
      await user.post(`${CONVERSATIONS}/${id}/messages`, { message });
    const read = async (query: string): Promise<Data & { texts: string[] }> => {
      const { status, body } = await user.get<Body>(`${CONVERSATIONS}/${id}/messages${query}`);
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
      refused(400, 'VALIDATION_FAILED'),
    );
  });

  test('POST says something in it: 201, and said again with the same key the same answer', async () => {
    const user = await openChat(system);
    const { conversation_id: id } = await open(user);
    const path = `${CONVERSATIONS}/${id}/messages`;
    const key = clientId();
    const first = await user.post<{ data: Message }>(path, { message: 'hello', client_message_id: key });
    expect(first).toMatchObject({
      status: 201,
      body: { status: 'success', data: { conversation_id: id, message: 'hello', sender_type: 'user' } },
    });
    expect(await user.post(path, { message: 'hello' }, { 'idempotency-key': key })).toMatchObject({
      status: 201,
      body: first.body,
    });
    expect(await user.post(path, { message: 'other', client_message_id: key })).toMatchObject(
      refused(409, 'IDEMPOTENCY_KEY_REUSED'),
    );
    const other = await open(user);
    expect(
      await user.post(`${CONVERSATIONS}/${other.conversation_id}/messages`, {
        message: 'hello',
        client_message_id: key,
      }),
    ).toMatchObject(refused(409, 'IDEMPOTENCY_KEY_REUSED'));
  });

  test('POST into a closed conversation is refused with 409', async () => {
    const user = await openChat(system);
    const { conversation_id: id } = await open(user);
    await agent.patch(`/conversations/${id}`, { status: 'closed' });
    expect(await user.post(`${CONVERSATIONS}/${id}/messages`, { message: 'x' })).toMatchObject(
      refused(409, 'CONVERSATION_CLOSED'),
    );
  });

  test('PATCH read marks all that staff said as read, or what is named', async () => {
    const user = await openChat(system);
    const { conversation_id: id } = await open(user);
    const said = [await reply(id, 'one'), await reply(id, 'two'), await reply(id, 'three')];
    const path = `${CONVERSATIONS}/${id}/messages/read`;
    expect(await user.patch(path, { message_ids: [said[0]] })).toMatchObject({
      status: 200,
      body: { status: 'success', data: { conversation_id: id, marked_read: 1 } },
    });
    expect(await user.patch(path)).toMatchObject({ status: 200, body: { data: { marked_read: 2 } } });
    expect((await list(user)).conversations[0]).toMatchObject({ user_unread_count: 0 });
  });
});

describe('POST /api/chat/conversations/:id/close', () => {
  test('ends the conversation, tells agents, and is audited as done by the customer; again it changes nothing', async () => {
    const user = await openChat(system);
    const { conversation_id: id } = await open(user);
    const listener = await system.listen(agent);
    const closed = await user.post<Body>(`${CONVERSATIONS}/${id}/close`);
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
    expect((await user.post<Body>(`${CONVERSATIONS}/${id}/close`)).body).toEqual(closed.body);
    expect(await audit()).toHaveLength(1);
  });
});

describe('POST /api/chat/conversations/:id/rating', () => {
  test('rates a conversation that is closed, and no other', async () => {
    const user = await openChat(system);
    const { conversation_id: id } = await open(user);
    const path = `${CONVERSATIONS}/${id}/rating`;
    expect(await user.post(path, { score: 5 })).toMatchObject(refused(409, 'CONFLICT'));
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
    const { conversation_id: id } = await open(user);
    await user.post(`${CONVERSATIONS}/${id}/close`);
    expect(await user.post(`${CONVERSATIONS}/${id}/rating`, body)).toMatchObject(
      refused(400, 'VALIDATION_FAILED'),
    );
  });
});

type Ask = (caller: Caller, id: number | string) => Promise<Answer>;
const BY_USERS: [string, Ask][] = [
  ['GET messages', (c, id) => c.get(`${CONVERSATIONS}/${id}/messages`)],
  ['POST messages', (c, id) => c.post(`${CONVERSATIONS}/${id}/messages`, { message: 'x' })],
  ['PATCH messages/read', (c, id) => c.patch(`${CONVERSATIONS}/${id}/messages/read`)],
  ['POST close', (c, id) => c.post(`${CONVERSATIONS}/${id}/close`)],
  ['POST rating', (c, id) => c.post(`${CONVERSATIONS}/${id}/rating`, { score: 1 })],
];
const BY_BOTH: [string, Ask][] = [
  ['PUT read', (c, id) => c.put(`${CONVERSATIONS}/${id}/read`, { message_ids: [1] })],
  ['POST typing', (c, id) => c.post(`${CONVERSATIONS}/${id}/typing`, { typing: true })],
  ['GET search', (c, id) => c.get(`/api/chat/search?q=help&conversation_id=${id}`)],
];

describe.each([...BY_USERS, ...BY_BOTH])('%s', (name, ask) => {
  test('somebody else’s conversation and one that is none answer alike: 404', async () => {
    const [owner, stranger] = [await openChat(system), await openChat(system)];
    const { conversation_id: id } = await open(owner);
    const before = await system.sql('select * from conversation where id = $1', [id]);
    const foreign = await ask(stranger, id);
    expect(foreign).toMatchObject(refused(404, 'NOT_FOUND', 'Conversation not found'));
    expect((await ask(stranger, 999_999)).body).toEqual(foreign.body);
    expect(await system.sql('select * from conversation where id = $1', [id])).toEqual(before);
  });

  test('an app’s server, which knows its users, is told 403: Access denied to conversation', async () => {
    const [owner, stranger] = [await openChat(system), await openChat(system)];
    const { conversation_id: id } = await open(owner);
    const signing = signer(stranger);
    expect(await ask(signing, id)).toMatchObject(refused(403, 'FORBIDDEN', 'Access denied to conversation'));
    expect(await ask(signing, 999_999)).toMatchObject(refused(404, 'NOT_FOUND', 'Conversation not found'));
  });

  test('an id that is none is 400', async () => {
    const user = await openChat(system);
    for (const id of ['x', '0', '-1', '1.5', '9007199254740993']) {
      const message = name === 'GET search' ? undefined : 'Invalid conversation ID';
      expect(await ask(user, id)).toMatchObject(refused(400, 'VALIDATION_FAILED', message));
    }
  });

  test('a user of another workspace sees nothing of it', async () => {
    const { conversation_id: id } = await open(await openChat(system));
    const stranger = await (await otherWorkspace()).user();
    expect(await ask(stranger, id)).toMatchObject(refused(404, 'NOT_FOUND', 'Conversation not found'));
  });
});

test.each(BY_USERS)('%s is for users: staff answer 401', async (_, ask) => {
  const { conversation_id: id } = await open(await openChat(system));
  expect(await ask(admin, id)).toMatchObject(refused(401, 'UNAUTHENTICATED'));
});

test.each(BY_BOTH)('%s is for staff who may see it, and only in the live chat', async (_, ask) => {
  const { conversation_id: id } = await open(await openChat(system));
  const other = await system.signIn('employer');
  await admin.patch(`/conversations/${id}/assign`, { assigned_user: other.user.id });
  expect(await ask(agent, id)).toMatchObject(refused(404, 'NOT_FOUND', 'Conversation not found'));
  expect((await ask(other, id)).status).toBe(200);
  const foreign = await conversationOf(system, { id: 1, admin });
  expect(await ask(admin, foreign)).toMatchObject(refused(404, 'NOT_FOUND', 'Conversation not found'));
});

let other: { user: () => Promise<ChatPerson> } | undefined;
async function otherWorkspace(): Promise<{ user: () => Promise<ChatPerson> }> {
  if (other !== undefined) return other;
  const { id } = await system.createWorkspace('rivals');
  const theirs = await system.signIn('admin', { workspaceId: id });
  const app = await theirs.post<{ app_id: string; secret: string }>('/chat-apps', { name: 'Rivals' });
  const { app_id: appId, secret } = app.body;
  return (other = { user: () => openChat(system, {}, { appId, secret }) });
}

async function rowOf(user: ChatPerson): Promise<{ chatUserId: number }> {
  const [row] = await system.sql<{ id: string }>('select id from chat_user where uuid = $1', [user.uuid]);
  return { chatUserId: Number(row!.id) };
}

/** Calls as the app's server does for this user. */
function signer(user: ChatPerson): Caller {
  const ask = (method: string, path: string, body?: unknown): Promise<Answer<never>> =>
    signedCall(
      system,
      method,
      `${path}${path.includes('?') ? '&' : '?'}user_id=${user.userId}`,
      body as object | undefined,
    );
  return {
    ...user,
    get: (path) => ask('GET', path),
    post: (path, body) => ask('POST', path, body),
    put: (path, body) => ask('PUT', path, body),
    patch: (path, body) => ask('PATCH', path, body),
    delete: (path, body) => ask('DELETE', path, body),
  };
}
