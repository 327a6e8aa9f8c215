import { becomes, codeOf, conversationOf, newPhone, reply, type Shown, textsFor } from '../support/sending';
import { type Answer, type Caller, TestSystem } from '../support/system';

let system: TestSystem;
let admin: Caller;
let conversation: number;
let phone: string;

beforeAll(async () => {
  system = await TestSystem.start();
  admin = await system.signIn('admin');
});
beforeEach(async () => {
  phone = newPhone();
  conversation = await conversationOf(system, phone);
});
afterAll(() => system.stop());

const post = (body: unknown, headers: Record<string, string> = {}, who = admin): Promise<Answer<Shown>> =>
  who.post<Shown>('/messages', body, headers);

describe('the same send again', () => {
  const inBody = (key: string): [object, Record<string, string>] => [{ client_message_id: key }, {}];
  const inHeader = (key: string): [object, Record<string, string>] => [{}, { 'idempotency-key': key }];

  test.each([
    ['client_message_id', inBody],
    ['Idempotency-Key', inHeader],
  ])('five times at once by %s is one message and one send', async (_, withKey) => {
    const [more, headers] = withKey('the same one');
    const send = (): Promise<Answer<Shown>> =>
      post({ conversation_id: conversation, body: 'once', ...more }, headers);

    const answers = await Promise.all([send(), send(), send(), send(), send()]);

    const [first] = answers;
    for (const answer of answers) {
      expect(answer.status).toBe(201);
      expect(answer.body).toMatchObject({
        id: first.body.id,
        created_at: first.body['created_at'],
        body: 'once',
        client_message_id: 'the same one',
      });
    }
    await becomes(admin, first.body, 'read');
    const again = await send();
    expect(again).toMatchObject({ status: 201, body: { id: first.body.id, whatsapp_status: 'read' } });
    expect(textsFor(system.meta, phone)).toEqual(['once']);
  });

  test('is the same one whichever way the key came', async () => {
    const first = await post({ conversation_id: conversation, body: 'a', client_message_id: 'key' });
    const second = await post({ conversation_id: conversation, body: 'a' }, { 'idempotency-key': 'key' });
    expect(second.body.id).toBe(first.body.id);
  });

  test('is answered after the conversation was closed, too', async () => {
    const send = (): Promise<Answer<Shown>> =>
      post({ conversation_id: conversation, body: 'a', client_message_id: 'key' });
    const first = await send();
    await system.sql(`update conversation set status = 'closed' where id = $1`, [conversation]);
    expect(await send()).toMatchObject({ status: 201, body: { id: first.body.id } });
  });

  test('with another text, another quoted message or of another person is refused', async () => {
    const colleague = await system.signIn('supervisor');
    const quoted = await reply(admin, conversation, 'quoted');
    const sent = { conversation_id: conversation, body: 'a', client_message_id: 'key' };
    await post(sent);
    for (const again of [
      post({ ...sent, body: 'b' }),
      post({ ...sent, reply_to_id: quoted.id }),
      post(sent, {}, colleague),
    ]) {
      const answer = await again;
      expect([answer.status, codeOf(answer)]).toEqual([409, 'IDEMPOTENCY_KEY_REUSED']);
    }
  });

  test('in another conversation is another message', async () => {
    const other = await conversationOf(system, newPhone());
    const first = await post({ conversation_id: conversation, body: 'a', client_message_id: 'key' });
    const second = await post({ conversation_id: other, body: 'a', client_message_id: 'key' });
    expect(second.status).toBe(201);
    expect(second.body.id).not.toBe(first.body.id);
  });

  test.each([
    ['empty', ''],
    ['too long', 'k'.repeat(101)],
  ])('with a key that is %s is refused', async (_, key) => {
    const given = { conversation_id: conversation, body: 'a' };
    expect((await post({ ...given, client_message_id: key })).status).toBe(400);
    expect((await post(given, { 'idempotency-key': key })).status).toBe(400);
  });

  test('with two different keys is refused', async () => {
    const answer = await post(
      { conversation_id: conversation, body: 'a', client_message_id: 'one' },
      { 'idempotency-key': 'two' },
    );
    expect([answer.status, codeOf(answer)]).toEqual([400, 'VALIDATION_FAILED']);
  });
});

