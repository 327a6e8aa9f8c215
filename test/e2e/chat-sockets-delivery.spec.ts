import { ChatConversationsService } from '../../src/app-chat/chat-conversations.service';
import { ChatInbox } from '../../src/chat-gateway/chat-inbox.service';
import { ChatGateway } from '../../src/chat-gateway/chat.gateway';
import { DeliveryProofs } from '../../src/chat-gateway/delivery-proofs.service';
import type { ChatSocket as ServerSocket, UserSocket } from '../../src/chat-gateway/chat-socket';
import { AppError } from '../../src/common/app-error';
import { type ChatPerson, openChat } from '../support/chat';
import {
  askChat,
  type ChatListener,
  enterChat,
  hangUp,
  hears,
  newConversation,
  says,
} from '../support/chat-socket';
import { eventually } from '../support/eventually';
import { type Caller, TestSystem } from '../support/system';

let system: TestSystem;
let agent: Caller;

beforeAll(async () => {
  system = await TestSystem.start();
  agent = await system.signIn('employer');
});
afterEach(hangUp);
afterAll(() => system.stop());

/** An agent answers over REST; the ids of the messages. */
async function answers(conversationId: number, ...texts: string[]): Promise<number[]> {
  const ids = [];
  for (const body of texts)
    ids.push(
      (await agent.post<{ id: number }>('/messages', { conversation_id: conversationId, body })).body.id,
    );
  return ids;
}

const contents = ({ of }: ChatListener): unknown[] => of('new_message').map((m) => m['content']);

async function statusOf(id: number): Promise<unknown> {
  return (await agent.get(`/messages/${id}`)).body['whatsapp_status'];
}

const isDelivered = (id: number): Promise<unknown> =>
  eventually(async () => (await statusOf(id)) === 'delivered', { what: 'the delivery' });

/** The network goes, and neither side says goodbye. */
function breaks({ socket }: ChatListener): void {
  socket.io.engine.transport.close();
  socket.disconnect();
}

/** A user's socket, as the server has it. */
function socketOf({ userId }: ChatPerson): ServerSocket {
  const namespace = system.app.get(ChatGateway, { strict: false })['namespace'];
  return [...namespace.sockets.values()].find(({ data }) => data.actor.userId === userId)!;
}

/** Acknowledgements that the server waits for. */
const awaited = (socket: ServerSocket): number => (socket['acks'] as Map<number, unknown>).size;

/** Has the server ask at once whether the clients are still there. */
function pingAll(server: TestSystem): void {
  const namespace = server.app.get(ChatGateway, { strict: false })['namespace'];
  for (const socket of namespace.sockets.values()) socket.conn['sendPacket']('ping');
}

test('what staff said while nobody was there comes first, in order, once, and then live', async () => {
  const { user, conversationId } = await newConversation(system);
  await answers(conversationId, 'one', 'two');
  await agent.patch(`/conversations/${conversationId}`, { status: 'closed' });
  const later = await says(user, 'another matter');
  await answers(later, 'three');
  const listener = await enterChat(system, user);
  await hears(listener, 'new_message', 3);
  await answers(later, 'four');
  await hears(listener, 'new_message', 4);
  expect(contents(listener)).toEqual(['one', 'two', 'three', 'four']);
  expect(listener.of('new-chat-message').map((m) => m['content'])).toEqual(['one', 'two', 'three', 'four']);
  expect(listener.of('new_message').map((m) => m['status'])).toEqual(['sent', 'sent', 'sent', 'sent']);
});

test('nobody misses or hears twice what is said while they connect', async () => {
  const { user, conversationId } = await newConversation(system);
  await answers(conversationId, 'before');
  const listeners: ChatListener[] = [];
  const said: string[] = [];
  const speaking = (async () => {
    for (let i = 0; i < 40; i++) {
      said.push(`${i}`);
      await answers(conversationId, `${i}`);
    }
  })();
  for (let i = 0; i < 8; i++) listeners.push(await enterChat(system, user));
  await speaking;
  for (const listener of listeners) {
    await eventually(() => contents(listener).at(-1) === '39', { what: 'the last message' });
    const ids = listener.of('new_message').map((m) => Number(m['id']));
    expect(ids).toEqual([...new Set(ids)].toSorted((a, b) => a - b));
  }
  // Nothing was proven meanwhile, so the first heard all there is.
  for (const listener of listeners) expect(contents(listener)).toEqual(['before', ...said]);
});

