import { setTimeout as delay } from 'node:timers/promises';
import type { JournalConsumer } from '../../src/platform/events/journal-consumer';
import type { JournalEvent } from '../../src/platform/events/journal-reader';
import { eventually } from '../support/eventually';
import { latch } from '../support/jobs';
import {
  append,
  collector,
  Consumers,
  logOf,
  type RunningConsumers,
  textOf,
} from '../support/journal-consumers';
import { startPlatform, type TestPlatform } from '../support/platform';

let platform: TestPlatform;
const consumers = new Consumers(() => platform);

beforeAll(async () => {
  platform = await startPlatform();
});
afterEach(async () => {
  await consumers.stopAll();
  await platform.sql('delete from journal_consumer; delete from journal_set_aside');
});
afterAll(() => platform.stop());

describe('an entry that cannot be handled', () => {
  test('is set aside after 5 tries, with a log line and a row; those before and behind it are handled once', async () => {
    const { lines, logger } = logOf();
    const seen: string[] = [];
    const tries: number[] = [];
    const allOrNothing: JournalConsumer = {
      ...collector(seen),
      handle: (_, events) => {
        if (events.some((event) => textOf(event) === 'poison')) {
          tries.push(performance.now());
          return Promise.reject(new Error('cannot be done\0 bearer abcdefghijkl'));
        }
        seen.push(...events.map(textOf));
        return Promise.resolve();
      },
    };
    await consumers.start(allOrNothing, { logger });
    await consumers.start(allOrNothing, { logger });
    await append(platform, ['1', 'poison', '2']);
    // Whatever else happens meanwhile, nobody tries before it is time.
    while (!seen.includes('2') && tries.length < 9) {
      await append(platform, ['behind']);
      await delay(100);
    }
    expect(seen.slice(0, 2)).toEqual(['1', '2']);
    expect(tries).toHaveLength(6); // once with its neighbours, five times by itself
    const waits = tries.slice(2).map((time, i) => time - tries[i + 1]!);
    for (const [i, least] of [500, 1_000, 2_000, 4_000].entries()) {
      expect(waits[i]).toBeGreaterThanOrEqual(least);
      expect(waits[i]).toBeLessThan(least + 2_000);
    }
    const rows = await platform.sql(
      'select workspace_id, consumer, type, payload, error from journal_set_aside',
    );
    expect(rows).toEqual([
      {
        workspace_id: 1,
        consumer: 'notes',
        type: 'noted',
        payload: { text: 'poison' },
        error: 'Error: cannot be done\u2400 bearer ***',
      },
    ]);
    expect(lines.filter((line) => line['level'] === 'error')).toMatchObject([
      { msg: 'an entry of the journal was set aside', consumer: 'notes', type: 'noted' },
    ]);
    const [place] = await platform.sql('select failures, failing_event, waits_until from journal_consumer');
    expect(place).toEqual({ failures: 0, failing_event: null, waits_until: null });
  });

  test('keeps its count of tries when another process takes over, and one that succeeds at last is not set aside', async () => {
    const seen: string[] = [];
    let fails = 3;
    const meanwhile = (): Promise<void> =>
      fails-- > 0 ? Promise.reject(new Error('not yet')) : Promise.resolve();
    await consumers.start(collector(seen, { meanwhile }));
    await append(platform, ['1']);
    const failures = async (): Promise<number> =>
      (await platform.sql<{ failures: number }>('select failures from journal_consumer'))[0]!.failures;
    await eventually(async () => (await failures()) === 2);
    await consumers.stopAll();
    await consumers.start(collector(seen, { meanwhile }));
    await eventually(() => seen.length === 1);
    expect(await platform.sql('select 1 from journal_set_aside')).toEqual([]);
    await eventually(async () => (await failures()) === 0);
  });

  test('whose handler hangs counts as failed', async () => {
    const seen: string[] = [];
    const hangs = collector(seen, {
      meanwhile: (text) => (text === 'hangs' ? new Promise(() => undefined) : Promise.resolve()),
    });
    await consumers.start(hangs);
    await platform.sql(`update journal_consumer set failures = 0`);
    await append(platform, ['hangs']);
    await append(platform, ['next']);
    await eventually(
      async () => (await platform.sql('select 1 from journal_consumer where failures = 1')).length === 1,
      { timeoutMs: 15_000 },
    );
  });

  test('because the database is away does not count', async () => {
    const seen: string[] = [];
    let away = 7;
    const meanwhile = (): Promise<void> =>
      away-- > 0
        ? Promise.reject(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }))
        : Promise.resolve();
    await consumers.start(collector(seen, { meanwhile }));
    for (let n = 0; n < 8; n++) {
      await append(platform, [`${n}`]);
      await delay(30);
    }
    await eventually(() => seen.length === 8, { timeoutMs: 15_000 });
    expect(await platform.sql('select 1 from journal_set_aside')).toEqual([]);
  });
});

