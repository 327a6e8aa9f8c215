import { BUTTONS, CARD, CTA, LIST } from '../support/outgoing-contents';
import { becomes, codeOf, conversationOf, newPhone, type Shown } from '../support/sending';
import { type Answer, type Caller, TestSystem } from '../support/system';

let system: TestSystem;
let admin: Caller;
let phone: string;
let conversation: number;

beforeAll(async () => {
  system = await TestSystem.start();
  admin = await system.signIn('admin');
});
beforeEach(async () => {
  system.meta.reset();
  phone = newPhone();
  conversation = await conversationOf(system, phone);
});
afterAll(() => system.stop());

const post = (content: object): Promise<Answer<Shown>> =>
  admin.post<Shown>('/messages', { conversation_id: conversation, ...content });

describe('POST /messages brings to the customer', () => {
  test.each<[string, object, string, unknown]>([
    [
      'a place',
      {
        type: 'location',
        payload: { latitude: -23.5, longitude: -46.6, name: 'MASP', address: 'Av. Paulista' },
      },
      '[location: MASP, Av. Paulista]',
      { latitude: -23.5, longitude: -46.6, name: 'MASP', address: 'Av. Paulista' },
    ],
    [
      'a place without a name',
      { type: 'location', payload: { latitude: 1.5, longitude: 2 } },
      '[location: 1.5, 2]',
      { latitude: 1.5, longitude: 2 },
    ],
    [
      'a contact',
      { type: 'contacts', payload: { contacts: [CARD] } },
      '[contact: Bia Reis]',
      [{ name: { formatted_name: 'Bia Reis', first_name: 'Bia Reis' }, phones: CARD.phones }],
    ],
    [
      'buttons',
      BUTTONS,
      'Which size?\n[Small] [Large]',
      {
        type: 'button',
        header: { type: 'text', text: 'Shirts' },
        body: { text: 'Which size?' },
        footer: { text: 'Until Friday' },
        action: {
          buttons: [
            { type: 'reply', reply: { id: 's', title: 'Small' } },
            { type: 'reply', reply: { id: 'l', title: 'Large' } },
          ],
        },
      },
    ],
    [
      'a list',
      LIST,
      'Which size?\n[Small]',
      {
        type: 'list',
        body: { text: 'Which size?' },
        action: { button: 'Sizes', sections: LIST.payload.sections },
      },
    ],
    [
      'a button that opens a page',
      CTA,
      'Your order\n[Open: https://shop.test/1]',
      {
        type: 'cta_url',
        body: { text: 'Your order' },
        action: { name: 'cta_url', parameters: { display_text: 'Open', url: 'https://shop.test/1' } },
      },
    ],
    [
      'a file at an address',
      { type: 'document', body: 'The bill', payload: { link: 'https://files.test/1', filename: 'bill.pdf' } },
      'The bill',
      { link: 'https://files.test/1', caption: 'The bill', filename: 'bill.pdf' },
    ],
    [
      'a template',
      { type: 'template', payload: { name: 'order_update', language: 'pt_BR', body: [{ text: 'Ana' }] } },
      '[template: order_update] Ana',
      {
        name: 'order_update',
        language: { code: 'pt_BR' },
        components: [{ type: 'body', parameters: [{ type: 'text', text: 'Ana' }] }],
      },
    ],
  ])('%s, which people can read', async (_, content, body, sent) => {
    const answer = await post(content);
    const { type } = content as { type: string };
    expect(answer).toMatchObject({
      status: 201,
      body: { type, body, payload: { kind: type }, whatsapp_status: 'pending', followed_by: [] },
    });
    expect(await becomes(admin, answer.body, 'read')).toMatchObject({ type, body });
    expect(system.meta.acceptedFor(phone).map((one) => one.body[type])).toEqual([sent]);
  });

  test('choices, and what the customer chose comes back under our own ids', async () => {
    const asked = (await post(BUTTONS)).body;
    const { whatsapp_message_id: wamid } = await becomes(admin, asked, 'read');
    await system.meta.customerSays(
      { phone },
      {
        type: 'interactive',
        context: { id: wamid },
        interactive: { type: 'button_reply', button_reply: { id: 'l', title: 'Large' } },
      },
    );
    const history = await admin.get<{ data: Shown[] }>(`/messages/conversation/${conversation}`);
    expect(history.body.data[0]).toMatchObject({
      reply_to_id: asked.id,
      body: 'Large',
      payload: { button_reply: { id: 'l' } },
    });
  });
});

