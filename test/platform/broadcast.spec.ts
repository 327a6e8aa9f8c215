import { Broadcast } from '../../src/platform/events/broadcast';
import { DatabaseListener } from '../../src/platform/events/database-listener';
import { createLogger } from '../../src/platform/observability/logger';
import { eventually } from '../support/eventually';
import { startPlatform, type TestPlatform } from '../support/platform';
import { testConfig } from '../support/system';

let platform: TestPlatform;
let listeners: DatabaseListener[];

beforeAll(async () => {
  platform = await startPlatform();
});
afterAll(() => platform.stop());
beforeEach(() => {
  listeners = [];
});
afterEach(() => Promise.all(listeners.map((listener) => listener.beforeApplicationShutdown())));

interface Process {
  broadcast: Broadcast;
  heard: unknown[];
  gaps: () => number;
}

/** As each server has it. */
async function process(topic = 'news'): Promise<Process> {
  const logger = createLogger('silent');
  const listener = new DatabaseListener(testConfig(platform.url, 'http://127.0.0.1:1', {}), logger);
  const broadcast = new Broadcast(listener, platform.database, platform.work, logger);
  const heard: unknown[] = [];
  let gaps = 0;
  broadcast.on(
    topic,
    (message) => heard.push(message),
    () => gaps++,
  );
  listeners.push(listener);
  await listener.onApplicationBootstrap();
  return { broadcast, heard, gaps: () => gaps };
}

const numbered = (count: number): { n: number }[] => Array.from({ length: count }, (_, n) => ({ n }));

test('all processes hear what is sent, the sender too, in the order of sending', async () => {
  const processes = [await process(), await process()] as const;
  const messages = numbered(500);
  for (const message of messages) {
    processes[0].broadcast.send('news', message);
    if (message.n % 100 === 0) await processes[0].broadcast.flush();
  }
  await eventually(() => processes.every((one) => one.heard.length >= 500), { what: 'all of them' });
  for (const { heard } of processes) expect(heard).toEqual(messages);
});

test('another topic is not heard, and any text comes as it was', async () => {
  const [one, two] = [await process('one'), await process('two')] as const;
  const text = { text: `a b\n'"\\ ${'é👩‍👩‍👧'.repeat(50)} {"x":1}` };
  two.broadcast.send('one', text);
  await eventually(() => one.heard.length === 1, { what: 'the text' });
  expect(one.heard).toEqual([text]);
  expect(two.heard).toEqual([]);
});

test('what is sent with a unit of work is heard when it commits and never where it does not', async () => {
  const { broadcast, heard } = await process();
  await expect(
    platform.work.run({ workspaceId: 1 }, () => {
      broadcast.sendOnCommit('news', { kept: false });
      throw new Error('undone');
    }),
  ).rejects.toThrow('undone');
  await platform.work.run({ workspaceId: 1 }, async (tx) => {
    broadcast.sendOnCommit('news', { kept: true });
    await tx.query('select pg_sleep(0.2)');
    expect(heard).toEqual([]);
  });
  await eventually(() => heard.length > 0, { what: 'the commit' });
  expect(heard).toEqual([{ kept: true }]);
});

test('what is sent with units of work that wait for each other is heard in the order of their commits', async () => {
  const { broadcast, heard } = await process();
  let next = 0;
  await Promise.all(
    numbered(40).map(() =>
      platform.work.run({ workspaceId: 1 }, async (tx) => {
        await tx.query('select pg_advisory_xact_lock(4711)');
        broadcast.sendOnCommit('news', { n: next++ });
      }),
    ),
  );
  await eventually(() => heard.length === 40, { what: 'all of them' });
  expect(heard).toEqual(numbered(40));
});

test('what PostgreSQL cannot carry is refused at once', async () => {
  const { broadcast } = await process();
  expect(() => broadcast.send('news', { text: 'x'.repeat(7_900) })).toThrow('larger than');
  expect(() => broadcast.send('news', { text: 'é'.repeat(3_990) })).toThrow('larger than');
});

test('after the connection was lost listeners are told that they may have missed something', async () => {
  const { broadcast, heard, gaps } = await process();
  expect(gaps()).toBe(0);
  await platform.sql(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where application_name = 'apicechat wake-up' and datname = current_database()`,
  );
  await eventually(() => gaps() === 1, { what: 'the gap' });
  broadcast.send('news', { again: true });
  await eventually(() => heard.length === 1, { what: 'news again' });
});
