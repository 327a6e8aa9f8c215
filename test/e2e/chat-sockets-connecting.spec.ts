import { openChat, signedCall } from '../support/chat';
import {
  askChat,
  type ChatListener,
  enterChat,
  hangUp,
  hears,
  knockOnChat,
  newConversation,
  refusalOfChat,
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

const INVALID = { code: 'UNAUTHORIZED', message: 'Invalid authentication token' };

async function isClosed({ socket }: ChatListener): Promise<void> {
  await eventually(() => socket.disconnected, { timeoutMs: 2_500, what: 'the end of the socket' });
}

test.each([
  ['no token', {}],
  ['an empty one', { token: '' }],
  ['something that is none', { token: 'user_token_here' }],
  ['a number', { token: 5 }],
  ['a session that never was', { token: `chat_1_${'x'.repeat(43)}` }],
  ['a session of a workspace that is none', { token: `chat_zzzzzzzzzzz_${'x'.repeat(43)}` }],
])('connecting with %s is refused in the words of the contract', async (_, auth) => {
  expect(await refusalOfChat(system, auth)).toEqual(INVALID);
});

test.each(['websocket', 'polling'] as const)('users and staff connect over %s', async (transport) => {
  const user = await openChat(system);
  expect((await enterChat(system, user, { transport })).socket.connected).toBe(true);
  expect((await enterChat(system, agent, { transport })).socket.connected).toBe(true);
});

test('what the handshake says besides the token may be true', async () => {
  const user = await openChat(system, { user_id: 7_001, username: 'user123' });
  const auth = { role: 'user', userType: 'user', userId: 7_001, user_id: '7001', username: 'USER123' };
  expect((await enterChat(system, user, { auth })).socket.connected).toBe(true);
  const staff = { role: 'admin', userId: agent.user.id, username: agent.user.username };
  expect((await enterChat(system, agent, { auth: staff })).socket.connected).toBe(true);
});

describe('who says in the handshake that they are somebody else is refused:', () => {
  test.each([
    ['a user as admin', { role: 'admin' }],
    ['a user as admin, in the words of Anume', { userType: 'admin' }],
    ['another user', { user_id: 1 }],
    ['another user, in the words of Anume', { userId: 1 }],
    ['a name that is not theirs', { username: 'somebody' }],
    ['a role that is an object', { role: { toString: 'user' } }],
  ])('%s', async (_, claim) => {
    const { token } = await openChat(system);
    expect((await refusalOfChat(system, { token, ...claim })).code).toBe('FORBIDDEN');
  });

  test.each([
    ['staff as a user', { role: 'user' }],
    ['staff with a role above theirs', { role: 'supervisor' }],
    ['another member of staff', { userId: 999_999 }],
  ])('%s', async (_, claim) => {
    expect((await refusalOfChat(system, { token: agent.token, ...claim })).code).toBe('FORBIDDEN');
  });
});

describe('a session that ends closes its sockets within 2 s, and says so', () => {
  test('where the user signs out', async () => {
    const user = await openChat(system);
    const [listener, other] = [
      await enterChat(system, user),
      await enterChat(system, await openChat(system)),
    ];
    expect((await user.delete('/api/chat/sessions/current')).status).toBe(204);
    await isClosed(listener);
    expect(listener.of('error')).toEqual([{ code: 'UNAUTHORIZED', message: expect.any(String) }]);
    expect(other.socket.connected).toBe(true);
    expect(await refusalOfChat(system, { token: user.token })).toEqual(INVALID);
  });

  test('where the app signs them out everywhere', async () => {
    const user = await openChat(system);
    const again = await openChat(system, { user_id: user.userId });
    const listeners = [await enterChat(system, user), await enterChat(system, again)];
    await signedCall(system, 'DELETE', '/api/chat/sessions', { user_id: user.userId });
    await Promise.all(listeners.map(isClosed));
  });

  test('where it runs out', async () => {
    const user = await openChat(system);
    const listener = await enterChat(system, user);
    await system.sql(
      `update chat_session set expires_at = now() where chat_user_id = (select id from chat_user where user_id = $1)`,
      [user.userId],
    );
    await isClosed(listener);
    expect(listener.of('error')).toHaveLength(1);
  });

  test('where staff sign out, or are locked out', async () => {
    const [leaving, locked] = [await system.signIn('employer'), await system.signIn('supervisor')];
    const listeners = [await enterChat(system, leaving), await enterChat(system, locked)];
    await leaving.post('/auth/logout');
    const admin = await system.signIn('admin');
    expect((await admin.delete(`/users/${locked.user.id}`)).status).toBe(204);
    await Promise.all(listeners.map(isClosed));
    for (const listener of listeners) expect(listener.of('error')[0]).toMatchObject({ code: 'UNAUTHORIZED' });
  });

  test('and a message sent meanwhile is refused and ends it at once', async () => {
    const { user, conversationId } = await newConversation(system);
    const listener = await enterChat(system, user);
    await signedCall(system, 'DELETE', '/api/chat/sessions', { user_id: user.userId });
    const reply = await askChat(listener, 'send_message', {
      conversation_id: conversationId,
      content: 'still me',
    });
    expect(reply).toMatchObject({ status: 'error', error_code: 'UNAUTHENTICATED' });
    await isClosed(listener);
    expect(await hears(listener, 'error')).toMatchObject([{ code: 'UNAUTHORIZED' }]);
  });
});

test('messages that a user may not send are refused, and unknown ones do nothing', async () => {
  const listener = await enterChat(system, await openChat(system));
  expect(await askChat(listener, 'join_admin_rooms', { rooms: ['admin_dashboard'] })).toEqual({
    status: 'error',
    message: 'Admin access required',
    error_code: 'FORBIDDEN',
  });
  const staff = await enterChat(system, agent);
  expect(await askChat(staff, 'message_delivered', { conversation_id: 1, message_ids: [1] })).toMatchObject({
    status: 'error',
    error_code: 'FORBIDDEN',
  });
  listener.socket.emit('make_me_admin', { role: 'admin' });
  listener.socket.emit('join:conversation', { conversation_id: 1 });
  expect(await askChat(listener, 'leave_conversation', { conversation_id: 1 })).toMatchObject({
    status: 'success',
  });
  expect(listener.heard).toEqual([]);
});

test('who sends faster than is handled is answered up to 500 messages that wait, and cut off beyond', async () => {
  const [eager, flooding] = [await enterChat(system, agent), await enterChat(system, await openChat(system))];
  const payload = { conversation_id: 1 };
  const replies = await Promise.all(
    Array.from({ length: 400 }, () => askChat(eager, 'leave_conversation', payload)),
  );
  expect(replies).toHaveLength(400);
  for (let i = 0; i < 5_000; i++) flooding.socket.emit('leave_conversation', payload, () => undefined);
  await eventually(() => flooding.socket.disconnected, { what: 'the end of the socket' });
  expect(eager.socket.connected).toBe(true);
});

test('without a token nobody hears or says anything, whatever they send', async () => {
  const { socket, heard } = knockOnChat(system, {});
  socket.emit('join_admin_rooms', { rooms: ['admin_notifications'] });
  await eventually(() => !socket.connected && !socket.active, { what: 'the refusal' });
  await newConversation(system);
  expect(heard).toEqual([]);
});
