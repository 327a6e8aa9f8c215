import { createHmac } from 'node:crypto';
import { BOT_SECRET, BotService, giveToBot, makeBot, reply, saidTo, settled } from '../support/bots';
import { eventually } from '../support/eventually';
import { latch } from '../support/jobs';
import { conversationOf, newPhone } from '../support/sending';
import { type Caller, TestSystem } from '../support/system';

let system: TestSystem;
let admin: Caller;
let service: BotService;
let botId: number;

beforeAll(async () => {
  system = await TestSystem.start({ config: { bots: { webhookAllowPrivate: true } } });
  admin = await system.signIn('admin');
});
beforeEach(async () => {
  service = await BotService.start();
  const made = await makeBot(admin, {
    name: 'Service',
    kind: 'webhook',
    secret: BOT_SECRET,
    config: { url: service.url, timeout_seconds: 1, handoff_text: 'A person will answer.' },
  });
  botId = made.id;
});
afterEach(() => service.stop());
afterAll(() => system.stop());

async function withBot(): Promise<{ phone: string; id: number }> {
  const phone = newPhone();
  const id = await conversationOf(system, phone);
  await giveToBot(admin, id, botId);
  return { phone, id };
}

const state = async (id: number): Promise<object> => {
  const { status, assigned_user, assigned_bot } = (await admin.get(`/conversations/${id}`)).body;
  return { status, assigned_user, assigned_bot };
};
const QUEUED = { status: 'queue', assigned_user: null, assigned_bot: null };

async function heardBy(phone: string, count: number): Promise<string[]> {
  await eventually(() => saidTo(system.meta, phone).length >= count, { what: `${count} messages` });
  return saidTo(system.meta, phone);
}

/** How often a bot has spoken in the conversation, whether it went out yet or not. */
const saidBy = async (id: number): Promise<number> =>
  (await system.sql(`select 1 from message where conversation_id = $1 and sender_type = 'bot'`, [id])).length;

const handoffOf = async (id: number): Promise<unknown> =>
  (
    await system.sql(
      `select payload->>'reason' as reason, payload->>'detail' as detail from event
    where type = 'bot:handoff' and conversation_id = $1`,
      [id],
    )
  )[0];

test('it is asked with the message, who said it and what was said before, and its answer is sent', async () => {
  const { phone, id } = await withBot();
  await system.meta.customerSays({ phone, name: 'Ana' }, 'first ü "quoted"');
  await settled(system, id, 1);
  await system.meta.customerSays({ phone }, 'second');
  await settled(system, id, 2);

  expect(await heardBy(phone, 2)).toEqual(['echo: first ü "quoted"', 'echo: second']);
  expect(service.asked).toHaveLength(2);
  const { json, headers, body } = service.asked[1]!;
  expect(json).toMatchObject({
    event_id: `bot:${botId}:${json.message.id}`,
    type: 'message',
    attempt: 1,
    bot: { id: botId, name: 'Service' },
    conversation: { id, assigned_bot: botId, channel: 'whatsapp', status: 'active' },
    contact: { phone_number: `+${phone}` },
    message: { body: 'second', sender_type: 'contact', type: 'text' },
  });
  expect(json.history.map((message) => message.body)).toEqual([
    'Hello',
    'first ü "quoted"',
    'echo: first ü "quoted"',
  ]);
  // As docs/bots.md tells a service to check it.
  const timestamp = headers['x-timestamp'] as string;
  const expected = `sha256=${createHmac('sha256', BOT_SECRET).update(`${timestamp}.${body}`).digest('hex')}`;
  expect(headers).toMatchObject({
    'content-type': 'application/json',
    'x-event-id': json.event_id,
    'x-signature-256': expected,
  });
  expect(Math.abs(Number(timestamp) - Date.now() / 1000)).toBeLessThan(30);
  const [first] = await system.sql<{ sender_bot: string; client: string }>(
    `select sender_bot, client_message_id as client from message where conversation_id = $1 and sender_type = 'bot' order by id`,
    [id],
  );
  expect(first).toMatchObject({
    sender_bot: botId,
    client: `bot:${botId}:${service.asked[0]!.json.message.id}:0`,
  });
});