describe('a reaction', () => {
  const react = (id: number, emoji: string): Promise<Answer<Shown>> =>
    post({ type: 'reaction', payload: { message_id: id, emoji } });

  async function firstOfThem(): Promise<{ id: number; wamid: string }> {
    const [row] = await system.sql<{ id: number; wamid: string }>(
      'select id::int, whatsapp_message_id as wamid from message where conversation_id = $1 order by id limit 1',
      [conversation],
    );
    return row!;
  }

  test('names the message to WhatsApp, and takes itself back', async () => {
    const target = await firstOfThem();
    const on = await react(target.id, '👍');
    expect(on).toMatchObject({
      status: 201,
      body: { type: 'reaction', body: '👍', reply_to_id: target.id, payload: { message_id: target.wamid } },
    });
    const off = await react(target.id, '');
    expect(off.body).toMatchObject({ body: '[reaction removed]', payload: { emoji: null } });
    await becomes(admin, off.body, 'sent');
    expect(system.meta.acceptedFor(phone).map((one) => one.body)).toMatchObject([
      { reaction: { message_id: target.wamid, emoji: '👍' } },
      { reaction: { message_id: target.wamid, emoji: '' } },
    ]);
    expect(system.meta.acceptedFor(phone)[0]!.body).not.toHaveProperty('context');
  });

  test.each(['👍🏽', '❤️', '❤', '👨‍👩‍👧', '🇧🇷', '1️⃣'])('may be %s', async (emoji) => {
    expect((await react((await firstOfThem()).id, emoji)).status).toBe(201);
  });

  test.each(['a', '👍👍', ' ', ':)', '1'])('may not be "%s"', async (emoji) => {
    expect(await react((await firstOfThem()).id, emoji)).toMatchObject({
      status: 400,
      body: { details: [{ field: 'payload.emoji' }] },
    });
  });

  test('is not to a message of another conversation, to one that never went out, or to an old one', async () => {
    const elsewhere = await conversationOf(system, newPhone());
    const [foreign] = await system.sql<{ id: number }>(
      'select id::int from message where conversation_id = $1',
      [elsewhere],
    );
    const target = await firstOfThem();
    const [unsent] = await system.sql<{ id: number }>(
      `insert into message (workspace_id, conversation_id, sender_type, body, whatsapp_status)
       values (1, $1, 'system', 'x', 'failed') returning id::int`,
      [conversation],
    );
    for (const id of [foreign!.id, unsent!.id, 999_999_999]) expect((await react(id, '👍')).status).toBe(400);
    await system.sql(`update message set created_at = now() - interval '31 days' where id = $1`, [target.id]);
    expect(await react(target.id, '👍')).toMatchObject({
      status: 400,
      body: { message: expect.stringContaining('30 days') as string },
    });
  });
});

describe('after 24 hours of silence', () => {
  beforeEach(async () => {
    await system.sql(
      `update conversation set window_expires_at = now() - interval '1 second' where id = $1`,
      [conversation],
    );
  });

  test.each<[string, object]>([
    ['a text', { body: 'x' }],
    ['buttons', BUTTONS],
    ['a place', { type: 'location', payload: { latitude: 0, longitude: 0 } }],
  ])('%s is refused, with what may be sent instead', async (_, content) => {
    const answer = await post(content);
    expect([answer.status, codeOf(answer)]).toEqual([409, 'WINDOW_CLOSED']);
    expect(answer.body['details']).toEqual({
      window_expires_at: expect.stringMatching(/^\d{4}-.*Z$/) as string,
      allowed: ['template'],
    });
    expect(
      await system.sql(`select 1 from message where conversation_id = $1 and sender_type <> 'contact'`, [
        conversation,
      ]),
    ).toEqual([]);
  });

  test('a template goes out, and the next word of the customer opens the window again', async () => {
    const template = await post({ type: 'template', payload: { name: 'a', language: 'en' } });
    await becomes(admin, template.body, 'read');
    await system.meta.customerSays({ phone }, 'I am back');
    expect((await post({ body: 'Welcome back' })).status).toBe(201);
  });

  test('a send of before is answered as it was', async () => {
    await system.meta.customerSays({ phone }, 'I am here');
    const first = await post({ body: 'x', client_message_id: 'k' });
    await system.sql(`update conversation set window_expires_at = now() where id = $1`, [conversation]);
    expect(await post({ body: 'x', client_message_id: 'k' })).toMatchObject({
      status: 201,
      body: { id: first.body.id },
    });
  });
});

describe('the same request again', () => {
  test.each<[string, object, object]>([
    ['buttons', BUTTONS, { ...BUTTONS, body: 'Other words' }],
    ['a list', LIST, { ...LIST, payload: { ...LIST.payload, button: 'Other' } }],
    [
      'a place',
      { type: 'location', payload: { latitude: 0, longitude: 0 } },
      { type: 'location', payload: { latitude: 0, longitude: 1 } },
    ],
  ])(
    'of %s is one message, however its fields are ordered, and another content is refused',
    async (_, content, other) => {
      const key = { client_message_id: 'k' };
      const turned = Object.fromEntries(Object.entries(content).toReversed());
      const [first, second] = await Promise.all([post({ ...content, ...key }), post({ ...key, ...turned })]);
      expect(second.body.id).toBe(first.body.id);
      expect(first.status + second.status).toBe(402);
      const different = await post({ ...other, ...key });
      expect([different.status, codeOf(different)]).toEqual([409, 'IDEMPOTENCY_KEY_REUSED']);
      await becomes(admin, first.body, 'read');
      expect(system.meta.acceptedFor(phone)).toHaveLength(1);
    },
  );
});
