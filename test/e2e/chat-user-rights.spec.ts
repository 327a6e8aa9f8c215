import { type ChatPerson, openChat, signedCall } from '../support/chat';
import { chatRefusal, CONVERSATIONS, openConversation } from '../support/chat-conversations';
import { conversationOf } from '../support/crm';
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
    const { conversation_id: id } = await openConversation(owner);
    const before = await system.sql('select * from conversation where id = $1', [id]);
    const foreign = await ask(stranger, id);
    expect(foreign).toMatchObject(chatRefusal(404, 'NOT_FOUND', 'Conversation not found'));
    expect((await ask(stranger, 999_999)).body).toEqual(foreign.body);
    expect(await system.sql('select * from conversation where id = $1', [id])).toEqual(before);
  });

  test('an app’s server, which knows its users, is told 403: Access denied to conversation', async () => {
    const [owner, stranger] = [await openChat(system), await openChat(system)];
    const { conversation_id: id } = await openConversation(owner);
    const signing = signer(stranger);
    expect(await ask(signing, id)).toMatchObject(
      chatRefusal(403, 'FORBIDDEN', 'Access denied to conversation'),
    );
    expect(await ask(signing, 999_999)).toMatchObject(
      chatRefusal(404, 'NOT_FOUND', 'Conversation not found'),
    );
  });

  test('an id that is none is 400', async () => {
    const user = await openChat(system);
    for (const id of ['x', '0', '-1', '1.5', '9007199254740993']) {
      const message = name === 'GET search' ? undefined : 'Invalid conversation ID';
      expect(await ask(user, id)).toMatchObject(chatRefusal(400, 'VALIDATION_FAILED', message));
    }
  });

  test('a user of another workspace sees nothing of it', async () => {
    const { conversation_id: id } = await openConversation(await openChat(system));
    const stranger = await (await otherWorkspace()).user();
    expect(await ask(stranger, id)).toMatchObject(chatRefusal(404, 'NOT_FOUND', 'Conversation not found'));
  });
});

test.each(BY_USERS)('%s is for users: staff answer 401', async (_, ask) => {
  const { conversation_id: id } = await openConversation(await openChat(system));
  expect(await ask(admin, id)).toMatchObject(chatRefusal(401, 'UNAUTHENTICATED'));
});

test.each(BY_BOTH)('%s is for staff who may see it, and only in the live chat', async (_, ask) => {
  const { conversation_id: id } = await openConversation(await openChat(system));
  const other = await system.signIn('employer');
  await admin.patch(`/conversations/${id}/assign`, { assigned_user: other.user.id });
  expect(await ask(agent, id)).toMatchObject(chatRefusal(404, 'NOT_FOUND', 'Conversation not found'));
  expect((await ask(other, id)).status).toBe(200);
  const foreign = await conversationOf(system, { id: 1, admin });
  expect(await ask(admin, foreign)).toMatchObject(chatRefusal(404, 'NOT_FOUND', 'Conversation not found'));
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