test('ten messages before the question go along, the oldest first', async () => {
  const { phone, id } = await withBot();
  service.answer = (_, response) => reply(response, {});
  for (let n = 1; n <= 12; n++) await system.meta.customerSays({ phone }, `${n}`);
  await settled(system, id, 12);
  const { history, message } = service.asked.at(-1)!.json;
  expect(message.body).toBe('12');
  expect(history.map((each) => each.body)).toEqual(['2', '3', '4', '5', '6', '7', '8', '9', '10', '11']);
});

describe('its answer', () => {
  test('may hold several replies, sent in their order, or none', async () => {
    const { phone, id } = await withBot();
    service.answer = ({ json }, response) =>
      json.message.body === 'none'
        ? void response.writeHead(204).end()
        : reply(response, { replies: ['a', 'b', 'c'].map((body) => ({ type: 'text', body })) });
    await system.meta.customerSays({ phone }, 'none');
    await system.meta.customerSays({ phone }, 'some');
    await settled(system, id, 2);
    expect(await heardBy(phone, 3)).toEqual(['a', 'b', 'c']);
  });

  test.each([
    ['handoff', {}, QUEUED],
    ['close', {}, { status: 'closed', assigned_user: null }],
  ])('may ask for %s after its replies', async (action, more, expected) => {
    const { phone, id } = await withBot();
    service.answer = (_, response) =>
      reply(response, { replies: [{ type: 'text', body: 'bye' }], action, ...more });
    await system.meta.customerSays({ phone }, 'go');
    await settled(system, id, 1);
    expect(await heardBy(phone, 1)).toEqual(['bye']);
    expect(await state(id)).toMatchObject(expected);
  });

  test('may give the conversation to somebody who works here', async () => {
    const ana = await system.signIn('employer');
    const { phone, id } = await withBot();
    service.answer = (_, response) => reply(response, { action: 'assign', assign_user: ana.user.id });
    await system.meta.customerSays({ phone }, 'go');
    await settled(system, id, 1);
    expect(await state(id)).toEqual({
      status: 'transferred',
      assigned_user: ana.user.id,
      assigned_bot: null,
    });
  });

  test.each<[string, unknown, number, RegExp]>([
    ['no JSON', 'hello', 200, /not JSON/],
    ['a list', '[]', 200, /not a JSON object/],
    ['an unknown field', { replies: [], mood: 'good' }, 200, /mood/],
    ['an unknown type', { replies: [{ type: 'video', body: 'x' }] }, 200, /type/],
    ['an empty reply', { replies: [{ type: 'text', body: '' }] }, 200, /body/],
    ['a NUL', { replies: [{ type: 'text', body: 'a\u0000b' }] }, 200, /body/],
    ['a reply that is too long', { replies: [{ type: 'text', body: 'x'.repeat(4_097) }] }, 200, /body/],
    [
      'too many replies',
      { replies: Array.from({ length: 11 }, () => ({ type: 'text', body: 'x' })) },
      200,
      /replies/,
    ],
    ['an unknown action', { action: 'delete' }, 200, /action/],
    ['nobody to assign to', { action: 'assign' }, 200, /assign_user/],
    ['somebody who is not here', { action: 'assign', assign_user: 999_999 }, 200, /nobody who works here/],
    ['somebody without assigning', { assign_user: 1 }, 200, /goes with/],
    ['more than 64 KB', { replies: [], pad: 'x'.repeat(70_000) }, 200, /too long/],
    ['a redirect', {}, 302, /status 302/],
    ['a refusal', {}, 403, /status 403/],
  ])(
    'that is %s says nothing to the customer but that a person comes',
    async (_, body, status, detail) => {
      const { phone, id } = await withBot();
      service.answer = (_asked, response) => {
        if (status === 302) response.setHeader('location', `${service.url}/elsewhere`);
        reply(response, body, status);
      };
      await system.meta.customerSays({ phone }, 'go');
      await settled(system, id, 1);
      expect(await heardBy(phone, 1)).toEqual(['A person will answer.']);
      expect(await state(id)).toEqual(QUEUED);
      expect(await handoffOf(id)).toEqual({
        reason: 'answer_invalid',
        detail: expect.stringMatching(detail) as string,
      });
    },
    20_000,
  );
});

