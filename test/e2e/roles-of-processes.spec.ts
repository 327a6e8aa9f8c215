import { setTimeout as delay } from 'node:timers/promises';
import { Retention } from '../../src/platform/events/retention';
import { Client } from 'pg';
import { giveToBot, makeBot } from '../support/bots';
import { knock, openConversation } from '../support/crm';
import { eventually } from '../support/eventually';
import { type Caller, TestSystem } from '../support/system';

/** Longer than the second after which every kind of work looks by itself. */
const IDLE_MS = 2_500;

let api: TestSystem;
let admin: Caller;

beforeAll(async () => {
  api = await TestSystem.start({ config: { role: 'api' }, simulator: { redeliverAfterMs: [300] } });
  admin = await api.signIn('admin');
});
afterAll(() => api.stop());

const timerOf = (server: TestSystem): unknown => server.app.get(Retention, { strict: false })['timer'];

test('ROLE=api answers and tells but does no work of its own, which ROLE=worker then does', async () => {
  const listener = await api.listen(admin);
  const answered = await openConversation(api);
  await admin.patch(`/conversations/${answered}/assign`);
  const bot = await makeBot(admin, {
    kind: 'keyword_menu',
    config: {
      greeting: 'Welcome!',
      fallback: 'Pardon?',
      options: [{ title: 'Prices', reply: 'From 5 euros.' }],
    },
  });
  const automatic = await openConversation(api);
  await giveToBot(admin, automatic, bot.id);
  const [customer] = await api.sql<{ phone: string }>(
    `select substr(k.name, 10) as phone from contact k join conversation c on c.contact_id = k.id where c.id = $1`,
    [automatic],
  );
  await api.meta.customerSays({ phone: customer!.phone }, 'good day');
  const waiting = await openConversation(api);
  await admin.patch('/auto-assignment', { enabled: true, wait_seconds: 0, levels: ['admin'] });
  const sent = await admin.post<{ id: number }>('/messages', { conversation_id: answered, body: 'Hello' });
  expect(sent.status).toBe(201);
  await eventually(() => listener.of('message:new').some((h) => h.payload['id'] === sent.body.id), {
    what: 'the message at the socket',
  });

  const state = async (): Promise<Record<string, boolean>> => ({
    sent: (await admin.get(`/messages/${sent.body.id}`)).body['whatsapp_status'] !== 'pending',
    handedToBot: (await api.sql('select from bot_trigger')).length > 0,
    answeredByBot: (await saidBy('bot', automatic)) > 0,
    assigned: (await admin.get(`/conversations/${waiting}`)).body['assigned_user'] !== null,
  });
  await delay(IDLE_MS);
  expect(await state()).toEqual({ sent: false, handedToBot: false, answeredByBot: false, assigned: false });
  expect(await api.sql('select 1 from job where attempts > 0 or held_by is not null')).toEqual([]);
  expect(timerOf(api)).toBeUndefined();

  const worker = await api.startAnother({ role: 'worker' });
  await eventually(async () => Object.values(await state()).every(Boolean), {
    what: 'all of it done by the worker',
  });
  expect(timerOf(worker)).toBeDefined();
  await eventually(() => listener.of('message:status_changed').length > 0, { what: 'news of it' });
});

async function saidBy(sender: string, conversationId: number): Promise<number> {
  const rows = await api.sql('select from message where conversation_id = $1 and sender_type = $2', [
    conversationId,
    sender,
  ]);
  return rows.length;
}

test('processes that start at the same moment on a new database all connect the configured number', async () => {
  const fresh = await TestSystem.start();
  const first = new Client({ connectionString: fresh.databaseUrl });
  await first.connect();
  try {
    await first.query('create temp table quicker as select * from whatsapp_integration_config');
    await first.query('delete from whatsapp_integration_config');
    await first.query(
      'begin; insert into whatsapp_integration_config overriding system value select * from quicker',
    );
    const second = fresh.startAnother();
    await eventually(async () => (await fresh.sql(`select from pg_locks where not granted`)).length > 0, {
      what: 'the second one waiting for the first',
    });
    await first.query('commit');
    await second;
    expect(await fresh.sql('select from whatsapp_integration_config')).toHaveLength(1);
  } finally {
    await first.end();
    await fresh.stop();
  }
});

describe('ROLE=worker', () => {
  let worker: TestSystem;
  beforeAll(async () => {
    worker = await api.startAnother({ role: 'worker' });
  });

  test.each(['/health/live', '/health/ready', '/health/ready?full'])('answers %s', async (path) => {
    expect((await worker.call('GET', path)).status).toBe(200);
  });

  test.each([
    ['GET', '/'],
    ['GET', '/docs'],
    ['GET', '/healthy'],
    ['GET', '/conversations'],
    ['POST', '/auth/login'],
    ['POST', '/meta-whatsapp/webhook'],
    ['POST', '/upload/image'],
    ['GET', '/no-such-route'],
  ])('sends %s %s to another process', async (method, path) => {
    const { status, body } = await worker.call(method, path, undefined, {
      authorization: `Bearer ${admin.token}`,
    });
    expect([status, body['code']]).toEqual([503, 'UNAVAILABLE']);
  });

  test('takes no webhook: Meta brings it again, to a process that does', async () => {
    const { webhookUrl } = api.meta;
    api.meta.webhookUrl = `${worker.url}/meta-whatsapp/webhook`;
    const { wamid, response } = await api.meta.customerSays({ phone: '5491155550001' }, 'anybody?');
    const stored = (): Promise<unknown[]> =>
      api.sql('select from message where whatsapp_message_id = $1', [wamid]);
    expect([response.status, await stored()]).toEqual([503, []]);
    api.meta.webhookUrl = webhookUrl;
    await eventually(async () => (await stored()).length === 1, { what: 'the message' });
  });

  test.each(['websocket', 'polling'])('lets no socket in: %s', async (transport) => {
    const socket = knock(worker, { token: admin.token }, {}, transport);
    const refused = await new Promise<boolean>((result) => {
      socket.once('connect', () => result(false));
      socket.once('connect_error', () => result(true));
    });
    socket.disconnect();
    expect(refused).toBe(true);
  });
});
