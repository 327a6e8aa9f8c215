import { becomes, codeOf, conversationOf, newPhone, type Shown, textsFor } from '../support/sending';
import { ACCESS_TOKEN, type Answer, type Caller, TestSystem } from '../support/system';

const OTHER_NUMBER = '206540352242922';
const MESSAGE = '/meta-whatsapp/webhook/send-message';
const MEDIA = '/meta-whatsapp/webhook/send-media';
const TEMPLATE = { name: 'hello_world', language: 'en_US' };

let system: TestSystem;
let admin: Caller;
let employer: Caller;
let integration: number;
let phone: string;

beforeAll(async () => {
  system = await TestSystem.start();
  admin = await system.signIn('admin');
  employer = await system.signIn('employer');
  const { body } = await admin.get<{ data: { id: number }[] }>('/whatsapp-integration-config');
  integration = body.data[0]!.id;
});
beforeEach(() => {
  system.meta.reset();
  phone = newPhone();
});
afterAll(() => system.stop());

const send = (body: object, path = MESSAGE, who = employer, headers = {}): Promise<Answer<Shown>> =>
  who.post<Shown>(path, { to: phone, ...body }, headers);

describe('POST /meta-whatsapp/webhook/send-message', () => {
  test.each([
    ['with a plus', (digits: string) => `+${digits}`],
    ['as digits', (digits: string) => digits],
    [
      'as people write it',
      (digits: string) =>
        `+${digits.slice(0, 2)} (${digits.slice(2, 4)}) ${digits.slice(4, 8)}-${digits.slice(8)}`,
    ],
  ])('answers the customer in their conversation, the number written %s', async (_, write) => {
    const conversation = await conversationOf(system, phone);
    const answer = await send({ to: write(phone), message: 'Hello back' });
    expect(answer).toMatchObject({
      status: 201,
      body: {
        conversation_id: conversation,
        body: 'Hello back',
        sender_user: employer.user.id,
        followed_by: [],
      },
    });
    await becomes(admin, answer.body, 'read');
    expect(textsFor(system.meta, phone)).toEqual(['Hello back']);
  });

  test('keeps its place among the other messages of the conversation', async () => {
    const conversation = await conversationOf(system, phone);
    await admin.post('/messages', { conversation_id: conversation, body: 'first' });
    await send({ message: 'second' });
    const third = await admin.post<Shown>('/messages', { conversation_id: conversation, body: 'third' });
    await becomes(admin, third.body, 'read');
    expect(textsFor(system.meta, phone)).toEqual(['first', 'second', 'third']);
  });

  test('a template begins a conversation with somebody who never wrote', async () => {
    const listener = await system.listen(employer);
    const answer = await send({ template: TEMPLATE });
    expect(answer).toMatchObject({ status: 201, body: { type: 'template' } });
    await becomes(admin, answer.body, 'read');
    expect(system.meta.acceptedFor(phone)).toMatchObject([
      { body: { type: 'template', template: { name: 'hello_world', language: { code: 'en_US' } } } },
    ]);
    const conversation = await admin.get(`/conversations/${answer.body.conversation_id}`);
    expect(conversation.body).toMatchObject({
      contact: { phone_number: `+${phone}` },
      last_message: { id: answer.body.id },
      window_expires_at: null,
    });
    expect(listener.of('conversation:new').map((heard) => heard.payload['id'])).toContain(
      answer.body.conversation_id,
    );
  });

  test('the answer of somebody who shows only a user id comes into the same conversation', async () => {
    const userId = `BR.${phone}`;
    system.meta.phone.meet({ phone, userId });
    const sent = await becomes(admin, (await send({ template: TEMPLATE })).body, 'read');
    await system.meta.customerSays({ userId }, 'Hello');
    const history = await admin.get<{ data: Shown[] }>(`/messages/conversation/${sent.conversation_id}`);
    expect(history.body.data.map((message) => message.body)).toContain('Hello');
  });

  test('a text to somebody who never wrote is refused and leaves nothing behind', async () => {
    const answer = await send({ message: 'Buy now' });
    expect(answer).toMatchObject({
      status: 409,
      body: { code: 'WINDOW_CLOSED', details: { window_expires_at: null, allowed: ['template'] } },
    });
    expect(await system.sql('select 1 from contact_identity where value = $1', [phone])).toEqual([]);
  });

  test('the window outlives the conversation it was opened in', async () => {
    const before = await conversationOf(system, phone);
    await system.sql(`update conversation set status = 'closed' where id = $1`, [before]);
    const answer = await send({ message: 'One more thing' });
    expect(answer.status).toBe(201);
    expect(answer.body.conversation_id).not.toBe(before);
    await becomes(admin, answer.body, 'read');
  });

  test('a conversation of a colleague is none', async () => {
    const conversation = await conversationOf(system, phone);
    await admin.patch(`/conversations/${conversation}/assign`);
    expect((await send({ message: 'x' })).status).toBe(404);
    expect((await send({ message: 'x' }, MESSAGE, admin)).status).toBe(201);
  });

  test.each<[string, object]>([
    ['neither a message nor a template', {}],
    ['both', { message: 'x', template: TEMPLATE }],
    ['an empty message', { message: '' }],
    ['a message that is too long', { message: 'x'.repeat(4_097) }],
    ['a template without a name', { template: { language: 'en' } }],
    ['a number that is too short', { to: '123456', message: 'x' }],
    ['a number that is too long', { to: '1234567890123456', message: 'x' }],
    ['a number without a country', { to: '0119999999', message: 'x' }],
    ['words for a number', { to: 'Ana', message: 'x' }],
    ['a number for a number', { to: 5511999990000, message: 'x' }],
    ['an unknown field', { message: 'x', sender: 1 }],
    ['a number of ours that is a text', { message: 'x', integration_id: '1' }],
    ['a number of ours that is no number', { message: 'x', phone_number_id: 'abc' }],
  ])('refuses %s', async (_, given) => {
    const answer = await send(given);
    expect([answer.status, codeOf(answer)]).toEqual([400, 'VALIDATION_FAILED']);
  });

  test.each([{ integration_id: 999_999 }, { phone_number_id: '999999' }])(
    'refuses a number of ours that is none: %o',
    async (number) => {
      const answer = await send({ message: 'x', ...number });
      expect([answer.status, codeOf(answer)]).toEqual([409, 'CHANNEL_NOT_CONNECTED']);
    },
  );
});

