import { clientId } from '../support/chat';
import {
  askChat,
  connectedChat,
  type ConnectedChat,
  enterChat,
  hangUp,
  hears,
  newConversation,
  says,
} from '../support/chat-socket';
import { form, picture, post } from '../support/files';
import { type Caller, TestSystem } from '../support/system';

let system: TestSystem;
let agent: Caller;

beforeAll(async () => {
  system = await TestSystem.start();
  agent = await system.signIn('employer');
});
afterEach(hangUp);
afterAll(() => system.stop());

const chat = (): Promise<ConnectedChat> => connectedChat(system, agent);

/** In the words of each contract: the event, and what its fields are called. */
const SENDS = [
  ['send_message', 'conversation_id', 'content', 'client_message_id', 'sender_role', 'user_id'],
  ['send-chat-message', 'conversationId', 'message', 'clientMessageId', 'senderType', 'senderId'],
] as const;

describe.each(SENDS)('%s', (event, conversation, text, key, role, id) => {
  test('brings what a user says to staff who joined and to the user’s other devices, under both names', async () => {
    const { user, conversationId, theirs, ours } = await chat();
    const tablet = await enterChat(system, user);
    const clientMessageId = clientId();
    const sent = await askChat(theirs, event, {
      [conversation]: conversationId,
      [text]: 'Hello there!',
      [key]: clientMessageId,
      [role]: 'user',
      [id]: user.userId,
    });
    expect(sent).toMatchObject({
      status: 'success',
      data: {
        conversation_id: conversationId,
        sender_role: 'user',
        sender_id: user.userId,
        sender_identifier: user.uuid,
        message_type: 'text',
        content: 'Hello there!',
        message: 'Hello there!',
        client_message_id: clientMessageId,
      },
    });
    for (const listener of [theirs, tablet, ours])
      for (const name of ['new_message', 'new-chat-message'])
        expect(await hears(listener, name)).toEqual([sent.data]);
    const stored = await agent.get(`/messages/${String(sent.data!['id'])}`);
    expect(stored.body).toMatchObject({ body: 'Hello there!', sender_type: 'contact' });

    // The same again is the same message, and nobody hears it twice.
    const again = { [conversation]: conversationId, [text]: 'Hello there!', [key]: clientMessageId };
    expect(await askChat(theirs, event, again)).toEqual(sent);
    await says(user, 'a witness');
    await hears(ours, 'new_message', 2);
    expect(ours.of('new_message').map((m) => m['content'])).toEqual(['Hello there!', 'a witness']);
  });

  test('brings what staff say to the user, and what they hear of it themselves', async () => {
    const { conversationId, theirs, ours } = await chat();
    const answered = await askChat(ours, event, {
      [conversation]: conversationId,
      [text]: 'How can I help you?',
      [role]: 'admin',
      [id]: agent.user.id,
    });
    expect(answered).toMatchObject({
      status: 'success',
      data: {
        sender_role: 'admin',
        sender_id: agent.user.id,
        sender_identifier: agent.user.username,
        status: 'sent',
      },
    });
    for (const listener of [theirs, ours])
      for (const name of ['new_message', 'new-chat-message'])
        expect(await hears(listener, name)).toEqual([answered.data]);
  });

  test.each([
    ['with a conversation that is a word', { [conversation]: 'abc' }],
    ['with a conversation below one', { [conversation]: 0 }],
    ['with a conversation that is a fraction', { [conversation]: 1.5 }],
  ])('%s is an invalid conversation id', async (_, wrong) => {
    const { user } = await newConversation(system);
    const listener = await enterChat(system, user);
    const payload = { [conversation]: 1, [text]: 'hello', ...wrong };
    expect(await askChat(listener, event, payload)).toMatchObject({
      status: 'error',
      message: 'Invalid conversation ID',
      error_code: 'VALIDATION_FAILED',
    });
  });

  test('without a conversation is said in the newest open one by users, where the contract lets it be left out', async () => {
    const { user, conversationId } = await newConversation(system);
    const listener = await enterChat(system, user);
    expect(await askChat(listener, event, { [text]: 'hello' })).toMatchObject(
      event === 'send_message'
        ? { status: 'success', data: { conversation_id: conversationId } }
        : { status: 'error', message: 'Invalid conversation ID', error_code: 'VALIDATION_FAILED' },
    );
    const staff = await enterChat(system, agent);
    expect(await askChat(staff, event, { [text]: 'hello' })).toMatchObject({
      status: 'error',
      message: 'Invalid conversation ID',
      error_code: 'VALIDATION_FAILED',
    });
  });

  test('refuses what is no message, and stores nothing', async () => {
    const { user, conversationId } = await newConversation(system);
    const listener = await enterChat(system, user);
    for (const wrong of [
      {},
      { [text]: '' },
      { [text]: '   \n' },
      { [text]: 5 },
      { [text]: 'x'.repeat(5_001) },
      { [text]: 'a\0b' },
      { [text]: 'a\ud800' },
      { [text]: 'x', surprise: true },
      { [text]: 'x', [key]: '' },
    ])
      expect(await askChat(listener, event, { [conversation]: conversationId, ...wrong })).toMatchObject({
        status: 'error',
        error_code: 'VALIDATION_FAILED',
      });
    for (const payload of [undefined, null, 'text', 5, [], [[]]])
      expect(await askChat(listener, event, payload)).toMatchObject({ status: 'error' });
    const found = await system.sql('select 1 from message where conversation_id = $1', [conversationId]);
    expect(found).toHaveLength(1);
  });

  test.each([
    ['a user who calls themselves admin', { [role]: 'admin' }],
    ['a user who calls themselves another', { [id]: 1 }],
  ])('is refused of %s', async (_, claim) => {
    const { user, conversationId } = await newConversation(system);
    const listener = await enterChat(system, user);
    const payload = { [conversation]: conversationId, [text]: 'hello', ...claim };
    expect(await askChat(listener, event, payload)).toMatchObject({
      status: 'error',
      error_code: 'FORBIDDEN',
    });
  });

  test('other people’s conversations, WhatsApp’s and those that are none answer the same', async () => {
    const [{ user }, other] = [await newConversation(system), await newConversation(system)];
    const supervisor = await system.signIn('supervisor');
    await supervisor.patch(`/conversations/${other.conversationId}/assign`);
    for (const caller of [user, agent]) {
      const listener = await enterChat(system, caller);
      for (const one of [other.conversationId, 999_999])
        expect(await askChat(listener, event, { [conversation]: one, [text]: 'x' })).toEqual({
          status: 'error',
          message: 'Conversation not found',
          error_code: 'NOT_FOUND',
        });
    }
  });

  test('a closed conversation takes nothing', async () => {
    const { conversationId, theirs, ours } = await chat();
    await agent.patch(`/conversations/${conversationId}`, { status: 'closed' });
    for (const listener of [theirs, ours])
      expect(await askChat(listener, event, { [conversation]: conversationId, [text]: 'x' })).toMatchObject({
        status: 'error',
        error_code: 'CONVERSATION_CLOSED',
      });
  });
});

