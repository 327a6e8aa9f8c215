import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { envelope } from '../../simulator/envelope';
import { metaJson } from '../../simulator/signature';
import { eventually } from '../support/eventually';
import { type Answer, TestSystem } from '../support/system';
import { startTcpProxy, type TcpProxy } from '../../faults/rig/tcp-proxy';
import { deliver, message, setAsideOf, storedMessages, stranger, wamidOf } from '../support/webhooks';

let system: TestSystem;
let proxy: TcpProxy;
/** A server that reaches the database through the proxy. */
let server: TestSystem;

beforeAll(async () => {
  system = await TestSystem.start();
  proxy = await startTcpProxy(system.databaseUrl);
  server = await system.startAnother({ database: { url: proxy.url } });
});
afterAll(async () => {
  await proxy.mend();
  await system.stop();
  await proxy.stop();
});

const aMessage = () => message(stranger(), 'hello');

test('while the database is away: 503 with Retry-After, nothing acknowledged; afterwards all by itself', async () => {
  expect(await deliver(server, aMessage())).toMatchObject({ status: 200 });
  const items = Array.from({ length: 10 }, aMessage);

  proxy.cut();
  const refused = await Promise.all(items.map((item) => deliver(server, item)));
  for (const answer of refused) {
    expect(answer).toMatchObject({ status: 503, body: { code: 'DATABASE_UNAVAILABLE' } });
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  }
  expect(await storedMessages(system, items.map(wamidOf))).toEqual([]);

  await proxy.mend();
  await eventually(async () => (await deliver(server, items[0]!)).status === 200, { what: 'a 200 again' });
  for (const item of items) expect(await deliver(server, item)).toMatchObject({ status: 200 });
  expect(await storedMessages(system, items.map(wamidOf))).toHaveLength(10);
});

test('connections that the database ends: at most a 503, and everything is stored once', async () => {
  const items = Array.from({ length: 60 }, aMessage);
  const untilTaken = async (item: (typeof items)[number]): Promise<void> => {
    await eventually(
      async () => {
        const { status } = await deliver(server, item);
        if (![200, 503].includes(status)) throw new Error(`answered ${status}`);
        return status === 200;
      },
      { what: 'a 200' },
    );
  };
  const ending = async (): Promise<void> => {
    for (let round = 0; round < 5; round++)
      await system.sql(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and application_name like 'apicechat%'`,
      );
  };

  await Promise.all([...items.map(untilTaken), ending()]);

  expect(await storedMessages(system, items.map(wamidOf))).toHaveLength(60);
});

test('the connection is lost before the answer to the commit: not acknowledged, and stored once in the end', async () => {
  const item = aMessage();
  const release = await blockMessages();
  const answer = deliver(server, item);
  await eventually(() => someoneWaits(), { what: 'the intake to wait for the lock' });
  proxy.hang();
  await release();
  await eventually(async () => !(await someoneWaits()), { what: 'the lock to be passed on' });
  await proxy.mend();

  expect(await answer).toMatchObject({ status: 503 });
  expect(await deliver(system, item)).toMatchObject({ status: 200 });
  expect(await storedMessages(system, [wamidOf(item)])).toHaveLength(1);
});

test('a link that swallows everything and closes nothing: 503 with Retry-After within five seconds, then all by itself', async () => {
  const admin = server.callerWith((await system.signIn('admin')).token);
  const first = aMessage();
  expect(await deliver(server, first)).toMatchObject({ status: 200 });
  const conversationId = (await storedMessages(system, [wamidOf(first)]))[0]!.conversation_id;
  const items = Array.from({ length: 15 }, aMessage);
  const timed = async (
    answer: Promise<Answer>,
  ): Promise<{ status: number; ms: number; retryAfter: number }> => {
    const started = performance.now();
    const { status, headers } = await answer;
    return { status, ms: performance.now() - started, retryAfter: Number(headers.get('retry-after')) };
  };

  proxy.hang();
  const asked = [
    ...items.map((item) => deliver(server, item)),
    ...items.map((_, n) => admin.post('/messages', { conversation_id: conversationId, body: `reply ${n}` })),
    ...items.map(() => admin.get('/conversations')),
  ].map(timed);
  await delay(1_000);
  asked.push(timed(deliver(server, aMessage())), timed(admin.get('/conversations')));
  const answers = await Promise.all(asked);
  await proxy.mend();

  expect(answers.filter(({ status, retryAfter }) => status !== 503 || !(retryAfter > 0))).toEqual([]);
  expect(Math.max(...answers.map(({ ms }) => ms))).toBeLessThan(5_000);
  await eventually(async () => (await deliver(server, items[0]!)).status === 200, { what: 'a 200 again' });
  for (const item of items) expect(await deliver(server, item)).toMatchObject({ status: 200 });
  expect(await storedMessages(system, items.map(wamidOf))).toHaveLength(15);
  expect((await admin.get('/conversations')).status).toBe(200);
}, 60_000);

test('a database that lacks a right or a table is no fault of the messages: none is set aside, all come again', async () => {
  const items = [aMessage(), aMessage(), aMessage()];
  await system.sql('revoke insert on message from apicechat_app');
  const answer = await deliver(system, ...items);
  await system.sql('grant insert on message to apicechat_app');

  expect(answer.status).toBeGreaterThanOrEqual(500);
  expect(await setAsideOf(system, metaJson(envelope(items)))).toEqual([]);
  expect(await deliver(system, ...items)).toMatchObject({ status: 200 });
  expect(await storedMessages(system, items.map(wamidOf))).toHaveLength(3);
});

/** Keeps everybody from storing messages until the returned function is called. */
async function blockMessages(): Promise<() => Promise<void>> {
  const client = new Client({ connectionString: system.databaseUrl });
  await client.connect();
  await client.query('begin');
  await client.query('lock table message in exclusive mode');
  return async () => {
    await client.query('commit');
    await client.end();
  };
}

async function someoneWaits(): Promise<boolean> {
  const rows = await system.sql(
    `select 1 from pg_locks where not granted and relation = 'message'::regclass`,
  );
  return rows.length > 0;
}
