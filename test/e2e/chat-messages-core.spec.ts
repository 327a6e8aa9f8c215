import type { ChatActor } from '../../src/app-chat/chat-actor';
import { ChatConversationsService } from '../../src/app-chat/chat-conversations.service';
import { ChatMessagesService } from '../../src/app-chat/chat-messages.service';
import { ChatSessionsService } from '../../src/app-chat/chat-sessions.service';
import { UnitOfWork } from '../../src/platform/database/unit-of-work';
import { clientId, openChat } from '../support/chat';
import { eventually } from '../support/eventually';
import { type Caller, TestSystem } from '../support/system';

let system: TestSystem;
let agent: Caller;
let messages: ChatMessagesService;
let conversations: ChatConversationsService;

beforeAll(async () => {
  system = await TestSystem.start();
  agent = await system.signIn('employer');
  messages = system.app.get(ChatMessagesService, { strict: false });
  conversations = system.app.get(ChatConversationsService, { strict: false });
});
afterAll(() => system.stop());

async function somebody(): Promise<ChatActor> {
  const { token } = await openChat(system);
  return await system.app.get(ChatSessionsService, { strict: false }).actorOfToken(token);
}

test('what a user says is in the agents’ inbox, counted and told, and an answer is sent by being stored', async () => {
  const listener = await system.listen(agent);
  const user = await somebody();
  const { message } = await messages.say(user, 'newest', { text: 'Hello, I need help' });
  await eventually(() => listener.of('message:new').length === 1);
  expect(listener.of('conversation:new')[0]!.payload).toMatchObject({ channel: 'app-chat', status: 'queue' });
  const told = listener.of('message:new')[0]!.payload;
  expect(told).toMatchObject({
    body: 'Hello, I need help',
    conversation: { channel: 'app-chat', unread_count: 1 },
  });
  expect(told).toEqual({ ...message, conversation: told['conversation'] });

  const id = message.conversation_id;
  const detail = await agent.get(`/conversations/${id}`);
  expect(detail.body).toMatchObject({
    channel: 'app-chat',
    window: null,
    window_expires_at: null,
    unread_count: 1,
  });

  const reply = await agent.post('/messages', { conversation_id: id, body: 'How can I help you?' });
  expect(reply).toMatchObject({
    status: 201,
    body: { whatsapp_status: 'sent', sent_at: expect.any(String) },
  });
  expect(
    await system.sql(`select 1 from job where payload ->> 'conversation_id' = $1`, [String(id)]),
  ).toEqual([]);
  const refused = await agent.post('/messages', {
    conversation_id: id,
    type: 'template',
    payload: { name: 'hello', language: 'en' },
  });
  expect(refused).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED' } });
});

test('the same client id is one message, however often and however many at once', async () => {
  const user = await somebody();
  const clientMessageId = clientId();
  const said = await Promise.all(
    Array.from({ length: 10 }, () => messages.say(user, 'newest', { text: 'once', clientMessageId })),
  );
  expect(new Set(said.map(({ message }) => message.id)).size).toBe(1);
  expect(said.filter(({ again }) => !again)).toHaveLength(1);
  await expect(
    messages.say(user, 'newest', { text: 'something else', clientMessageId }),
  ).rejects.toMatchObject({
    code: 'IDEMPOTENCY_KEY_REUSED',
  });
  // Another user's ids are their own.
  const other = await somebody();
  expect((await messages.say(other, 'newest', { text: 'once', clientMessageId })).again).toBe(false);
});

test('messages that come at once open one conversation, unless new ones are asked for, and those are limited', async () => {
  const user = await somebody();
  const said = await Promise.all(
    Array.from({ length: 8 }, (_, i) => messages.say(user, 'newest', { text: `${i}` })),
  );
  expect(new Set(said.map(({ message }) => message.conversation_id)).size).toBe(1);

  const opened = await Promise.allSettled(
    Array.from({ length: 6 }, (_, i) => messages.say(user, { subject: `topic ${i}` }, { text: 'hello' })),
  );
  expect(opened.filter(({ status }) => status === 'fulfilled')).toHaveLength(4);
  expect(opened.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'CONFLICT' } });
});

