import { ChatUsersRepository } from '../../src/app-chat/chat-users.repository';
import { type ChatPerson, clientId, openChat, signedCall } from '../support/chat';
import {
  type ChatBody,
  chatRefusal,
  CONVERSATIONS,
  listConversations,
  openConversation,
  replyTo,
} from '../support/chat-conversations';
import { conversationOf } from '../support/crm';
import { eventually } from '../support/eventually';
import { type Caller, TestSystem } from '../support/system';

let system: TestSystem;
let agent: Caller;
let admin: Caller;

beforeAll(async () => {
  system = await TestSystem.start();
  agent = await system.signIn('employer');
  admin = await system.signIn('admin');
});
afterAll(() => system.stop());

describe('POST /api/chat/conversations', () => {
  test('with an initial_message answers 201 with the new conversation and its first message', async () => {
    const user = await openChat(system, { account_name: 'Jane Doe' });
    const listener = await system.listen(agent);
    const answer = await user.post<ChatBody>(CONVERSATIONS, {
      initial_message: 'I need help with my account',
    });
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
    expect((await openConversation(user)).conversation_id).not.toBe(id);
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
    const answer = await signedCall<ChatBody>(system, 'POST', CONVERSATIONS, said);
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
    const { conversation_id: id, conversation } = await openConversation(user, {
      message: 'x',
      priority: 'medium',
    });
    expect(conversation).toMatchObject({ priority: 'medium' });
    expect((await admin.get(`/conversations/${id}`)).body).toMatchObject({ priority: 'normal' });
  });

  test('sent twice with the same client_message_id it opens one', async () => {
    const user = await openChat(system);
    const body = { initial_message: 'hello', client_message_id: clientId() };
    const first = await openConversation(user, body);
    expect((await openConversation(user, body)).conversation_id).toBe(first.conversation_id);
    expect((await listConversations(user)).pagination.total).toBe(1);
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
    expect(await user.post(CONVERSATIONS, { initial_message: 'x' })).toMatchObject(
      chatRefusal(409, 'CONFLICT'),
    );
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
    expect(await user.post(CONVERSATIONS, body)).toMatchObject(chatRefusal(400, 'VALIDATION_FAILED'));
    expect((await listConversations(user)).pagination.total).toBe(0);
  });

  test('is for users: staff are refused', async () => {
    expect(await admin.post(CONVERSATIONS, { initial_message: 'x' })).toMatchObject(
      chatRefusal(401, 'UNAUTHENTICATED'),
    );
  });
});

describe('GET /api/chat/conversations', () => {
  test('lists the user’s own, newest message first, with what is unread and the last message', async () => {
    const user = await openChat(system);
    const first = await openConversation(user, { initial_message: 'one' });
    const second = await openConversation(user, { initial_message: 'two' });
    await admin.patch(`/conversations/${first.conversation_id}/assign`, { assigned_user: agent.user.id });
    await replyTo(first.conversation_id, agent, 'Thank you');
    await replyTo(first.conversation_id, agent, 'for your help!');
    const data = await listConversations(user, '?page=1&limit=20');
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
    expect((await listConversations(user, '?limit=1&page=2')).conversations.map(({ id }) => id)).toEqual([
      second.conversation_id,
    ]);
  });

  test('is filtered by the statuses of both contracts', async () => {
    const user = await openChat(system);
    const [pending, opened, closed, archived] = [
      (await openConversation(user)).conversation_id,
      (await openConversation(user)).conversation_id,
      (await openConversation(user)).conversation_id,
      (await openConversation(user)).conversation_id,
    ];
    await admin.patch(`/conversations/${opened}/assign`, { assigned_user: agent.user.id });
    await admin.patch(`/conversations/${closed}`, { status: 'closed' });
    await admin.patch(`/conversations/${archived}`, { status: 'closed' });
    await admin.patch(`/conversations/${archived}`, { status: 'archived' });
    const ids = async (status: string): Promise<number[]> =>
      (await listConversations(user, `?status=${status}`)).conversations
        .map(({ id }) => id)
        .toSorted((a, b) => a - b);
    expect(await ids('active')).toEqual([pending, opened]);
    expect(await ids('closed')).toEqual([closed]);
    expect(await ids('archived')).toEqual([archived]);
    expect(await ids('open')).toEqual([opened]);
    expect(await ids('pending')).toEqual([pending]);
    expect((await listConversations(user, '?status=closed')).conversations[0]).toMatchObject({
      status: 'closed',
      closed_at: expect.any(String),
    });
  });

  test('?username= lists that user’s, in the words open, pending and closed', async () => {
    const username = `user-${clientId()}`;
    const user = await openChat(system, { username });
    const { conversation_id } = await openConversation(user);
    const path = `${CONVERSATIONS}?username=${username}`;
    const signed = await signedCall<ChatBody>(system, 'GET', path);
    expect(signed.body.data.conversations).toMatchObject([
      { id: conversation_id, username, status: 'pending' },
    ]);
    expect((await listConversations(user, `?username=${username}`)).conversations).toMatchObject([
      { status: 'pending' },
    ]);
    expect(await user.get(`${CONVERSATIONS}?username=somebody-else`)).toMatchObject(
      chatRefusal(403, 'FORBIDDEN'),
    );
  });

  test.each(['limit=0', 'limit=51', 'page=0', 'status=queue', 'status=x', 'unknown=1', 'user_id=x'])(
    '?%s is refused',
    async (query) => {
      const user = await openChat(system);
      expect(await user.get(`${CONVERSATIONS}?${query}`)).toMatchObject(
        chatRefusal(400, 'VALIDATION_FAILED'),
      );
    },
  );

  test('leaves out what is deleted with its user while staff read it', async () => {
    const user = await openChat(system);
    await openConversation(user);
    const users = system.app.get(ChatUsersRepository, { strict: false });
    const gone = jest.spyOn(users, 'findMany').mockResolvedValue([]);
    expect((await listConversations(admin, `?user_id=${user.userId}`)).conversations).toEqual([]);
    gone.mockRestore();
    expect((await listConversations(admin, `?user_id=${user.userId}`)).conversations).toHaveLength(1);
  });

  test('shows staff what they may see of the live chat, and nothing of another channel', async () => {
    const user = await openChat(system);
    const mine = await openConversation(user);
    const others = await openConversation(user);
    const other = await system.signIn('employer');
    await admin.patch(`/conversations/${others.conversation_id}/assign`, { assigned_user: other.user.id });
    const seenBy = async (caller: Caller): Promise<number[]> =>
      (await listConversations(caller, `?user_id=${user.userId}`)).conversations
        .map(({ id }) => id)
        .toSorted((a, b) => a - b);
    expect(await seenBy(agent)).toEqual([mine.conversation_id]);
    expect(await seenBy(other)).toEqual([mine.conversation_id, others.conversation_id]);
    expect(await seenBy(admin)).toEqual([mine.conversation_id, others.conversation_id]);
    expect((await listConversations(admin, `?user_id=${user.userId}`)).conversations).toMatchObject([
      { id: others.conversation_id, unread_count: 0 }, // whom it was given to has read it
      { id: mine.conversation_id, unread_count: 1 },
    ]);
    const foreign = await conversationOf(system, { id: 1, admin });
    expect((await listConversations(admin, '?limit=50')).conversations.map(({ id }) => id)).not.toContain(
      foreign,
    );
  });
});

async function rowOf(user: ChatPerson): Promise<{ chatUserId: number }> {
  const [row] = await system.sql<{ id: string }>('select id from chat_user where uuid = $1', [user.uuid]);
  return { chatUserId: Number(row!.id) };
}
