import { ChatMessagesService } from '../../src/app-chat/chat-messages.service';
import { ChatSessionsService } from '../../src/app-chat/chat-sessions.service';
import { clientId, openChat } from '../support/chat';
import { askChat, enterChat, hangUp, hears } from '../support/chat-socket';
import { type Caller, TestSystem } from '../support/system';

let system: TestSystem;
let agent: Caller;

beforeAll(async () => {
  system = await TestSystem.start();
  agent = await system.signIn('employer');
});
afterEach(() => hangUp(system));
afterAll(() => system.stop());

/** A user with a conversation and a socket. */
async function chatting() {
  const user = await openChat(system);
  const first = await enterChat(system, user);
  const actor = await system.app.get(ChatSessionsService, { strict: false }).actorOfToken(user.token);
  const { message } = await system.app
    .get(ChatMessagesService, { strict: false })
    .say(actor, 'newest', { text: 'hello' });
  await hears(first, 'new_message');
  return { user, listener: first, conversationId: message.conversation_id };
}

test('a message goes from the user to staff who joined, and back, under both names', async () => {
  const { user, listener, conversationId } = await chatting();
  const admin = await enterChat(system, agent, { auth: { role: 'admin' } });
  expect(await askChat(admin, 'join_conversation', { conversation_id: conversationId })).toEqual({
    status: 'success',
    data: { conversation_id: conversationId },
  });
  const client_message_id = clientId();
  const sent = await askChat(listener, 'send_message', {
    conversation_id: conversationId,
    message_type: 'text',
    content: 'Hello there!',
    file_id: null,
    client_message_id,
  });
  expect(sent).toMatchObject({
    status: 'success',
    data: {
      conversation_id: conversationId,
      sender_role: 'user',
      sender_identifier: user.uuid,
      sender_id: user.userId,
      content: 'Hello there!',
      message: 'Hello there!',
      client_message_id,
    },
  });
  expect(await hears(admin, 'new_message')).toEqual([sent.data]);
  expect(await hears(admin, 'new-chat-message')).toEqual([sent.data]);

  const answered = await askChat(admin, 'send-chat-message', {
    conversationId,
    message: 'How can I help?',
    senderType: 'admin',
    senderId: agent.user.id,
  });
  expect(answered).toMatchObject({
    status: 'success',
    data: { sender_role: 'admin', sender_identifier: agent.user.username, status: 'sent' },
  });
  await hears(listener, 'new_message', 3);
  expect(listener.of('new_message').at(-1)).toEqual(answered.data);
  expect(listener.of('new-chat-message').at(-1)).toEqual(answered.data);
});
