import { setTimeout as delay } from 'node:timers/promises';
import type { JournalConsumer } from '../../src/platform/events/journal-consumer';
import { Retention } from '../../src/platform/events/retention';
import { createLogger } from '../../src/platform/observability/logger';
import { eventually } from '../support/eventually';
import { latch } from '../support/jobs';
import { append, collector, Consumers, logOf, textOf } from '../support/journal-consumers';
import { startPlatform, type TestPlatform, twoWorkspaces } from '../support/platform';
import { testConfig } from '../support/system';

let platform: TestPlatform;
const consumers = new Consumers(() => platform);

beforeAll(async () => {
  platform = await startPlatform();
  // What a handler does, in the workspace's transaction: the same twice is refused by the key, as jobs are by theirs.
  await platform.sql(`create table effect (event_id bigint, seen int, primary key (event_id, seen));
    grant all on effect to apicechat_app`);
});
afterEach(async () => {
  await consumers.stopAll();
  await platform.sql('delete from journal_consumer; delete from effect');
});
afterAll(() => platform.stop());

test('a consumer is handed what commits after its first start: its types, what it wants, in order', async () => {
  await append(platform, ['before']);
  const seen: string[] = [];
  await consumers.start(collector(seen));
  await append(platform, ['1', 'unwanted', '2']);
  await append(platform, ['other type'], { type: 'other' });
  await append(platform, ['3']);
  await eventually(() => seen.length >= 3);
  expect(seen).toEqual(['1', '2', '3']);
});

test('it hears within 100 ms, and within a second or so where no hint comes', async () => {
  const seen: string[] = [];
  await consumers.start(collector(seen));
  await append(platform, ['warm up']);
  await eventually(() => seen.length === 1);
  const times: number[] = [];
  for (let n = 0; n < 11; n++) {
    const began = performance.now();
    await append(platform, [`${n}`]);
    while (seen.length < n + 2) await delay(1);
    times.push(performance.now() - began);
  }
  expect(times.sort((a, b) => a - b)[5]).toBeLessThan(100);

  await consumers.stopAll();
  await consumers.start(collector(seen), { hints: false });
  await append(platform, ['without a hint']);
  await eventually(() => seen.includes('without a hint'), { timeoutMs: 3_000 });
});

test('of workspaces that it has nothing to do in it is handed nothing, and of one that it takes up meanwhile nothing is missed', async () => {
  const [other] = await twoWorkspaces(platform);
  const seen: string[] = [];
  const mine: number[] = [];
  let asked = 0;
  let isTime = false;
  await consumers.start({
    ...collector(seen),
    workspaces: async () => {
      const answer = [...mine];
      // While it is asked, the other workspace begins to matter, and something happens there.
      asked++;
      if (isTime) {
        isTime = false;
        mine.push(other);
        await append(platform, ['in the moment of asking'], { workspaceId: other });
      }
      return answer;
    },
  });
  await append(platform, ['too early'], { workspaceId: other });
  await append(platform, ['too early as well'], { workspaceId: other });
  const before = asked;
  await eventually(() => asked >= before + 2, { timeoutMs: 8_000 });
  isTime = true;
  await eventually(() => seen.length > 0, { timeoutMs: 8_000 });
  await append(platform, ['later'], { workspaceId: other });
  await append(platform, ['elsewhere']);
  await eventually(() => seen.length > 1, { timeoutMs: 8_000 });
  expect(seen).toEqual(['in the moment of asking', 'later']);
});

test('what happens while nobody runs is handed over afterwards, what was handled is not', async () => {
  const seen: string[] = [];
  await consumers.start(collector(seen));
  await append(platform, ['1']);
  await eventually(() => seen.length === 1);
  await consumers.stopAll();
  await append(platform, ['2', '3']);
  await consumers.start(collector(seen));
  await append(platform, ['4']);
  await eventually(() => seen.length >= 4);
  expect(seen).toEqual(['1', '2', '3', '4']);
});

test('a process that runs no jobs hands nothing over, but settles where the first worker begins', async () => {
  const seen: string[] = [];
  await consumers.start(collector(seen), { role: 'api' });
  await append(platform, ['before the first worker']);
  await consumers.start(collector(seen));
  await eventually(() => seen.length === 1);
  expect(seen).toEqual(['before the first worker']);
});