test.each([
  // What was said over REST counts where its limit is the same.
  ['send_message', 60, 'content', 'conversation_id', 1],
  ['send-chat-message', 30, 'message', 'conversationId', 0],
])('%s takes %s messages a minute of a user, and goes on taking those of others', async (...row) => {
  const [event, limit, text, id, before] = row;
  const { conversationId, theirs } = await chat();
  const other = await chat();
  const say = (
    { theirs: socket, conversationId: at }: Pick<ConnectedChat, 'theirs' | 'conversationId'>,
    i: number,
  ) => askChat(socket, event, { [id]: at, [text]: `${i}` });
  const replies = await Promise.all(
    Array.from({ length: limit - before + 1 }, (_, i) => say({ theirs, conversationId }, i)),
  );
  expect(replies.filter(({ status }) => status === 'success')).toHaveLength(limit - before);
  expect(replies.at(-1)).toMatchObject({ message: 'Rate limit exceeded', error_code: 'RATE_LIMITED' });
  expect(await say(other, 0)).toMatchObject({ status: 'success' });
  // What is said in one breath is stored in that order.
  const stored = await system.sql<{ body: string }>(
    'select body from message where conversation_id = $1 order by id offset 1',
    [conversationId],
  );
  expect(stored.map(({ body }) => Number(body))).toEqual(Array.from({ length: limit - before }, (_, i) => i));
});

test('without an acknowledgement errors come as error, or as chat-error', async () => {
  const { theirs } = await chat();
  theirs.socket.emit('send_message', { conversation_id: 999_999, content: 'x' });
  expect(await hears(theirs, 'error')).toEqual([{ code: 'NOT_FOUND', message: 'Conversation not found' }]);
  theirs.socket.emit('send-chat-message', { conversationId: 999_999, message: 'x' });
  expect(await hears(theirs, 'chat-error')).toEqual([
    { code: 'NOT_FOUND', message: 'Conversation not found', error_code: 'NOT_FOUND' },
  ]);
  expect(theirs.of('error')).toHaveLength(1);
});