describe('a service that fails', () => {
  test('and then works is asked again for the same event, and the customer is answered once and in order', async () => {
    const { phone, id } = await withBot();
    let fails = 1;
    service.answer = ({ json }, response) =>
      fails-- > 0
        ? reply(response, {}, 503)
        : reply(response, { replies: [{ type: 'text', body: `re ${json.message.body}` }] });
    await system.meta.customerSays({ phone }, '1');
    await system.meta.customerSays({ phone }, '2');
    await settled(system, id, 2);
    expect(await heardBy(phone, 2)).toEqual(['re 1', 're 2']);
    expect(service.asked.map(({ json }) => [json.message.body, json.attempt])).toEqual([
      ['1', 1],
      ['1', 2],
      ['2', 1],
    ]);
    expect(service.asked[0]!.json.event_id).toBe(service.asked[1]!.json.event_id);
  });

  test('for good is asked three times, then a person has the conversation', async () => {
    const { phone, id } = await withBot();
    service.answer = (asked, response) =>
      asked.json.attempt === 2 ? response.destroy() && undefined : reply(response, {}, 500);
    await system.meta.customerSays({ phone }, '1');
    await settled(system, id, 1);
    expect(service.asked.map(({ json }) => json.attempt)).toEqual([1, 2, 3]);
    expect(await heardBy(phone, 1)).toEqual(['A person will answer.']);
    expect(await state(id)).toEqual(QUEUED);
    expect(await handoffOf(id)).toEqual({
      reason: 'service_failed',
      detail: 'the service answered with status 500',
    });
  });

  test('by never answering is left after its time, and holds up no other conversation', async () => {
    const silent = latch();
    const [slow, quick] = [await withBot(), await withBot()];
    service.answer = async ({ json }, response) => {
      if (json.conversation.id === slow.id) await silent.opened;
      reply(response, { replies: [{ type: 'text', body: 'here' }] });
    };
    await system.meta.customerSays({ phone: slow.phone }, 'anybody?');
    await eventually(() => service.asked.length === 1);
    await system.meta.customerSays({ phone: quick.phone }, 'hello');
    expect(await heardBy(quick.phone, 1)).toEqual(['here']);
    expect(await settled(system, slow.id, 1)).toEqual(['handed_off']);
    expect(await handoffOf(slow.id)).toMatchObject({ detail: 'no whole answer within 1 s' });
    silent.open();
  });
});