describe('the same request again', () => {
  test.each([
    ['client_message_id', { client_message_id: 'key' }, {}],
    ['Idempotency-Key', {}, { 'idempotency-key': 'key' }],
  ])(
    'by %s, five times at once to somebody new, is one message in one conversation',
    async (_, inBody, headers) => {
      const again = (): Promise<Answer<Shown>> =>
        send({ template: TEMPLATE, ...inBody }, MESSAGE, employer, headers);
      const answers = await Promise.all([again(), again(), again(), again(), again()]);
      expect(new Set(answers.map(({ status, body }) => `${status} ${body.id}`)).size).toBe(1);
      await becomes(admin, answers[0].body, 'read');
      await system.sql(`update conversation set status = 'closed' where id = $1`, [
        answers[0].body.conversation_id,
      ]);

      expect((await again()).body.id).toBe(answers[0].body.id);

      expect(system.meta.acceptedFor(phone)).toHaveLength(1);
      expect(
        await system.sql(
          'select 1 from conversation c join contact_identity i on i.contact_id = c.contact_id where i.value = $1',
          [phone],
        ),
      ).toHaveLength(1);
      const other = await send({ template: { ...TEMPLATE, name: 'other' }, client_message_id: 'key' });
      expect([other.status, codeOf(other)]).toEqual([409, 'IDEMPOTENCY_KEY_REUSED']);
    },
  );

  test('five times at once to somebody known, whose conversation is closed, is one message', async () => {
    const before = await conversationOf(system, phone);
    await system.sql(`update conversation set status = 'closed' where id = $1`, [before]);
    const again = (): Promise<Answer<Shown>> => send({ message: 'Once', client_message_id: 'key' });
    const answers = await Promise.all([again(), again(), again(), again(), again()]);
    expect(new Set(answers.map(({ status, body }) => `${status} ${body.id}`)).size).toBe(1);
    await becomes(admin, answers[0].body, 'read');
    expect(textsFor(system.meta, phone)).toEqual(['Once']);
  });
});