test('of more than 1,000 the oldest come first, and the others with the next connection', async () => {
  const { user, conversationId } = await newConversation(system);
  await system.sql(
    `insert into message (workspace_id, conversation_id, sender_type, sender_user, body, whatsapp_status)
     select 1, $1, 'user', $2, g.i::text, 'sent' from generate_series(1, 1002) as g(i) order by g.i`,
    [conversationId, agent.user.id],
  );
  const numbers = (from: number, to: number): string[] =>
    Array.from({ length: to - from + 1 }, (_, i) => `${from + i}`);
  const first = await enterChat(system, user);
  await hears(first, 'new_message', 1_000);
  const [live] = await answers(conversationId, 'live');
  await hears(first, 'new_message', 1_001);
  expect(contents(first)).toEqual([...numbers(1, 1_000), 'live']);
  for (const { acknowledge } of first.heard) acknowledge?.();
  await isDelivered(live!);
  first.socket.disconnect();
  const second = await enterChat(system, user);
  await hears(second, 'new_message', 2);
  expect(contents(second)).toEqual(numbers(1_001, 1_002));
});

test('what users say themselves while a device of theirs comes back stands where it was said', async () => {
  const { user, conversationId } = await newConversation(system);
  await answers(conversationId, 'one');
  const inbox = system.app.get(ChatInbox, { strict: false });
  const look = inbox['missedBy'].bind(inbox);
  jest.spyOn(inbox, 'missedBy' as never).mockImplementationOnce((async (socket: UserSocket) => {
    await says(user, 'two');
    await answers(conversationId, 'three');
    return await look(socket);
  }) as never);
  const listener = await enterChat(system, user);
  await hears(listener, 'new_message', 3);
  expect(contents(listener)).toEqual(['one', 'two', 'three']);
});

describe('a connection that breaks proves nothing:', () => {
  test('its user is told again, until something does', async () => {
    const { user, conversationId } = await newConversation(system);
    const [id] = await answers(conversationId, 'are you there?');
    for (let i = 0; i < 2; i++) {
      const listener = await enterChat(system, user);
      await hears(listener, 'new_message');
      breaks(listener);
      expect(await statusOf(id!)).toBe('sent');
    }
    const live = await enterChat(system, user);
    await hears(live, 'new_message');
    const [second] = await answers(conversationId, 'and now?');
    await hears(live, 'new_message', 2);
    breaks(live);
    const back = await enterChat(system, user);
    await hears(back, 'new_message', 2);
    expect(back.of('new_message').map((m) => m['id'])).toEqual([id, second]);
  });
});

test('what arrives while the database is away is delivered once it is back', async () => {
  const { user, conversationId } = await newConversation(system);
  const listener = await enterChat(system, user);
  const [id] = await answers(conversationId, 'are you there?');
  await hears(listener, 'new_message');
  const conversations = system.app.get(ChatConversationsService, { strict: false });
  const write = jest
    .spyOn(conversations, 'markDelivered')
    .mockRejectedValueOnce(new AppError('DATABASE_UNAVAILABLE', 'The database is away.'));
  listener.heard.find((h) => h.event === 'new_message')!.acknowledge!();
  await isDelivered(id!);
  write.mockRestore();
});

describe('what is proven to have arrived is delivered, and comes no more:', () => {
  type Proof = (chat: {
    listener: ChatListener;
    user: Caller;
    conversationId: number;
    id: number;
  }) => unknown;

  const PROOFS: [string, Proof][] = [
    [
      'by the event’s acknowledgement',
      ({ listener }) => listener.heard.find((h) => h.event === 'new_message')!.acknowledge!(),
    ],
    [
      'by the acknowledgement of its other name',
      ({ listener }) => listener.heard.find((h) => h.event === 'new-chat-message')!.acknowledge!(),
    ],
    [
      'by message_delivered',
      async ({ listener, conversationId, id }) =>
        expect(
          await askChat(listener, 'message_delivered', {
            conversation_id: conversationId,
            message_ids: [id],
          }),
        ).toEqual({ status: 'success', data: { conversation_id: conversationId, message_ids: [id] } }),
    ],
    ['by the answer to a ping that was sent after it', () => pingAll(system)],
    ['by fetching it', ({ user }) => user.get('/api/chat/messages')],
  ];

  test.each(PROOFS)('%s', async (_, prove) => {
    const { user, conversationId } = await newConversation(system);
    const [id] = await answers(conversationId, 'are you there?');
    const listener = await enterChat(system, user);
    await hears(listener, 'new-chat-message');
    expect(await statusOf(id!)).toBe('sent');
    await prove({ listener, user, conversationId, id: id! });
    await isDelivered(id!);
    breaks(listener);
    const back = await enterChat(system, user);
    await answers(conversationId, 'good');
    await hears(back, 'new_message');
    expect(contents(back)).toEqual(['good']);
  });

  test('by reading it, which is told to staff', async () => {
    const { user, conversationId } = await newConversation(system);
    const [id] = await answers(conversationId, 'are you there?');
    const listener = await enterChat(system, user);
    await hears(listener, 'new_message');
    await askChat(listener, 'mark_messages_read', { conversation_id: conversationId });
    expect(await statusOf(id!)).toBe('read');
  });

  test('a ping that was sent before it proves nothing', async () => {
    const { user, conversationId } = await newConversation(system);
    const listener = await enterChat(system, user);
    const socket = socketOf(user);
    socket.conn['sendPacket']('ping');
    const [id] = await answers(conversationId, 'are you there?');
    await hears(listener, 'new_message');
    socket.conn.emit('heartbeat'); // as the late answer would
    await system.app.get(DeliveryProofs, { strict: false }).drained();
    expect(await statusOf(id!)).toBe('sent');
    pingAll(system);
    await isDelivered(id!);
  });
});

