import { type ChatPerson, clientId, openChat, signedCall } from '../support/chat';
import { eventually } from '../support/eventually';
import { type Caller, TestSystem } from '../support/system';

const MESSAGES = '/api/chat/messages';

interface Message {
  id: number;
  conversation_id: number;
  sender_role: string;
  message: string;
  status: string;
  timestamp: string;
  sender_identifier: string;
}
interface History {
  status: string;
  data: { conversation_id: number | null; messages: Message[]; has_more: boolean; pagination?: object };
}
interface Said {
  status: string;
  data: Message;
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

const say = async (user: Caller, message: string, more: object = {}): Promise<Message> => {
  const { status, body } = await user.post<Said>(MESSAGES, { message, ...more });
  expect([status, body]).toMatchObject([201, { status: 'success' }]);
  return body.data;
};
const reply = async (conversationId: number, body: string): Promise<number> => {
  const answer = await agent.post<{ id: number }>('/messages', { conversation_id: conversationId, body });
  expect(answer.status).toBe(201);
  return answer.body.id;
};
const texts = (body: History): string[] => body.data.messages.map(({ message }) => message);

describe('POST /api/chat/messages', () => {
  test('answers 201 with the message as its contract shows it, and agents have it', async () => {
    const user = await openChat(system);
    const said = await user.post(MESSAGES, { message: 'Thank you for your help!' });
    expect(said).toMatchObject({
      status: 201,
      body: {
        status: 'success',
        data: {
          id: expect.any(Number),
          conversation_id: expect.any(Number),
          message: 'Thank you for your help!',
          sender_role: 'user',
          sender_identifier: user.uuid,
          sender_id: user.userId,
          timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
          status: 'delivered',
        },
      },
    });
    const { id, conversation_id } = (said.body as unknown as Said).data;
    expect((await agent.get(`/messages/${id}`)).body).toMatchObject({
      conversation_id,
      sender_type: 'contact',
      body: 'Thank you for your help!',
    });
    const again = await say(user, 'and another');
    expect(again.conversation_id).toBe(conversation_id);
  });

  test('is stored as written: nothing is removed from a text, whatever it looks like', async () => {
    const user = await openChat(system);
    const text = '<script>alert("1")</script> &amp; 😀\n\ttail ';
    const { id } = await say(user, text);
    expect(await system.sql('select body from message where id = $1', [id])).toEqual([{ body: text }]);
  });

  test('the app’s server may say it for a user whom it names, in the query or in the body', async () => {
    const user = await openChat(system);
    const inBody = await signedCall<Said>(system, 'POST', MESSAGES, { message: 'one', user_id: user.userId });
    expect(inBody).toMatchObject({ status: 201, body: { data: { sender_id: user.userId } } });
    const path = `${MESSAGES}?user_id=${user.userId}`;
    const inQuery = await signedCall<Said>(system, 'POST', path, { message: 'two' });
    expect(inQuery).toMatchObject({
      status: 201,
      body: { data: { conversation_id: inBody.body.data.conversation_id } },
    });
  });

  test('a closed conversation is not written into: a new one is opened', async () => {
    const user = await openChat(system);
    const first = await say(user, 'first');
    await agent.patch(`/conversations/${first.conversation_id}`, { status: 'closed' });
    const second = await say(user, 'second');
    expect(second.conversation_id).not.toBe(first.conversation_id);
  });

  test('the same client_message_id, also as Idempotency-Key, is one message; for another text it is refused', async () => {
    const user = await openChat(system);
    const key = clientId();
    const first = await user.post<Said>(MESSAGES, { message: 'once', client_message_id: key });
    const again = await user.post<Said>(MESSAGES, { message: 'once' }, { 'idempotency-key': key });
    expect(again).toMatchObject({ status: 201, body: first.body });
    expect(first.body.data).toMatchObject({ client_message_id: key });
    expect(await user.post(MESSAGES, { message: 'twice', client_message_id: key })).toMatchObject({
      status: 409,
      body: { status: 'error', error_code: 'IDEMPOTENCY_KEY_REUSED' },
    });
    expect(
      await user.post(MESSAGES, { message: 'x', client_message_id: key }, { 'idempotency-key': 'other' }),
    ).toMatchObject({ status: 400, body: { error_code: 'VALIDATION_FAILED' } });
  });

  test.each([
    ['no message', {}, 400],
    ['an empty message', { message: '' }, 400],
    ['a blank message', { message: ' \n ' }, 400],
    ['a message that is no text', { message: 5 }, 400],
    ['5,001 characters', { message: 'x'.repeat(5_001) }, 400],
    ['a NUL', { message: 'a\0b' }, 400],
    ['half a character', { message: 'a\ud800' }, 400],
    ['a role of its own', { message: 'x', sender_role: 'admin' }, 400],
    ['a sender of its own', { message: 'x', senderType: 'admin', senderId: 1 }, 400],
    ['a reply to nothing', { message: 'x', reply_to_id: 999_999 }, 400],
    ['somebody else’s user_id', { message: 'x', user_id: 999_999_999 }, 403],
    ['somebody else’s username', { message: 'x', username: 'somebody else' }, 403],
  ])('%s is refused and nothing is stored', async (_, body, status) => {
    const user = await openChat(system);
    const answer = await user.post(MESSAGES, body);
    expect(answer).toMatchObject({
      status,
      body: {
        status: 'error',
        message: expect.any(String),
        error_code: status === 400 ? 'VALIDATION_FAILED' : 'FORBIDDEN',
      },
    });
    expect((await user.get<History>(MESSAGES)).body.data).toEqual({
      conversation_id: null,
      messages: [],
      has_more: false,
    });
  });

  test('a message of another conversation is nothing to reply to', async () => {
    const [user, other] = [await openChat(system), await openChat(system)];
    const foreign = await say(other, 'theirs');
    expect(await user.post(MESSAGES, { message: 'x', reply_to_id: foreign.id })).toMatchObject({
      status: 400,
    });
    const own = await say(user, 'mine');
    expect(await say(user, 'answer', { reply_to_id: own.id })).toMatchObject({ reply_to_id: own.id });
  });

  test('without a session 401; for staff, who are no chat users, 401', async () => {
    const asked = { status: 401, body: { status: 'error', error_code: 'UNAUTHENTICATED' } };
    expect(await system.call('POST', MESSAGES, { message: 'x' })).toMatchObject(asked);
    expect(await system.callerWith('chat_1_nothing').post(MESSAGES, { message: 'x' })).toMatchObject(asked);
    expect(await admin.post(MESSAGES, { message: 'x' })).toMatchObject(asked);
    expect(await signedCall(system, 'POST', MESSAGES, { message: 'x', user_id: 123_456_789 })).toMatchObject(
      asked,
    );
  });
});

describe('GET /api/chat/messages', () => {
  test('answers the history, oldest first, with who said what: user and admin', async () => {
    const user = await openChat(system);
    const { conversation_id } = await say(user, 'Hello, I need help');
    await reply(conversation_id, 'How can I help you?');
    const { status, body } = await user.get<History>(MESSAGES);
    expect([status, body]).toMatchObject([
      200,
      {
        status: 'success',
        data: {
          conversation_id,
          messages: [
            {
              id: expect.any(Number),
              conversation_id,
              sender_role: 'user',
              message: 'Hello, I need help',
              timestamp: expect.any(String),
              sender_identifier: user.uuid,
            },
            {
              conversation_id,
              sender_role: 'admin',
              message: 'How can I help you?',
              sender_identifier: agent.user.username,
            },
          ],
          has_more: false,
        },
      },
    ]);
  });

  test('takes user_id from a body, as its contract shows it, and from the query', async () => {
    const user = await openChat(system);
    await say(user, 'hello');
    const body = JSON.stringify({ user_id: user.userId });
    const inBody = await getWithBody<History>(body, user);
    expect(inBody.data.messages).toHaveLength(1);
    const inQuery = await signedCall<History>(system, 'GET', `${MESSAGES}?user_id=${user.userId}`);
    expect(texts(inQuery.body)).toEqual(['hello']);
    expect((await user.get(`${MESSAGES}?user_id=999999999`)).status).toBe(403);
    expect((await signedCall(system, 'GET', `${MESSAGES}?user_id=x`)).status).toBe(400);
  });

  test('shows the open conversation; where none is open the latest', async () => {
    const user = await openChat(system);
    const first = await say(user, 'first');
    await agent.patch(`/conversations/${first.conversation_id}`, { status: 'closed' });
    expect(texts((await user.get<History>(MESSAGES)).body)).toEqual(['first']);
    await say(user, 'second');
    expect(texts((await user.get<History>(MESSAGES)).body)).toEqual(['second']);
  });

  test('is read on in both directions, as far as there is something', async () => {
    const user = await openChat(system);
    const ids: number[] = [];
    for (let i = 1; i <= 7; i++) ids.push((await say(user, `${i}`)).id);
    const page = async (query: string): Promise<[string[], boolean]> => {
      const { body } = await user.get<History>(`${MESSAGES}?${query}`);
      return [texts(body), body.data.has_more];
    };
    expect(await page('limit=3')).toEqual([['5', '6', '7'], true]);
    expect(await page(`limit=3&before_id=${ids[4]}`)).toEqual([['2', '3', '4'], true]);
    expect(await page(`limit=3&before_id=${ids[1]}`)).toEqual([['1'], false]);
    expect(await page(`limit=3&after_id=${ids[1]}`)).toEqual([['3', '4', '5'], true]);
    expect(await page(`limit=3&after_id=${ids[4]}`)).toEqual([['6', '7'], false]);
    expect(await page('limit=3&after_id=0')).toEqual([['1', '2', '3'], true]);
  });

  test.each([
    'limit=0',
    'limit=201',
    'limit=x',
    'before_id=0',
    'before_id=1&after_id=1',
    'after_id=-1',
    'x=1',
  ])('?%s is refused', async (query) => {
    const user = await openChat(system);
    expect(await user.get(`${MESSAGES}?${query}`)).toMatchObject({
      status: 400,
      body: { error_code: 'VALIDATION_FAILED' },
    });
  });

  test('what the user fetches is delivered, and agents are told', async () => {
    const user = await openChat(system);
    const { conversation_id } = await say(user, 'hi');
    const id = await reply(conversation_id, 'hello');
    const listener = await system.listen(agent);
    const { body } = await user.get<History>(MESSAGES);
    expect(body.data.messages[1]).toMatchObject({ id, status: 'delivered', is_read: false });
    expect((await agent.get(`/messages/${id}`)).body).toMatchObject({ whatsapp_status: 'delivered' });
    await eventually(() => listener.of('message:status_changed').some(({ payload }) => payload['id'] === id));
  });

  test('what is deleted says nothing any more', async () => {
    const user = await openChat(system);
    const { conversation_id } = await say(user, 'hi');
    const id = await reply(conversation_id, 'a secret');
    await system.sql('update message set deleted_at = now() where id = $1', [id]);
    const { body } = await user.get<History>(MESSAGES);
    expect(body.data.messages[1]).toMatchObject({ id, message: '', deleted_at: expect.any(String) });
    expect(JSON.stringify(body)).not.toContain('a secret');
  });
});

/** `fetch` sends no GET with a body. */
async function getWithBody<Body>(text: string, user: ChatPerson): Promise<Body> {
  const { request } = await import('node:http');
  return await new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${user.token}`,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
    };
    const sent = request(`${system.url}${MESSAGES}`, { method: 'GET', headers }, (response) => {
      let answer = '';
      response.on('data', (chunk: Buffer) => (answer += chunk.toString()));
      response.on('end', () => resolve(JSON.parse(answer) as Body));
    });
    sent.on('error', reject);
    sent.end(text);
  });
}