describe('POST /meta-whatsapp/webhook/send-media', () => {
  test.each<[string, object, object]>([
    ['image', { caption: 'A cat' }, { link: 'https://files.test/a', caption: 'A cat' }],
    ['video', {}, { link: 'https://files.test/a' }],
    ['audio', {}, { link: 'https://files.test/a' }],
    ['document', { filename: 'a.pdf' }, { link: 'https://files.test/a', filename: 'a.pdf' }],
    ['sticker', {}, { link: 'https://files.test/a' }],
  ])('lets WhatsApp fetch %s', async (type, more, expected) => {
    await conversationOf(system, phone);
    const answer = await send({ type, url: 'https://files.test/a', ...more }, MEDIA);
    expect(answer).toMatchObject({ status: 201, body: { type } });
    await becomes(admin, answer.body, 'read');
    expect(system.meta.acceptedFor(phone)[0]!.body[type]).toEqual(expected);
  });

  test('sends what Meta has already', async () => {
    await conversationOf(system, phone);
    const { id } = system.meta.putMedia(Buffer.from('x'), 'image/png');
    const answer = await send({ type: 'image', media_id: id }, MEDIA);
    await becomes(admin, answer.body, 'read');
    expect(system.meta.acceptedFor(phone)[0]!.body['image']).toEqual({ id });
  });

  test.each<[string, object]>([
    ['no file', { type: 'image' }],
    ['two files', { type: 'image', url: 'https://x.test', media_id: '1' }],
    ['an address without a type', { url: 'https://x.test' }],
    ['an address that is not https', { type: 'image', url: 'http://x.test/a.png' }],
    ['an address of this machine by another scheme', { type: 'image', url: 'file:///etc/passwd' }],
    ['an unknown type', { type: 'poll', url: 'https://x.test' }],
    ['a caption of an audio', { type: 'audio', url: 'https://x.test', caption: 'x' }],
    ['a caption that is too long', { type: 'image', url: 'https://x.test', caption: 'x'.repeat(1_025) }],
    ['a file name with a path', { type: 'document', url: 'https://x.test', filename: '../a.pdf' }],
  ])('refuses %s', async (_, given) => {
    await conversationOf(system, phone);
    const answer = await send(given, MEDIA);
    expect([answer.status, codeOf(answer)]).toEqual([400, 'VALIDATION_FAILED']);
  });
});

// Last: from here on there are two numbers.
test('where there are several numbers the request says which', async () => {
  system.meta.addNumber({
    phoneNumberId: OTHER_NUMBER,
    displayPhoneNumber: '15550000000',
    businessAccountId: '1',
  });
  const added = await admin.post<{ id: number }>('/whatsapp-integration-config', {
    phone_number_id: OTHER_NUMBER,
    access_token: ACCESS_TOKEN,
  });
  expect((await send({ template: TEMPLATE })).status).toBe(400);
  for (const number of [{ integration_id: added.body.id }, { phone_number_id: OTHER_NUMBER }]) {
    const answer = await send({ template: TEMPLATE, ...number });
    expect(answer.status).toBe(201);
    await becomes(admin, answer.body, 'read');
  }
  expect(system.meta.acceptedFor(phone).map((one) => one.phoneNumberId)).toEqual([
    OTHER_NUMBER,
    OTHER_NUMBER,
  ]);
  expect(
    (await send({ template: TEMPLATE, integration_id: integration, phone_number_id: OTHER_NUMBER })).status,
  ).toBe(409);
});