describe('a run that takes too long as a whole', () => {
  const entries = Array.from({ length: 50 }, (_, n) => `${n}`);
  const slow = (seen: string[]): JournalConsumer => ({
    ...collector(seen),
    handle: async (_, events) => {
      await delay(events.length * 300, undefined, { ref: false });
      if (events.length === 1) seen.push(textOf(events[0]!));
    },
  });
  const place = async (): Promise<string> =>
    (await platform.sql<{ cursor: string }>('select cursor from journal_consumer'))[0]!.cursor;

  test('is handled one by one, and what was handled is saved before the transaction has rested too long', async () => {
    const seen: string[] = [];
    await consumers.start(slow(seen));
    const before = await place();
    await append(platform, entries);
    await eventually(async () => (await place()) !== before, { timeoutMs: 15_000 });
    await consumers.stopAll();
    const handled = seen.length;
    expect(handled).toBeLessThan(entries.length);
    await consumers.start(collector(seen));
    await eventually(() => seen.length >= entries.length);
    expect(seen).toEqual(entries);
    expect(await platform.sql('select 1 from journal_set_aside')).toEqual([]);
  });
});

describe('what was set aside', () => {
  let works: boolean;
  let handed: JournalEvent[];
  let meanwhile: () => Promise<void>;
  const consumer: JournalConsumer = {
    ...collector([]),
    handle: async (_, events) => {
      if (!works) throw new Error('cannot be done');
      handed.push(...events);
      await meanwhile();
    },
  };

  /** The running consumer and the row of an entry that it gave up. */
  async function setAside(): Promise<{ one: RunningConsumers; id: number; eventId: number }> {
    [works, handed, meanwhile] = [false, [], () => Promise.resolve()];
    await consumers.start(consumer);
    await consumers.stopAll();
    await append(platform, ['poison']);
    const [event] = await platform.sql<{ id: number }>('select max(id) as id from event');
    await platform.sql('update journal_consumer set failing_event = $1, failures = 4', [event!.id]);
    const one = await consumers.start(consumer);
    const row = await eventually(
      async () => (await platform.sql<{ id: number }>('select id from journal_set_aside'))[0],
    );
    return { one, id: row!.id, eventId: event!.id };
  }

  const rows = async (): Promise<number> => (await platform.sql('select from journal_set_aside')).length;

  test('is handed over as it was when an operator asks, and is gone once that succeeds', async () => {
    const { one, id, eventId } = await setAside();
    await expect(one.retry(id)).rejects.toThrow('cannot be done');
    expect(await rows()).toBe(1);
    works = true;
    expect(await one.retry(id)).toBe(true);
    const [stored] = await platform.sql<{ created_at: Date }>('select created_at from event where id = $1', [
      eventId,
    ]);
    expect(handed).toEqual([
      {
        id: eventId,
        cursor: expect.any(String),
        workspaceId: 1,
        type: 'noted',
        conversationId: null,
        audience: null,
        json: '{"text":"poison"}',
        payload: { text: 'poison' },
        createdAt: stored!.created_at,
      },
    ]);
    expect(await rows()).toBe(0);
    expect(await one.retry(id)).toBe(false);
  });

  test('stays where the process dies before its handler has returned', async () => {
    const { one, id } = await setAside();
    works = true;
    meanwhile = async () => {
      await platform.sql(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and application_name = 'apicechat platform' and state like 'idle in transaction%'`,
      );
    };
    await expect(one.retry(id)).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
    expect(await rows()).toBe(1);
  });

  test('waits for the turn that is under way: a consumer never works twice at a time', async () => {
    const { one, id } = await setAside();
    works = true;
    const [began, goOn] = [latch(), latch()];
    let [now, most] = [0, 0];
    meanwhile = async () => {
      most = Math.max(most, ++now);
      began.open();
      await goOn.opened;
      now--;
    };
    await append(platform, ['next']);
    await began.opened;
    const retried = one.retry(id);
    await eventually(
      async () =>
        (
          await platform.sql(
            `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
          )
        ).length === 1,
    );
    goOn.open();
    expect(await retried).toBe(true);
    expect(handed.map(textOf)).toEqual(['next', 'poison']);
    expect(most).toBe(1);
  });

  test('of a consumer that is no more stays, and says so', async () => {
    const { one, id } = await setAside();
    await platform.sql(`update journal_set_aside set consumer = 'former'`);
    await expect(one.retry(id)).rejects.toThrow('There is no journal consumer "former" any more.');
    expect(await rows()).toBe(1);
  });
});