test('entries of one workspace come together, never those of two', async () => {
  const [north, south] = await twoWorkspaces(platform);
  const handed: [number, string[]][] = [];
  const consumer = collector([]);
  await consumers.start(consumer);
  await consumers.stopAll();
  await append(platform, ['n1', 'n2'], { workspaceId: north });
  await append(platform, ['n3'], { workspaceId: north });
  await append(platform, ['s1'], { workspaceId: south });
  await append(platform, ['n4'], { workspaceId: north });
  await consumers.start({
    ...consumer,
    handle: (workspaceId, events) => {
      handed.push([workspaceId, events.map(textOf)]);
      return Promise.resolve();
    },
  });
  await eventually(() => handed.length === 3);
  expect(handed).toEqual([
    [north, ['n1', 'n2', 'n3']],
    [south, ['s1']],
    [north, ['n4']],
  ]);
});

test.each([
  [undefined, [100, 100, 30]],
  [150, [150, 80]],
])('at once come as many as it takes: %s', async (atOnce, sizes) => {
  const runs: number[] = [];
  const consumer: JournalConsumer = {
    name: 'notes',
    atOnce,
    types: ['noted'],
    wants: () => true,
    handle: async (_, events) => {
      runs.push(events.length);
      await Promise.resolve();
    },
  };
  await consumers.start(consumer);
  await append(
    platform,
    Array.from({ length: 230 }, (__, n) => `${n}`),
  );
  await eventually(() => runs.reduce((sum, one) => sum + one, 0) === 230);
  expect(runs).toEqual(sizes);
});

test.each([
  [10, 600],
  [1_000, 2_900],
])(
  'one that rests %d times as long takes together what comes meanwhile, after three seconds at the latest',
  async (rest, atLeast) => {
    const runs: { count: number; began: number; ended: number }[] = [];
    await consumers.start({
      name: 'notes',
      rest,
      types: ['noted'],
      wants: () => true,
      handle: async (_, events) => {
        const began = performance.now();
        await delay(60);
        runs.push({ count: events.length, began, ended: performance.now() });
      },
    });
    await append(platform, ['first']);
    await eventually(() => runs.length === 1, { what: 'the first' });
    await append(platform, ['second']);
    await append(platform, ['third']);
    await eventually(() => runs.length === 2, { what: 'the others', timeoutMs: 8_000 });
    const [first, others] = runs;
    expect(others!.count).toBe(2);
    expect(others!.began - first!.ended).toBeGreaterThanOrEqual(atLeast);
  },
);

test('one that asks for bare entries gets them without what they say', async () => {
  const said: string[] = [];
  await consumers.start({
    name: 'notes',
    bare: true,
    types: ['noted'],
    wants: () => true,
    handle: (_, events) => {
      said.push(...events.map(({ json }) => json));
      return Promise.resolve();
    },
  });
  await append(platform, ['a secret']);
  await eventually(() => said.length === 1);
  expect(said).toEqual(['null']);
});

test('of two processes one works at a time, and together they hand over everything once and in order', async () => {
  const seen: string[] = [];
  let [now, most] = [0, 0];
  const meanwhile = async (): Promise<void> => {
    most = Math.max(most, ++now);
    await delay(1);
    now--;
  };
  const expected = Array.from({ length: 60 }, (_, n) => `${n}`);
  await consumers.start(collector(seen, { meanwhile }));
  await consumers.start(collector(seen, { meanwhile }));
  for (const text of expected) await append(platform, [text]);
  await eventually(() => seen.length >= expected.length);
  expect(seen).toEqual(expected);
  expect(most).toBe(1);
});