test('a closed conversation takes no message; the newest one is then a new one', async () => {
  const user = await somebody();
  const first = (await messages.say(user, 'newest', { text: 'first' })).message.conversation_id;
  expect((await agent.patch(`/conversations/${first}`, { status: 'closed' })).status).toBe(200);
  await expect(messages.say(user, { conversationId: first }, { text: 'still there?' })).rejects.toMatchObject(
    {
      code: 'CONVERSATION_CLOSED',
    },
  );
  const second = (await messages.say(user, 'newest', { text: 'again' })).message.conversation_id;
  expect(second).not.toBe(first);
});

test('what was said before the end is answered again after it: its acknowledgement may have been lost', async () => {
  const user = await somebody();
  const clientMessageId = clientId();
  const first = (await messages.say(user, 'newest', { text: 'last words', clientMessageId })).message;
  const place = { conversationId: first.conversation_id };
  expect((await agent.patch(`/conversations/${place.conversationId}`, { status: 'closed' })).status).toBe(
    200,
  );
  for (const where of [place, 'newest', {}] as const)
    expect(await messages.say(user, where, { text: 'last words', clientMessageId })).toMatchObject({
      again: true,
      message: { id: first.id, conversation_id: place.conversationId },
    });
});

test("another user's conversation answers like one that does not exist; the app's own server is told", async () => {
  const [owner, stranger] = [await somebody(), await somebody()];
  const { message } = await messages.say(owner, 'newest', { text: 'mine' });
  const place = { conversationId: message.conversation_id };
  await expect(messages.say(stranger, place, { text: 'x' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(messages.say(stranger, { conversationId: 999_999 }, { text: 'x' })).rejects.toMatchObject({
    code: 'NOT_FOUND',
  });
  await expect(messages.say({ ...stranger, sessionId: null }, place, { text: 'x' })).rejects.toMatchObject({
    code: 'FORBIDDEN',
  });
});

test.each([
  ['nothing', ''],
  ['blanks', '  \n '],
  ['5,001 characters', 'x'.repeat(5_001)],
])('%s is no message', async (_, text) => {
  const user = await somebody();
  await expect(messages.say(user, 'newest', { text })).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
  expect(await system.sql('select 1 from conversation where contact_id = $1', [user.contactId])).toEqual([]);
});

test('5,000 characters of any kind are', async () => {
  const user = await somebody();
  expect((await messages.say(user, 'newest', { text: '😀'.repeat(5_000) })).again).toBe(false);
});

test('what the user has read is told once, in any order, and what is unread stays counted', async () => {
  const user = await somebody();
  const id = (await messages.say(user, 'newest', { text: 'hi' })).message.conversation_id;
  const said: number[] = [];
  for (const body of ['one', 'two', 'three'])
    said.push((await agent.post<{ id: number }>('/messages', { conversation_id: id, body })).body.id);
  const unread = async (): Promise<number[]> => {
    return await system.app.get(UnitOfWork, { strict: false }).read(user, async () => {
      const { conversations: own } = await conversations.list(user, null, 10, 0);
      return await conversations.unreadByUser(own);
    });
  };
  expect(await unread()).toEqual([3]);
  expect(await conversations.markRead(user, id, [said[2]!, 999_999])).toEqual([said[2]]);
  expect(await unread()).toEqual([2]);
  expect(await conversations.markRead(user, id, [said[2]!])).toEqual([]);
  expect(await conversations.markRead(user, id)).toEqual([said[0], said[1]]);
  expect(await unread()).toEqual([0]);
  expect((await agent.get(`/messages/${said[0]}`)).body).toMatchObject({ whatsapp_status: 'read' });
});

test('contacts that become one keep the chats of both', async () => {
  const [one, two] = [await somebody(), await somebody()];
  const first = (await messages.say(one, 'newest', { text: 'one' })).message.conversation_id;
  const second = (await messages.say(two, 'newest', { text: 'two' })).message.conversation_id;
  const admin = await system.signIn('admin');
  const merged = await admin.post(`/contacts/${one.contactId}/merge`, { contact_id: two.contactId });
  expect(merged.status).toBeLessThan(300);
  expect((await messages.say(two, 'newest', { text: 'still mine' })).message.conversation_id).toBe(second);
  expect((await messages.say(one, 'newest', { text: 'and mine' })).message.conversation_id).toBe(first);
  expect((await messages.say(two, { subject: 'new' }, { text: 'a new one' })).again).toBe(false);
});