test('acknowledgements that never come are waited for until a ping proves the same, and no longer', async () => {
  const { user, conversationId } = await newConversation(system);
  const listener = await enterChat(system, user);
  const socket = socketOf(user);
  const [, two] = await answers(conversationId, 'one', 'two');
  await hears(listener, 'new-chat-message', 2);
  expect(awaited(socket)).toBe(4);
  socket.conn['sendPacket']('ping');
  await isDelivered(two!);
  expect(awaited(socket)).toBe(0);
  await answers(conversationId, 'three');
  await hears(listener, 'new-chat-message', 3);
  socket.conn.emit('heartbeat'); // of the ping before it
  expect(awaited(socket)).toBe(2);
  // Clients listen to one of the two names, so the other's never comes.
  listener.heard.findLast(({ event }) => event === 'new_message')!.acknowledge!();
  await eventually(() => awaited(socket) === 1);
  socket.conn['sendPacket']('ping');
  await eventually(() => awaited(socket) === 0);
});

test('message_delivered is only for messages of one’s own conversation', async () => {
  const [one, two] = [await newConversation(system), await newConversation(system)];
  const [id] = await answers(two.conversationId, 'for the other one');
  const listener = await enterChat(system, one.user);
  for (const [conversation_id, error_code] of [
    [one.conversationId, 'VALIDATION_FAILED'],
    [two.conversationId, 'NOT_FOUND'],
    [999_999, 'NOT_FOUND'],
  ])
    expect(
      await askChat(listener, 'message_delivered', { conversation_id, message_ids: [id] }),
    ).toMatchObject({
      status: 'error',
      error_code,
    });
  for (const message_ids of [undefined, [], ['x'], [1.5], Array.from({ length: 501 }, (_, i) => i + 1)])
    expect(
      await askChat(listener, 'message_delivered', { conversation_id: one.conversationId, message_ids }),
    ).toMatchObject({ error_code: 'VALIDATION_FAILED' });
  expect(await statusOf(id!)).toBe('sent');
});

describe('over two processes', () => {
  test('messages, typing, readings and states of the one reach those of the other', async () => {
    const second = await system.secondServer();
    const { user, conversationId } = await newConversation(system);
    const theirs = await enterChat(system, user);
    const ours = await enterChat(second, agent);
    await askChat(ours, 'join_conversation', { conversation_id: conversationId });
    await askChat(ours, 'join_admin_rooms', { rooms: ['admin_notifications'] });
    await askChat(theirs, 'typing_start', { conversation_id: conversationId });
    expect((await hears(ours, 'typing_indicator'))[0]).toMatchObject({ sender_role: 'user', typing: true });
    const sent = await askChat(theirs, 'send_message', { conversation_id: conversationId, content: 'hello' });
    expect(await hears(ours, 'new_message')).toEqual([sent.data]);
    expect(await hears(ours, 'new-user-message')).toEqual([sent.data]);
    await askChat(ours, 'typing-start', { conversationId });
    expect((await hears(theirs, 'user-typing'))[0]).toMatchObject({ userType: 'admin', isTyping: true });
    const answered = await askChat(ours, 'send-chat-message', { conversationId, message: 'hi' });
    await hears(theirs, 'new-chat-message', 2);
    expect(theirs.of('new-chat-message')[1]).toEqual(answered.data);
    await askChat(theirs, 'mark_messages_read', { conversation_id: conversationId });
    expect((await hears(ours, 'message_read')).at(-1)).toMatchObject({ read_by: 'user' });
    await agent.patch(`/conversations/${conversationId}`, { status: 'closed' });
    for (const listener of [theirs, ours])
      expect(await hears(listener, 'conversation_status')).toMatchObject([{ status: 'closed' }]);
  });

  test('a session that ends at the one closes sockets at the other, and who loses a conversation there is out here', async () => {
    const second = await system.secondServer();
    const user = await openChat(system);
    const theirs = await enterChat(second, user);
    await user.delete('/api/chat/sessions/current');
    await eventually(() => theirs.socket.disconnected, { timeoutMs: 2_500 });

    const supervisor = await system.signIn('supervisor');
    const made = await newConversation(system);
    const [loser, witness] = [await enterChat(second, agent), await enterChat(second, supervisor)];
    for (const listener of [loser, witness])
      await askChat(listener, 'join_conversation', { conversation_id: made.conversationId });
    await supervisor.patch(`/conversations/${made.conversationId}/assign`);
    await says(made.user, 'not for everybody');
    await hears(witness, 'new_message');
    await askChat(loser, 'leave_conversation', { conversation_id: 999_999 });
    expect(loser.of('new_message')).toEqual([]);
  });
});