test('staff send a file of the workspace by its file_id; what it is called must fit; users cannot send those of others', async () => {
  const { conversationId, theirs, ours } = await chat();
  const photo = form({ content: await picture('png'), name: 'photo.png', type: 'image/png' });
  const { uuid } = (await post<{ uuid: string }>(system, agent, '/upload/image', photo)).body;
  const message = { conversation_id: conversationId, file_id: `upload_${uuid}` };
  expect(await askChat(ours, 'send_message', { ...message, message_type: 'text' })).toMatchObject({
    status: 'error',
  });
  expect(await askChat(theirs, 'send_message', { ...message, message_type: 'image' })).toMatchObject({
    status: 'error',
    error_code: 'VALIDATION_FAILED',
  });
  const sent = await askChat(ours, 'send_message', { ...message, message_type: 'image' });
  expect(sent).toMatchObject({
    status: 'success',
    data: { message_type: 'image', file_id: `upload_${uuid}`, file_url: expect.any(String), content: '' },
  });
  expect(await hears(theirs, 'new_message')).toEqual([sent.data]);
});

test('a message that is deleted says nothing any more to anybody who has it', async () => {
  const { conversationId, theirs, ours } = await chat();
  const sent = await askChat(ours, 'send_message', { conversation_id: conversationId, content: 'a mistake' });
  const id = Number(sent.data!['id']);
  expect((await agent.delete(`/messages/${id}`)).status).toBeLessThan(300);
  for (const listener of [theirs, ours])
    for (const event of ['message_updated', 'chat-message-updated'])
      expect(await hears(listener, event)).toMatchObject([
        { id, content: '', deleted_at: expect.any(String) },
      ]);
});

test('staff hear a conversation from join-chat to leave-chat', async () => {
  const { user, conversationId, ours } = await chat();
  const other = await enterChat(system, agent);
  expect(
    await askChat(other, 'join-chat', { conversationId, userType: 'admin', userId: agent.user.id }),
  ).toEqual({
    status: 'success',
    data: { conversation_id: conversationId },
  });
  await says(user, 'first');
  await hears(other, 'new-chat-message');
  await askChat(other, 'leave-chat', { conversationId });
  await askChat(ours, 'leave_conversation', { conversation_id: conversationId });
  await askChat(ours, 'join_conversation', { conversation_id: conversationId });
  await says(user, 'second');
  await hears(ours, 'new_message', 2);
  expect(other.of('new-chat-message').map((m) => m['content'])).toEqual(['first']);
});

test('users hear their own conversations without joining, those opened later too, and those of nobody else', async () => {
  const { user, conversationId, theirs } = await chat();
  const stranger = await newConversation(system);
  const listener = await enterChat(system, stranger.user);
  expect(await askChat(listener, 'join_conversation', { conversation_id: conversationId })).toEqual({
    status: 'error',
    message: 'Conversation not found',
    error_code: 'NOT_FOUND',
  });
  expect(await askChat(listener, 'join-chat', { conversationId })).toMatchObject({ error_code: 'NOT_FOUND' });
  expect(await askChat(listener, 'mark-messages-read', { conversationId })).toMatchObject({
    error_code: 'NOT_FOUND',
  });
  await agent.patch(`/conversations/${conversationId}`, { status: 'closed' });
  const later = await says(user, 'another matter');
  expect(later).not.toBe(conversationId);
  await hears(theirs, 'new_message');
  expect(theirs.of('new_message').map((m) => m['conversation_id'])).toEqual([later]);
  expect(
    await askChat(theirs, 'join-chat', { conversationId: later, userType: 'user', userId: user.userId }),
  ).toMatchObject({ status: 'success' });
  expect(listener.heard).toEqual([]);
});

test('notes of staff never reach the user', async () => {
  const { conversationId, theirs, ours } = await chat();
  expect(
    (await agent.post(`/conversations/${conversationId}/notes`, { body: 'a difficult one' })).status,
  ).toBe(201);
  await askChat(ours, 'send_message', { conversation_id: conversationId, content: 'after the note' });
  await hears(theirs, 'new_message');
  expect(JSON.stringify(theirs.heard)).not.toContain('difficult');
});