test('while one process is busy the others are not held up by its lock, and no connection waits for it', async () => {
  const [began, goOn] = [latch(), latch()];
  const seen: string[] = [];
  const slow = collector(seen, {
    meanwhile: async () => {
      began.open();
      await goOn.opened;
    },
  });
  await consumers.start(slow);
  await consumers.start(slow);
  await append(platform, ['1']);
  await began.opened;
  await append(platform, ['2']);
  await delay(1_200); // both have looked again
  const waiting = await platform.sql(
    `select query from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
  );
  expect(waiting).toEqual([]);
  goOn.open();
  await eventually(() => seen.length === 2);
  expect(seen).toEqual(['1', '2']);
});

describe('a crash', () => {
  test.each(['between effect and place', 'before the effect has committed'] as const)(
    'of the connection %s loses nothing, and a keyed effect is not doubled',
    async (when) => {
      const handed: string[] = [];
      let crashes = 1;
      const consumer: JournalConsumer = {
        ...collector([]),
        handle: async (workspaceId, events) => {
          await platform.work.run({ workspaceId }, async (tx) => {
            for (const event of events) {
              handed.push(textOf(event));
              await tx.query('insert into effect values ($1, 1) on conflict do nothing', [event.id]);
            }
            if (when === 'before the effect has committed' && crashes-- > 0) {
              await killPlatformSessions();
              throw new Error('killed');
            }
          });
          if (when === 'between effect and place' && crashes-- > 0) await killPlatformSessions();
        },
      };
      await consumers.start(consumer);
      await append(platform, ['1', '2']);
      await append(platform, ['3']);
      await eventually(async () => (await effects()) === 3);
      await eventually(() => handed.filter((text) => text === '1').length >= 2);
      await append(platform, ['4']);
      await eventually(async () => (await effects()) === 4);
      expect(handed.at(-1)).toBe('4');
      expect(new Set(handed)).toEqual(new Set(['1', '2', '3', '4']));
    },
  );

  const effects = async (): Promise<number> =>
    Number((await platform.sql<{ n: string }>('select count(*) as n from effect'))[0]!.n);

  /** What kill -9 of the process is to PostgreSQL: the connections that hold the consumers' rows end. */
  async function killPlatformSessions(): Promise<void> {
    await platform.sql(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and application_name = 'apicechat platform' and state like 'idle in transaction%'`,
    );
  }
});

test('where nothing happens nothing is written, but for the place every ten seconds', async () => {
  await consumers.start(collector([]));
  await append(platform, ['1']);
  const version = async (): Promise<string> =>
    (await platform.sql<{ xmin: string }>('select xmin::text from journal_consumer'))[0]!.xmin;
  await delay(300);
  const before = await version();
  await delay(2_300); // two looks
  expect(await version()).toBe(before);
  await platform.sql(`update journal_consumer set updated_at = now() - interval '11 seconds'`);
  const [old] = await platform.sql<{ cursor: string }>('select cursor from journal_consumer');
  await append(platform, ['of another type'], { type: 'other' });
  await eventually(
    async () =>
      (await platform.sql<{ cursor: string }>('select cursor from journal_consumer'))[0]!.cursor !==
      old!.cursor,
  );
});

describe('a place in the journal', () => {
  const place = async (): Promise<{ cursor: string; last_gap_at: Date | null }> =>
    (await platform.sql<{ cursor: string; last_gap_at: Date | null }>('select * from journal_consumer'))[0]!;

  test('whose entries were removed is noted as a gap, and what is left is handed over', async () => {
    const { lines, logger } = logOf();
    const seen: string[] = [];
    await consumers.start(collector(seen));
    await consumers.stopAll();
    await append(platform, ['removed']);
    await platform.sql(`update event set created_at = now() - interval '2 days'`);
    await new Retention(
      testConfig(platform.url, 'http://127.0.0.1:1', {}),
      createLogger('silent'),
      platform.database,
    ).clear();
    await append(platform, ['left']);
    await consumers.start(collector(seen), { logger });
    await eventually(() => seen.length > 0);
    expect(seen).toEqual(['left']);
    expect((await place()).last_gap_at).not.toBeNull();
    expect(lines.map((line) => line['msg'])).toContain(
      'entries of the journal were removed before a consumer read them; it goes on with what is left',
    );
  });

  test('of another database is given up for now, with a log line', async () => {
    const { lines, logger } = logOf();
    const seen: string[] = [];
    await consumers.start(collector(seen));
    await consumers.stopAll();
    await platform.sql(`update journal_consumer set cursor = '900000000000:900000000000:'`);
    await consumers.start(collector(seen), { logger });
    await append(platform, ['new']);
    await eventually(() => seen.length === 1);
    expect((await place()).last_gap_at).not.toBeNull();
    expect(lines.map((line) => line['msg'])).toEqual([
      'the place in the journal is of another database; going on from now',
    ]);
  });
});
