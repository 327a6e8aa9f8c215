import { Retention } from '../../src/platform/events/retention';
import type { JournalCursor } from '../../src/platform/events/journal-cursor';
import { createLogger } from '../../src/platform/observability/logger';
import { eventually } from '../support/eventually';
import { startPlatform, type TestPlatform } from '../support/platform';
import { testConfig } from '../support/system';

let platform: TestPlatform;
let retention: Retention;

beforeAll(async () => {
  platform = await startPlatform();
  retention = newRetention();
  await platform.sql(`insert into users (workspace_id, name, username, password, role_id)
    select 1, 'Ana', 'ana', 'x', id from roles where workspace_id = 1 and name = 'admin'`);
});
afterAll(() => platform.stop());
beforeEach(async () => {
  await platform.sql(
    'truncate event, early_delivery_report, webhook_delivery, webhook_set_aside, user_session',
  );
});

function newRetention(): Retention {
  const config = testConfig(platform.url, 'http://127.0.0.1:1', {});
  return new Retention(config, createLogger('silent'), platform.database);
}

/** An entry that was written so long ago, in a transaction of its own. */
async function entry(type: string, ago = '0 s'): Promise<void> {
  await platform.sql(
    `insert into event (workspace_id, type, payload, created_at) values (1, $1, '{}', now() - $2::interval)`,
    [type, ago],
  );
}

const entries = async (): Promise<string[]> =>
  (await platform.sql<{ type: string }>('select type from event order by id')).map((row) => row.type);
const floor = async (): Promise<string> =>
  (await platform.sql<{ xid: string }>('select xid::text as xid from journal_floor'))[0]!.xid;

/**
 * A place above all entries that there are or were. Other tests write in the same cluster: only once those that began
 * before have ended is the place surely above.
 */
async function placeAboveAll(): Promise<JournalCursor> {
  const place = await eventually(
    async () => {
      const cursor = await platform.reader.now();
      const [last] = await platform.sql<{ xid: string }>(
        'select greatest((select xid from event order by xid desc limit 1), (select xid from journal_floor))::text as xid',
      );
      return BigInt(cursor.base.split(':')[0]!) > BigInt(last!.xid) ? cursor : null;
    },
    { what: 'the end of every older transaction of the cluster', timeoutMs: 25_000 },
  );
  return place!;
}

describe('the journal', () => {
  it('keeps entries for 24 hours', async () => {
    await entry('older', '24 h 1 min');
    await entry('younger', '23 h 59 min');
    await entry('new');
    expect(await retention.clear()).toEqual({ event: 1 });
    expect(await entries()).toEqual(['younger', 'new']);
    expect(await retention.clear()).toEqual({});
  });

  it('tells a reader whose place has been cleared that something is missing, and no other', async () => {
    const before = await placeAboveAll();
    await entry('cleared', '2 days');
    const after = await placeAboveAll();
    await entry('kept');
    expect([await platform.reader.reaches(before), await platform.reader.reaches(after)]).toEqual([
      true,
      true,
    ]);

    await retention.clear();
    expect([await platform.reader.reaches(before), await platform.reader.reaches(after)]).toEqual([
      false,
      true,
    ]);
    expect(await platform.reader.read(before, 10)).toMatchObject({ gap: true });
    const page = await platform.reader.read(after, 10);
    expect([page.gap, page.events.map((event) => event.type)]).toEqual([false, ['kept']]);
  });

  it('that is cleared altogether is still reached by who has read it all, and goes on from there', async () => {
    await entry('cleared', '2 days');
    const after = await placeAboveAll();
    await retention.clear();
    expect(await entries()).toEqual([]);
    expect(await platform.reader.reaches(await platform.reader.now())).toBe(true);
    expect(await platform.reader.reaches(after)).toBe(true);
    await entry('next');
    const page = await platform.reader.read(after, 10);
    expect([page.gap, page.events.map((event) => event.type)]).toEqual([false, ['next']]);
  });

  it('never lets a reader believe that it has all while a part is being cleared', async () => {
    const start = await placeAboveAll();
    const written = 300;
    for (let n = 0; n < written; n++) await entry(`${n}`, '2 days');
    const check = async (): Promise<boolean> => {
      const { events, gap } = await platform.reader.read(start, 1_000);
      if (!gap) expect(events).toHaveLength(written);
      return gap;
    };
    expect(await check()).toBe(false);
    const clearing = { on: true };
    const done = retention.clear(7).finally(() => (clearing.on = false));
    while (clearing.on) await check();
    expect(await done).toEqual({ event: written });
    expect(await platform.reader.read(start, 1_000)).toMatchObject({ gap: true, events: [] });
  });

  it('lets no reader hear entries of the cluster that a dump came from, also before they are forgotten', async () => {
    const cursor = await platform.reader.now();
    await platform.sql(
      `insert into event (xid, workspace_id, type, payload)
       values ((pg_current_xact_id()::text::bigint + 1000000)::text::xid8, 1, 'elsewhere', '{}')`,
    );
    expect((await platform.reader.read(cursor, 10)).events).toEqual([]);
    expect(await retention.clear()).toEqual({ 'entries of another cluster': 1 });
  });

  it('forgets entries of the cluster that a dump came from, which would be told as new one day', async () => {
    const [row] = await platform.sql<{ xid: string }>(
      `select (pg_snapshot_xmax(pg_current_snapshot())::text::bigint + 100000)::text as xid`,
    );
    await platform.sql(
      `insert into event (xid, workspace_id, type, payload) values ($1::xid8, 1, 'foreign', '{}')`,
      [row!.xid],
    );
    await platform.sql('update journal_floor set xid = $1::xid8', [row!.xid]);
    await entry('ours');
    expect(await platform.reader.reaches(await platform.reader.now())).toBe(false);

    expect(await retention.clear()).toEqual({ 'entries of another cluster': 1 });
    expect(await entries()).toEqual(['ours']);
    expect(await platform.reader.reaches(await placeAboveAll())).toBe(true);
    await entry('next');
    expect(BigInt(await floor())).toBeLessThan(BigInt(row!.xid));
  });
});

