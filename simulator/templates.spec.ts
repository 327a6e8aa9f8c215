import { Simulator } from './simulator';
import { DEMO_TEMPLATES } from './templates';

const PHONE = '5511999990000';
let simulator: Simulator;

beforeEach(async () => {
  simulator = await Simulator.start({
    appSecret: 'secret',
    statusDelaysMs: { sent: -1, delivered: -1, read: -1 },
  });
  simulator.templates.set(DEMO_TEMPLATES);
});
afterEach(() => simulator.stop());

async function call(
  path: string,
  init: RequestInit = {},
): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(`${simulator.url}/v25.0/${path}`, {
    ...init,
    headers: { authorization: 'Bearer any', 'content-type': 'application/json' },
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

async function send(name: string, components: object[] = [], language = 'en'): Promise<unknown> {
  const { status, body } = await call(`${simulator.number.phoneNumberId}/messages`, {
    method: 'POST',
    body: JSON.stringify({
      messaging_product: 'whatsapp',
      to: `+${PHONE}`,
      type: 'template',
      template: { name, language: { code: language }, components },
    }),
  });
  return status === 200 ? 'accepted' : (body['error'] as { code: number }).code;
}

const text = (value: string, parameter_name?: string): object => ({
  type: 'text',
  text: value,
  parameter_name,
});
const body = (...parameters: object[]): object => ({ type: 'body', parameters });
const button = (sub_type: string, index: number, parameter: object): object => ({
  type: 'button',
  sub_type,
  index: String(index),
  parameters: [parameter],
});
const track = button('url', 1, text('42'));
const picture = { type: 'header', parameters: [{ type: 'image', image: { link: 'https://x.test/a.png' } }] };

test('the templates of an account are listed page by page', async () => {
  const account = simulator.number.businessAccountId;
  const names: string[] = [];
  let after = '';
  for (let page = 0; page < 10; page++) {
    const { body: answer } = await call(`${account}/message_templates?limit=3&after=${after}`);
    names.push(...(answer['data'] as { name: string }[]).map((one) => one.name));
    const paging = answer['paging'] as { next?: string; cursors: { after: string } };
    if (paging.next === undefined) break;
    after = paging.cursors.after;
  }
  expect(names).toEqual(DEMO_TEMPLATES.map((one) => one.name));
  expect((await call('1/message_templates')).status).toBe(400);
});

test.each<[string, object[], unknown]>([
  ['order_update', [body(text('Ana'), text('7')), track], 'accepted'],
  [
    'order_update',
    [body(text('Ana'), text('7')), track, button('quick_reply', 0, { type: 'payload', payload: 'T' })],
    'accepted',
  ],
  ['order_update', [body(text('Ana')), track], 132000],
  ['order_update', [body(text('Ana'), text('7'))], 132012],
  ['order_update', [body(text('Ana'), text('7')), track, button('copy_code', 0, text('x'))], 132012],
  ['weekend_offer', [picture, body(text('Ana', 'first_name'), text('5%', 'discount'))], 'accepted'],
  ['weekend_offer', [body(text('Ana', 'first_name'), text('5%', 'discount'))], 132012],
  ['weekend_offer', [picture, body(text('Ana'), text('5%'))], 132012],
  ['not_yet', [], 132001],
  ['none', [], 132001],
])('%s with %j ends as %s', async (name, components, expected) => {
  expect(await send(name, components)).toBe(expected);
  expect(simulator.acceptedFor(PHONE)).toHaveLength(expected === 'accepted' ? 1 : 0);
});

test('a template in another language is another one', async () => {
  expect(await send('hello_world')).toBe(132001);
  expect(await send('hello_world', [], 'en_US')).toBe('accepted');
});

test('the phone shows what the customer reads, and its buttons', async () => {
  await send('order_update', [body(text('Ana'), text('7')), track]);
  expect([...simulator.phone.bubbles.values()]).toMatchObject([
    { text: 'Hi Ana, your order 7 is on its way.', choices: [{ kind: 'button', title: 'Thank you' }] },
  ]);
});

test('where none were put there, any is taken', async () => {
  simulator.reset();
  expect(await send('anything')).toBe('accepted');
});
