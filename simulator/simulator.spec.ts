import { createHash } from 'node:crypto';
import { noFaults } from './faults';
import { inbound } from './inbound-content';
import { at, listAt, textAt } from './json-values';
import { Simulator, type SimulatorOptions } from './simulator';
import { Receiver, SECRET } from './test-receiver';

const ANA = { phone: '5511999990000', userId: 'BR.13491208655302741918', name: 'Ana' };
const NUMBER = '106540352242922';

let receiver: Receiver;
let simulator: Simulator;

async function restart(options: Partial<SimulatorOptions> = {}): Promise<void> {
  await simulator?.stop();
  simulator = await Simulator.start({
    appSecret: SECRET,
    accessToken: 'token',
    webhookUrl: receiver.url,
    statusDelaysMs: { sent: 0, delivered: 1, read: 2 },
    redeliverAfterMs: [5, 10, 20],
    ...options,
  });
}

beforeAll(async () => {
  receiver = await Receiver.start();
  await restart();
});
beforeEach(() => {
  simulator.reset();
  receiver.reset();
});
afterAll(async () => {
  await simulator.stop();
  await receiver.stop();
});

async function graph(body: unknown, token = 'token'): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${simulator.url}/v25.0/${NUMBER}/messages`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, body: text.startsWith('{') ? (JSON.parse(text) as unknown) : text };
}

const text = (to: string, body: string, more: object = {}) => ({
  messaging_product: 'whatsapp',
  to,
  type: 'text',
  text: { body },
  ...more,
});
const statuses = () => receiver.items('statuses');
const quiet = () => simulator.waitFor(() => simulator.pending === 0, 'quiet');

describe('a customer writes', () => {
  it('signs exactly the bytes that it sends, escaped as Meta escapes them', async () => {
    const { wamid, response } = await simulator.customerSays(ANA, 'Olá 👋 http://x/y');
    expect(response).toMatchObject({ status: 200, text: 'ok' });
    const [post] = receiver.posts;
    expect(post?.signed).toBe(true);
    expect(post?.raw).toContain('Ol\\u00e1 \\ud83d\\udc4b http:\\/\\/x\\/y');
    expect(post?.userAgent).toContain('facebookexternalua');
    expect(at(post?.body, 'entry', 0, 'changes', 0)).toEqual({
      field: 'messages',
      value: {
        messaging_product: 'whatsapp',
        metadata: { display_phone_number: '15550783881', phone_number_id: NUMBER },
        contacts: [{ profile: { name: 'Ana' }, wa_id: ANA.phone, user_id: ANA.userId }],
        messages: [
          {
            from: ANA.phone,
            from_user_id: ANA.userId,
            id: wamid,
            timestamp: expect.stringMatching(/^\d{10}$/),
            type: 'text',
            text: { body: 'Olá 👋 http://x/y' },
          },
        ],
      },
    });
  });

  it('leaves out the keys of an identity that is not shared', async () => {
    await simulator.customerSays({ userId: ANA.userId }, 'hi');
    const [message] = receiver.items('messages');
    expect(message).not.toHaveProperty('from');
    expect(message).toMatchObject({ from_user_id: ANA.userId });
  });

  it('fills in who wrote the quoted message, and sends no contacts with a changed number', async () => {
    const sent = await graph(text('+5511999990000', 'yes or no?'));
    const wamid = textAt(sent.body, 'messages', 0, 'id') ?? '';
    await simulator.customerSays(ANA, inbound.buttonReply({ id: 'y', title: 'Yes' }, wamid));
    await simulator.customerSays(ANA, inbound.changedNumber({ wa_id: '5511888880000' }));
    expect(receiver.items('messages')[0]).toMatchObject({
      context: { from: '15550783881', id: wamid },
      interactive: { type: 'button_reply', button_reply: { id: 'y', title: 'Yes' } },
    });
    const system = receiver.posts.find((post) => post.raw.includes('user_changed_number'));
    expect(at(system?.body, 'entry', 0, 'changes', 0, 'value')).not.toHaveProperty('contacts');
  });

  it('delivers again until the server answers 200, with the same bytes', async () => {
    receiver.answers = [503, 500];
    const { response } = await simulator.customerSays(ANA, 'please come again');
    expect(response.status).toBe(503);
    await quiet();
    expect(receiver.posts.map((post) => post.raw)).toEqual(Array(3).fill(receiver.posts[0]?.raw));
    expect(simulator.phone.log.map((entry) => entry.status)).toEqual([503, 500, 200]);
    expect([...simulator.phone.bubbles.values()][0]?.state).toBe('delivered');
  });

  it('gives up after the last gap, and says why when nobody listens', async () => {
    simulator.webhookUrl = 'http://127.0.0.1:1/hook';
    const { response } = await simulator.customerSays(ANA, 'hello?');
    simulator.webhookUrl = receiver.url;
    expect(response).toMatchObject({ status: 0, error: expect.stringContaining('nobody listens') });
    receiver.answers = Array<number>(20).fill(503);
    await simulator.customerSays(ANA, 'never taken');
    await quiet();
    expect(receiver.posts.filter((post) => post.raw.includes('never taken'))).toHaveLength(4);
  });

  it('posts hand-made bodies with any signature, and shakes hands', async () => {
    await simulator.post({ object: 'x' }, { secret: 'wrong' });
    await simulator.post({ object: 'x' }, { signature: null });
    await simulator.post(null, { raw: Buffer.from('{not json') });
    expect(receiver.posts.map((post) => [post.signed, post.signature])).toEqual([
      [false, expect.any(String)],
      [false, undefined],
      [true, expect.any(String)],
    ]);
    const { status, text: answer, challenge } = await simulator.verify({ token: 'let me in' });
    expect([status, answer]).toEqual([200, challenge]);
    expect(await simulator.verify({ token: 'wrong' })).toMatchObject({ status: 403 });
  });
});

describe('the business sends', () => {
  it('accepts, then tells sent, delivered and read in order, with the callback data', async () => {
    await simulator.customerSays(ANA, 'hi');
    const { status, body } = await graph(
      text('+55 11 99999-0000', 'Hi', { biz_opaque_callback_data: 'o:42' }),
    );
    expect(status).toBe(200);
    const wamid = textAt(body, 'messages', 0, 'id');
    expect(body).toEqual({
      messaging_product: 'whatsapp',
      contacts: [{ input: '+55 11 99999-0000', wa_id: ANA.phone, user_id: ANA.userId }],
      messages: [{ id: wamid, message_status: 'accepted' }],
    });
    await quiet();
    expect(statuses().map((item) => item.status)).toEqual(['sent', 'delivered', 'read']);
    expect(statuses()[0]).toEqual({
      id: wamid,
      status: 'sent',
      timestamp: expect.stringMatching(/^\d{10}$/),
      recipient_id: ANA.phone,
      recipient_user_id: ANA.userId,
      biz_opaque_callback_data: 'o:42',
      pricing: { billable: true, pricing_model: 'PMP', type: 'regular', category: 'service' },
    });
    expect(simulator.acceptedFor('+55 11 99999-0000')).toMatchObject([
      { wamid, to: ANA.phone, phoneNumberId: NUMBER, bizOpaqueCallbackData: 'o:42' },
    ]);
  });

  it('has no idempotence, and sends nothing but `sent` for a reaction', async () => {
    const reaction = { message_id: 'wamid.x', emoji: '👍' };
    const body = { messaging_product: 'whatsapp', recipient: ANA.userId, type: 'reaction', reaction };
    await graph(body);
    await graph(body);
    await quiet();
    expect(simulator.acceptedFor(ANA.userId)).toHaveLength(2);
    expect(statuses().map((item) => [item.status, item.recipient_id, item.recipient_user_id])).toEqual([
      ['sent', undefined, ANA.userId],
      ['sent', undefined, ANA.userId],
    ]);
  });

  it.each([
    ['no product', { to: '1', type: 'text' }, 100],
    ['no recipient', { messaging_product: 'whatsapp', type: 'text', text: { body: 'x' } }, 131008],
    ['a bad recipient', text('not a number', 'x'), 131009],
    ['itself as recipient', text('+1 555 078 3881', 'x'), 131021],
    ['an empty text', text('+5511999990000', ''), 131008],
    ['a long text', text('+5511999990000', 'x'.repeat(4097)), 100],
    ['an unknown type', { ...text('+5511999990000', 'x'), type: 'hologram' }, 131051],
    ['a type named like a method', { ...text('+5511999990000', 'x'), type: 'constructor' }, 131051],
    ['unknown media', { ...text('+5511999990000', 'x'), type: 'image', image: { id: '1' } }, 131009],
    ['no JSON', '{', 100],
  ])('refuses %s', async (_, body, code) => {
    const answer = await graph(body);
    expect(answer.status).toBe(400);
    expect(answer.body).toEqual({
      error: {
        message: expect.stringContaining(`(#${code})`),
        type: 'OAuthException',
        code,
        error_data: { messaging_product: 'whatsapp', details: expect.any(String) },
        fbtrace_id: expect.any(String),
      },
    });
    expect(simulator.accepted).toHaveLength(0);
  });

  it('refuses interactive messages beyond the limits', async () => {
    const rows = Array.from({ length: 11 }, (_, index) => ({ id: `r${index}`, title: `Row ${index}` }));
    const list = { type: 'list', body: { text: 'Pick' }, action: { button: 'Open', sections: [{ rows }] } };
    const send = (interactive: object) =>
      graph({ ...text('+5511999990000', 'x'), type: 'interactive', interactive });
    expect((await send(list)).status).toBe(400);
    rows.pop();
    expect((await send(list)).status).toBe(200);
  });

  it('refuses other tokens and unknown numbers', async () => {
    expect(await graph(text('+5511999990000', 'x'), 'stolen')).toMatchObject({
      status: 401,
      body: { error: { code: 190 } },
    });
    const headers = { authorization: 'Bearer token' };
    const unknown = await fetch(`${simulator.url}/v25.0/999/messages`, {
      method: 'POST',
      headers,
      body: '{}',
    });
    expect(unknown.status).toBe(400);
    const info = await fetch(`${simulator.url}/v25.0/${NUMBER}?fields=quality_rating,throughput`, {
      headers,
    });
    expect(await info.json()).toEqual({
      id: NUMBER,
      quality_rating: 'GREEN',
      throughput: { level: 'STANDARD' },
    });
  });

  it('remembers read marks, and shows them on all earlier messages', async () => {
    await simulator.customerSays(ANA, 'one');
    const { wamid } = await simulator.customerSays(ANA, 'two');
    const mark = { messaging_product: 'whatsapp', status: 'read', message_id: wamid };
    expect(await graph({ ...mark, typing_indicator: { type: 'text' } })).toEqual({
      status: 200,
      body: { success: true },
    });
    expect(simulator.readMarks).toMatchObject([{ messageId: wamid, typing: true }]);
    expect([...simulator.phone.bubbles.values()].map((bubble) => bubble.state)).toEqual(['read', 'read']);
  });

  it('sends statuses by hand, also for messages it never saw', async () => {
    await simulator.sendStatus('wamid.unknown', 'failed', { recipient_id: '1', errors: [{ code: 131047 }] });
    expect(statuses()).toMatchObject([
      { id: 'wamid.unknown', status: 'failed', recipient_id: '1', errors: [{ code: 131047 }] },
    ]);
  });

  it('tells `read` when the phone shows the conversation, after `delivered`', async () => {
    await restart({ statusDelaysMs: { sent: 0, delivered: 5, read: -1 } });
    await graph(text('+5511999990000', 'look'));
    await simulator.customerSees(ANA.phone);
    await simulator.customerSees(ANA.phone);
    expect(statuses().map((item) => item.status)).toEqual(['sent', 'delivered', 'read']);
    await restart();
  });
});