describe('POST /messages refuses with a clear 400', () => {
  const ok = { body: 'a text' };

  test.each<[string, object]>([
    ['an unknown field', { ...ok, status: 'read' }],
    ['a state of one own choice', { ...ok, whatsapp_status: 'read' }],
    ['another sender', { ...ok, sender_user: 1 }],
    ['no body', {}],
    ['an empty body', { body: '' }],
    ['a null body', { body: null }],
    ['a body that is a number', { body: 5 }],
    ['a body that is an object', { body: { text: 'a' } }],
    ['a body that is a list', { body: ['a'] }],
    ['4,097 characters', { body: 'x'.repeat(4_097) }],
    ['4,097 characters of which some are two units long', { body: `${'x'.repeat(4_095)}😀😀` }],
    ['4,096 characters and what changes their look', { body: '\u2764\uFE0F'.repeat(4_096) }],
    ['a NUL character', { body: 'a\u0000b' }],
    ['half a surrogate pair', { body: 'a\ud83db' }],
    ['a NUL character in the key', { ...ok, client_message_id: 'a\u0000' }],
    ['a conversation id that is a text', { ...ok, conversation_id: '1' }],
    ['a conversation id that is a list', { ...ok, conversation_id: [1] }],
    ['a conversation id below 1', { ...ok, conversation_id: 0 }],
    ['a conversation id with a fraction', { ...ok, conversation_id: 1.5 }],
    ['a conversation id beyond all numbers', { ...ok, conversation_id: 1e300 }],
    ['a quoted message that is none', { ...ok, reply_to_id: 999_999_999 }],
    ['a quoted message that is a text', { ...ok, reply_to_id: 'x' }],
  ])('%s', async (_, given) => {
    const answer = await post({ conversation_id: conversation, ...given });
    expect([answer.status, codeOf(answer)]).toEqual([400, 'VALIDATION_FAILED']);
    expect(answer.body['message']).not.toMatch(/cannot be stored as it is/);
    expect(await messagesIn(conversation)).toBe(1);
  });

  test.each([
    ['what is not JSON', '{"conversation_id": 1,'],
    ['a list', '[]'],
    ['null', 'null'],
    ['a text', '"x"'],
  ])('%s', async (_, raw) => {
    expect((await post(raw)).status).toBe(400);
  });

  test('a quoted message of another conversation', async () => {
    const elsewhere = await reply(admin, await conversationOf(system, newPhone()), 'elsewhere');
    const answer = await post({ conversation_id: conversation, ...ok, reply_to_id: elsewhere.id });
    expect([answer.status, codeOf(answer)]).toEqual([400, 'VALIDATION_FAILED']);
  });
});

test.each([
  ['4,096 characters', 'x'.repeat(4_096)],
  ['4,096 emojis', '😀'.repeat(4_096)],
  ['what looks dangerous', `'; drop table message; -- <script>{{7*7}}</script> \\ % _ \u202E \r\n\t`],
])('POST /messages takes %s and sends it as it is', async (_, body) => {
  const message = await reply(admin, conversation, body);
  expect((await becomes(admin, message, 'read')).body).toBe(body);
  expect(textsFor(system.meta, phone)).toEqual([body]);
});

test('fields that are null count as not given', async () => {
  const answer = await post({
    conversation_id: conversation,
    body: 'a',
    reply_to_id: null,
    client_message_id: null,
  });
  expect(answer).toMatchObject({ status: 201, body: { reply_to_id: null, client_message_id: null } });
});

test('a reply names the message it quotes to WhatsApp', async () => {
  const [quoted] = await system.sql<{ id: number; wamid: string }>(
    'select id, whatsapp_message_id as wamid from message where conversation_id = $1',
    [conversation],
  );
  const message = await post({ conversation_id: conversation, body: 'a', reply_to_id: quoted!.id });
  await becomes(admin, message.body, 'read');
  expect(system.meta.acceptedFor(phone)[0]!.body['context']).toEqual({ message_id: quoted!.wamid });
});

describe('whose conversation it is', () => {
  test('a conversation of another workspace answers like one that does not exist', async () => {
    const { id } = await system.createWorkspace('elsewhere');
    const stranger = await system.signIn('admin', { workspaceId: id });

    const foreign = await post({ conversation_id: conversation, body: 'a' }, {}, stranger);
    const missing = await post({ conversation_id: 999_999_999, body: 'a' }, {}, stranger);

    expect(foreign.status).toBe(404);
    expect({ ...foreign.body, requestId: '' }).toEqual({ ...missing.body, requestId: '' });
    expect(await messagesIn(conversation)).toBe(1);
  });

  test('an employer cannot send into what belongs to somebody else, and cannot tell that it exists', async () => {
    const [mine, somebody] = [await system.signIn('employer'), await system.signIn('employer')];
    expect((await post({ conversation_id: conversation, body: 'unassigned' }, {}, mine)).status).toBe(201);
    await system.sql(`update conversation set status = 'active', assigned_user = $2 where id = $1`, [
      conversation,
      somebody.user.id,
    ]);

    const refused = await post({ conversation_id: conversation, body: 'a' }, {}, mine);
    const missing = await post({ conversation_id: 999_999_999, body: 'a' }, {}, mine);

    expect(refused.status).toBe(404);
    expect({ ...refused.body, requestId: '' }).toEqual({ ...missing.body, requestId: '' });
    expect((await post({ conversation_id: conversation, body: 'a' }, {}, somebody)).status).toBe(201);
    expect((await post({ conversation_id: conversation, body: 'a' }, {}, admin)).status).toBe(201);
  });

  test.each(['closed', 'archived'])('a conversation that is %s takes no message', async (status) => {
    await system.sql('update conversation set status = $2 where id = $1', [conversation, status]);
    const answer = await post({ conversation_id: conversation, body: 'a' });
    expect([answer.status, codeOf(answer)]).toEqual([409, 'CONVERSATION_CLOSED']);
    expect(await messagesIn(conversation)).toBe(1);
  });

  test('nobody sends without a token', async () => {
    const answer = await system.call('POST', '/messages', { conversation_id: conversation, body: 'a' });
    expect(answer.status).toBe(401);
  });
});

async function messagesIn(id: number): Promise<number> {
  return (await system.sql('select 1 from message where conversation_id = $1', [id])).length;
}