describe('a person who takes over', () => {
  test('while the service thinks is not spoken over: the late answer is dropped', async () => {
    const [thinking, goOn] = [latch(), latch()];
    const { phone, id } = await withBot();
    service.answer = async (_, response) => {
      thinking.open();
      await goOn.opened;
      reply(response, { replies: [{ type: 'text', body: 'too late' }], action: 'close' });
    };
    await system.meta.customerSays({ phone }, 'help');
    await thinking.opened;
    await admin.patch(`/conversations/${id}/assign`);
    goOn.open();
    expect(await settled(system, id, 1)).toEqual(['taken_over']);
    expect(await saidBy(id)).toBe(0);
    expect(await state(id)).toEqual({ status: 'active', assigned_user: admin.user.id, assigned_bot: null });
  });

  test('by just answering has the conversation from then on, and the bot is not asked any more', async () => {
    const listener = await system.listen(admin);
    const ana = await system.signIn('employer');
    const { phone, id } = await withBot();
    await system.meta.customerSays({ phone }, 'hi');
    await settled(system, id, 1);
    const sent = await ana.post('/messages', { conversation_id: id, body: 'Ana here' });
    expect(sent.status).toBe(201);
    expect(await state(id)).toEqual({ status: 'active', assigned_user: ana.user.id, assigned_bot: null });
    await system.meta.customerSays({ phone }, 'thanks, Ana');
    expect(await heardBy(phone, 2)).toEqual(['echo: hi', 'Ana here']);
    await eventually(() => listener.of('message:new').some((h) => h.payload['body'] === 'thanks, Ana'));
    const mine = listener.heard.filter((h) => (h.payload['conversation_id'] ?? h.payload['id']) === id);
    const order = mine.map((h) => h.event).filter((event) => /assigned|message:new/.test(event));
    expect(order.slice(-3)).toEqual(['conversation:assigned', 'message:new', 'message:new']);
    const other = await withBot();
    await system.meta.customerSays({ phone: other.phone }, 'later');
    await settled(system, other.id, 1);
    expect(service.asked.map(({ json }) => json.message.body)).toEqual(['hi', 'later']);
  });

  test('whose message is refused takes nothing over', async () => {
    const { id } = await withBot();
    const sent = await admin.post('/messages', { conversation_id: id, body: 'x', reply_to_id: 999_999 });
    expect(sent.status).toBe(400);
    expect(await state(id)).toMatchObject({ assigned_bot: botId });
  });
});

test('after the 24 hours it says nothing, and that is counted', async () => {
  const { phone, id } = await withBot();
  const [thinking, goOn] = [latch(), latch()];
  service.answer = async (_, response) => {
    thinking.open();
    await goOn.opened;
    reply(response, { replies: [{ type: 'text', body: 'too late' }] });
  };
  await system.meta.customerSays({ phone }, 'hi');
  await thinking.opened;
  await system.sql(`update conversation set window_expires_at = now() - interval '1 second' where id = $1`, [
    id,
  ]);
  goOn.open();
  expect(await settled(system, id, 1)).toEqual(['window_closed']);
  expect(await saidBy(id)).toBe(0);
  expect((await admin.get(`/bots/${botId}`)).body['counters']).toMatchObject({ unanswered: 1, replies: 0 });
});

test('two machines that answer each other are stopped after twenty messages of the bot, by a person', async () => {
  const { phone, id } = await withBot();
  service.answer = (_, response) =>
    reply(response, { replies: Array.from({ length: 10 }, () => ({ type: 'text', body: 'I am away.' })) });
  for (let n = 0; n < 3; n++) await system.meta.customerSays({ phone }, 'I am away too.');
  expect(await settled(system, id, 3)).toEqual(['answered', 'answered', 'handed_off']);
  expect(await state(id)).toEqual(QUEUED);
  expect(await handoffOf(id)).toMatchObject({ reason: 'too_many_replies' });
  expect(await heardBy(phone, 20)).toHaveLength(20);
});

test('each webhook three times at once, and again later: one question, one answer', async () => {
  const { phone, id } = await withBot();
  system.meta.faults.duplicateWebhooks = 3;
  const ids = await Promise.all(
    Array.from({ length: 5 }, async (_, n) => (await system.meta.customerSays({ phone }, `${n}`)).wamid),
  );
  for (const [n, wamid] of ids.entries()) await system.meta.customerSays({ phone }, `${n}`, { id: wamid });
  system.meta.faults.duplicateWebhooks = 1;
  await settled(system, id, 5);
  const answers = await heardBy(phone, 5);
  expect(answers.map((text) => text.slice(-1)).sort()).toEqual(['0', '1', '2', '3', '4']);
  expect(service.asked).toHaveLength(5);
  const stored = await system.sql<{ id: string }>(
    `select id from message where conversation_id = $1 and sender_type = 'contact' order by id`,
    [id],
  );
  expect(service.asked.map(({ json }) => json.message.id)).toEqual(
    stored.slice(1).map((row) => Number(row.id)),
  );
});