describe('media', () => {
  const headers = { authorization: 'Bearer token', 'user-agent': 'curl/8' };
  const png = Buffer.from('\r\n--not a boundary\r\n\r\n\x89PNG\x00');

  async function upload(bytes: Buffer, type: string): Promise<{ status: number; id: string; code: unknown }> {
    const form = new FormData();
    form.set('messaging_product', 'whatsapp');
    form.set('type', type);
    form.set('file', new Blob([bytes], { type }), 'a "quoted" ñ.png');
    const url = `${simulator.url}/v25.0/${NUMBER}/media`;
    const response = await fetch(url, { method: 'POST', headers, body: form });
    const body: unknown = await response.json();
    return { status: response.status, id: textAt(body, 'id') ?? '', code: at(body, 'error', 'code') };
  }
  const lookUp = async (id: string) =>
    (await fetch(`${simulator.url}/v25.0/${id}`, { headers })).json() as unknown;

  it('goes up, is described, comes down unchanged, is sent, and is deleted', async () => {
    const { id } = await upload(png, 'image/png');
    const info = await lookUp(id);
    expect(info).toMatchObject({
      messaging_product: 'whatsapp',
      id,
      mime_type: 'image/png',
      file_size: png.length,
      sha256: createHash('sha256').update(png).digest('base64'),
    });
    const url = textAt(info, 'url') ?? '';
    expect(Buffer.from(await (await fetch(url, { headers })).arrayBuffer())).toEqual(png);
    expect((await fetch(url)).status).toBe(401);
    expect((await fetch(url, { headers: { authorization: 'Bearer token' } })).status).toBe(403);
    const image = { ...text('+5511999990000', ''), type: 'image', image: { id } };
    expect((await graph(image)).status).toBe(200);
    const gone = await fetch(`${simulator.url}/v25.0/${id}`, { method: 'DELETE', headers });
    expect(await gone.json()).toEqual({ success: true });
    expect((await fetch(url, { headers })).status).toBe(404);
    expect((await graph(image)).status).toBe(400);
  });

  it('refuses types and sizes that Meta refuses', async () => {
    expect(await upload(png, 'text/html')).toMatchObject({ status: 400, code: 100 });
    expect(await upload(Buffer.alloc(600 * 1024), 'image/webp')).toMatchObject({ status: 400, code: 131053 });
  });

  it('lets links die after five minutes and inbound media after a week', async () => {
    let now = Date.now();
    await restart({ now: () => now });
    const media = simulator.putMedia(png, 'image/jpeg');
    await simulator.customerSays(ANA, inbound.image({ ...media, caption: 'foto' }));
    expect(receiver.items('messages')[0]).toMatchObject({ image: { ...media, caption: 'foto' } });
    const url = media.url ?? '';
    expect((await fetch(url, { headers })).status).toBe(200);
    now += 5 * 60_000;
    expect((await fetch(url, { headers })).status).toBe(404);
    expect(await lookUp(media.id)).toHaveProperty('url');
    now += 7 * 86_400_000;
    expect(await lookUp(media.id)).toHaveProperty('error');
    await restart();
  });
});

it('cancels everything when it stops', async () => {
  await restart({ redeliverAfterMs: [60_000], statusDelaysMs: { sent: 60_000, delivered: -1, read: -1 } });
  receiver.answers = [503];
  await simulator.customerSays(ANA, 'hi');
  await graph(text('+5511999990000', 'x'));
  expect(simulator.pending).toBe(2);
  await simulator.stop();
  expect(simulator.pending).toBe(0);
  await restart();
  expect(simulator.faults).toEqual(noFaults());
  expect(listAt(receiver.posts[0]?.body, 'entry')).toHaveLength(1);
});