describe('other rows', () => {
  const session = `insert into user_session (workspace_id, id, user_id, expires_at)
    select 1, gen_random_uuid(), id, now() - $1::interval from users`;
  const report = `insert into early_delivery_report (workspace_id, external_id, status, at, received_at)
    values (1, gen_random_uuid(), 'sent', now(), now() - $1::interval)`;
  const delivery = `insert into webhook_delivery (body, received_at) values ('x', now() - $1::interval)`;
  const setAside = `with kept as (insert into webhook_delivery (body) values ('x') returning id)
    insert into webhook_set_aside (delivery_id, path, reason, detail, received_at)
    select id, '', '', '', now() - $1::interval from kept`;

  it.each([
    ['user_session', session, '7 days'],
    ['early_delivery_report', report, '30 days'],
    ['webhook_delivery', delivery, '30 days'],
    ['webhook_set_aside', setAside, '30 days'],
  ])('of %s go after their time, and not before', async (table, insert, kept) => {
    await platform.sql(insert, [`${kept} 1 min`]);
    await platform.sql(insert, [`${kept} -1 min`]);
    expect(await retention.clear()).toEqual({ [table]: 1 });
    expect(await platform.sql(`select from ${table}`)).toHaveLength(1);
  });

  it('go with a delivery that goes, and many of them in batches', async () => {
    await platform.sql(`insert into webhook_delivery (body, received_at)
      select 'x', now() - interval '31 days' from generate_series(1, 25)`);
    await platform.sql(`insert into webhook_set_aside (delivery_id, path, reason, detail)
      select id, '', '', '' from webhook_delivery`);
    expect(await retention.clear(10)).toEqual({ webhook_delivery: 25 });
    expect(await platform.sql('select from webhook_set_aside')).toEqual([]);
  });
});

describe('of several processes', () => {
  it('one clears at a time, and the others leave it to it', async () => {
    await entry('old', '2 days');
    const busy = await platform.connect();
    await busy.query('begin; select pg_advisory_xact_lock(7263190117)');
    expect(await retention.clear()).toEqual({});
    await busy.query('commit');
    expect(await retention.clear()).toEqual({ event: 1 });
  });

  it('all together remove each row once', async () => {
    for (let n = 0; n < 60; n++) await entry('old', '2 days');
    const results = await Promise.all(Array.from({ length: 4 }, () => newRetention().clear(5)));
    results.push(await retention.clear(5));
    expect(results.reduce((sum, removed) => sum + (removed['event'] ?? 0), 0)).toBe(60);
    expect(await entries()).toEqual([]);
  });
});

describe('the timetable', () => {
  beforeEach(() => jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] }));
  afterEach(() => jest.useRealTimers());

  const scheduled = (role: 'all' | 'api' | 'worker'): { retention: Retention; clear: jest.SpyInstance } => {
    const config = testConfig(platform.url, 'http://127.0.0.1:1', { role });
    const own = new Retention(config, createLogger('silent'), platform.database);
    const clear = jest.spyOn(own, 'clear').mockResolvedValue({});
    own.onApplicationBootstrap();
    return { retention: own, clear };
  };

  it.each(['all', 'worker'] as const)(
    'of a process of role %s: soon after the start, then every ten minutes',
    async (role) => {
      const { retention: own, clear } = scheduled(role);
      await jest.advanceTimersByTimeAsync(30_000);
      expect(clear).toHaveBeenCalledTimes(1);
      clear.mockRejectedValueOnce(new Error('the database is away'));
      await jest.advanceTimersByTimeAsync(20 * 60_000);
      expect(clear).toHaveBeenCalledTimes(3);
      await own.beforeApplicationShutdown();
      await jest.advanceTimersByTimeAsync(20 * 60_000);
      expect(clear).toHaveBeenCalledTimes(3);
    },
  );

  it('of a process that only answers requests: never', async () => {
    const { clear } = scheduled('api');
    await jest.advanceTimersByTimeAsync(60 * 60_000);
    expect(clear).not.toHaveBeenCalled();
  });
});
