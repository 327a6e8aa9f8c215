import { setImmediate as turn } from 'node:timers/promises';
import { AppError } from '../../src/common/app-error';
import { withRequestId } from '../../src/platform/observability/request-context';
import type { Transaction } from '../../src/platform/database/unit-of-work';
import { eventually } from '../support/eventually';
import { startPlatform, type TestPlatform } from '../support/platform';

const SCOPE = { workspaceId: 1 };
let platform: TestPlatform;

beforeAll(async () => {
  platform = await startPlatform({ poolSize: 4 });
});
afterAll(() => platform.stop());
beforeEach(async () => {
  await platform.sql('truncate bot, event, job restart identity cascade');
});

const addBot = (tx: Transaction, name: string): Promise<unknown> =>
  tx.query('insert into bot (name) values ($1)', [name]);
const bots = async (): Promise<string[]> =>
  (await platform.sql<{ name: string }>('select name from bot order by id')).map((row) => row.name);
const count = async (table: 'event' | 'job'): Promise<number> =>
  (await platform.sql<{ n: number }>(`select count(*) as n from ${table}`))[0]!.n;
const pidOf = async (tx: Transaction): Promise<number> =>
  (await tx.query<{ pid: number }>('select pg_backend_pid() as pid'))[0]!.pid;
const endBackend = (pid: number): Promise<unknown> => platform.sql('select pg_terminate_backend($1)', [pid]);

describe('a unit of work', () => {
  it('keeps everything it wrote, and only then tells of it', async () => {
    const told: string[] = [];
    await platform.work.run(SCOPE, async (tx) => {
      tx.afterCommit(() => told.push('committed'));
      await addBot(tx, 'kept');
      platform.journal.append({ type: 'test', audience: null, payload: {} });
      platform.jobs.enqueue({ task: 'test', key: '1' });
      expect(told).toEqual([]);
    });
    expect([await bots(), await count('event'), await count('job'), told]).toEqual([
      ['kept'],
      1,
      1,
      ['committed'],
    ]);
  });

  it('that fails leaves no row, no event, no job, and tells nobody', async () => {
    const told: string[] = [];
    const failing = platform.work.run(SCOPE, async (tx) => {
      tx.afterCommit(() => told.push('committed'));
      await addBot(tx, 'undone');
      platform.journal.append({ type: 'test', audience: null, payload: {} });
      platform.jobs.enqueue({ task: 'test', key: '1' });
      throw new Error('changed my mind');
    });
    await expect(failing).rejects.toThrow('changed my mind');
    expect([await bots(), await count('event'), await count('job'), told]).toEqual([[], 0, 0, []]);
  });

  it('in which a statement failed is never reported as done, even where the failure was swallowed', async () => {
    const told: string[] = [];
    const swallowing = platform.work.run(SCOPE, async (tx) => {
      tx.afterCommit(() => told.push('committed'));
      await addBot(tx, 'lost with the rest');
      await tx.query('select 1/0').catch(() => undefined);
      return 'done';
    });
    await expect(swallowing).rejects.toThrow(/nothing of it was kept/);
    expect([await bots(), told]).toEqual([[], []]);
  });

  it('inside another joins it, and both stand or fall together', async () => {
    const failing = platform.work.run(SCOPE, async (outer) => {
      await addBot(outer, 'outer');
      await platform.work.run(SCOPE, async (inner) => {
        expect(inner).toBe(outer);
        await addBot(inner, 'inner');
      });
      throw new Error('the outer one fails');
    });
    await expect(failing).rejects.toThrow('the outer one fails');
    expect(await bots()).toEqual([]);
  });

  it('of another workspace inside is a mistake that undoes both', async () => {
    const mixing = platform.work.run(SCOPE, async (tx) => {
      await addBot(tx, 'outer');
      await platform.work.run({ workspaceId: 2 }, (inner) => addBot(inner, 'inner'));
    });
    await expect(mixing).rejects.toThrow('cannot change its workspace');
    expect(await bots()).toEqual([]);
  });

  it('holds what the object mapper would do in a transaction of its own', async () => {
    const failing = platform.work.run(SCOPE, async (tx) => {
      await tx.manager.transaction((inner) => inner.query(`insert into bot (name) values ('mapped')`));
      throw new Error('the outer one fails');
    });
    await expect(failing).rejects.toThrow('the outer one fails');
    expect(await bots()).toEqual([]);
  });

  it('is only found by the work inside it', async () => {
    expect(() => platform.work.current).toThrow('No unit of work is open');
    await platform.work.run(SCOPE, async (tx) => {
      await turn();
      expect(platform.work.current).toBe(tx);
    });
    expect(() => platform.work.current).toThrow('No unit of work is open');
  });
});

describe('work that only reads', () => {
  it('answers what is there, any number at once, and gives its connections back', async () => {
    await platform.work.run(SCOPE, (tx) => addBot(tx, 'seen'));
    const readings = Array.from({ length: 20 }, () =>
      platform.work.read(SCOPE, (tx) => tx.query<{ name: string }>('select name from bot')),
    );
    expect(await Promise.all(readings)).toEqual(readings.map(() => [{ name: 'seen' }]));
    await platform.work.run(SCOPE, (tx) => addBot(tx, 'written after'));
    expect(await bots()).toEqual(['seen', 'written after']);
  });

  it('sees its own workspace only', async () => {
    await platform.work.run(SCOPE, (tx) => addBot(tx, 'theirs'));
    expect(await platform.work.read({ workspaceId: 2 }, (tx) => tx.query('select 1 from bot'))).toEqual([]);
  });

  it('can write nothing, and leaves a connection that can', async () => {
    await expect(platform.work.read(SCOPE, (tx) => addBot(tx, 'smuggled'))).rejects.toThrow(/read-only/);
    await Promise.all(
      Array.from({ length: 8 }, (_, n) => platform.work.run(SCOPE, (tx) => addBot(tx, `bot ${n}`))),
    );
    expect(await bots()).toHaveLength(8);
  });

  it('inside work that writes sees what that wrote, and lets it write on', async () => {
    await platform.work.run(SCOPE, async (tx) => {
      await addBot(tx, 'first');
      expect(await platform.work.read(SCOPE, (inner) => inner.query('select 1 from bot'))).toHaveLength(1);
      await addBot(tx, 'second');
    });
    expect(await bots()).toEqual(['first', 'second']);
  });

  it('meets a 503 where its connection breaks, and a retry of the caller is served', async () => {
    const killed = platform.work.read(SCOPE, async (tx) => {
      await endBackend(await pidOf(tx));
      await tx.query('select 1');
    });
    await expect(killed).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
    expect(await platform.work.read(SCOPE, (tx) => tx.query('select 1 as one'))).toEqual([{ one: 1 }]);
  });

  it('whose connection breaks once the answer is there has answered all the same', async () => {
    const answers = await platform.work.read(SCOPE, async (tx) => {
      const rows = await tx.query('select 1 as one');
      await endBackend(await pidOf(tx));
      return rows;
    });
    expect(answers).toEqual([{ one: 1 }]);
    await eventually(async () => (await platform.work.read(SCOPE, (tx) => tx.query('select 1'))).length > 0);
  });
});

describe('work that outlives its unit of work', () => {
  it('cannot write through it any more, neither unseen nor into the next one', async () => {
    let straggler: Promise<unknown> = Promise.resolve();
    let letGo: () => void = () => undefined;
    const gate = new Promise<void>((open) => (letGo = open));
    await platform.work.run(SCOPE, async (tx) => {
      straggler = gate.then(() => addBot(tx, 'straggler')).catch((error: unknown) => error);
      await addBot(tx, 'in time');
    });
    await platform.work.run(SCOPE, async (next) => {
      letGo();
      expect(await straggler).toMatchObject({ message: expect.stringContaining('has ended') });
      await addBot(next, 'next');
    });
    expect(await bots()).toEqual(['in time', 'next']);
  });

  it('gets a transaction of its own when it asks for one', async () => {
    let late: Promise<unknown> = Promise.resolve();
    let letGo: () => void = () => undefined;
    const gate = new Promise<void>((open) => (letGo = open));
    let finished: Transaction | undefined;
    await platform.work.run(SCOPE, async (tx) => {
      finished = tx;
      late = gate.then(() =>
        platform.work.run({ workspaceId: 1 }, async (own) => {
          expect(own).not.toBe(finished);
          await addBot(own, 'late');
        }),
      );
      await addBot(tx, 'first');
    });
    letGo();
    await late;
    expect(await bots()).toEqual(['first', 'late']);
  });
});

describe('a deadlock', () => {
  it('is settled by running one of the two again, and both succeed', async () => {
    await platform.sql(`insert into bot (workspace_id, name) values (1, 'a'), (1, 'b')`);
    let attempts = 0;
    let arrivals = 0;
    const visit = (first: string, second: string): Promise<void> =>
      platform.work.run(SCOPE, async (tx) => {
        attempts++;
        await tx.query('update bot set description = $2 where name = $1', [first, first]);
        arrivals++;
        if (attempts <= 2) await eventually(() => arrivals >= 2);
        await tx.query('update bot set description = $2 where name = $1', [second, first]);
      });
    await Promise.all([visit('a', 'b'), visit('b', 'a')]);
    expect(attempts).toBe(3);
    const deadlocks = 'select from pg_stat_database where datname = current_database() and deadlocks = 1';
    await eventually(async () => (await platform.sql(deadlocks)).length === 1, {
      what: 'PostgreSQL counting one deadlock',
    });
  });

  it('that comes back each time is given up after four tries, with a 503', async () => {
    let attempts = 0;
    const failing = platform.work.run(SCOPE, async (tx) => {
      attempts++;
      await tx.query(`do $$ begin raise exception 'made up' using errcode = '40P01'; end $$`);
    });
    await expect(failing).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE', status: 503 });
    expect(attempts).toBe(4);
  });

  it('runs nothing after commit for the tries that were undone', async () => {
    const told: number[] = [];
    let attempts = 0;
    await platform.work.run(SCOPE, async (tx) => {
      const attempt = ++attempts;
      tx.afterCommit(() => told.push(attempt));
      if (attempt < 3)
        await tx.query(`do $$ begin raise exception 'made up' using errcode = '40001'; end $$`);
    });
    expect(told).toEqual([3]);
  });
});

describe('when the database fails', () => {
  it.each([
    ['a statement', (tx: Transaction) => tx.query('select 1')],
    ['the object mapper', (tx: Transaction) => tx.manager.query('select 1')],
  ])('in the middle of a transaction, %s meets a 503 and the pool recovers', async (_, next) => {
    const killed = platform.work.run(SCOPE, async (tx) => {
      await addBot(tx, 'lost');
      const pid = await pidOf(tx);
      await endBackend(pid);
      await eventually(() => tx.manager.queryRunner?.isReleased, {
        what: 'the news, with no statement under way',
      });
      await next(tx);
    });
    await expect(killed).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE', retryAfterSeconds: 2 });
    await Promise.all(
      Array.from({ length: 8 }, (_unused, n) => platform.work.run(SCOPE, (tx) => addBot(tx, `after ${n}`))),
    );
    expect(await bots()).toHaveLength(8);
  });

  it('under a statement, that statement meets a 503', async () => {
    const killed = platform.work.run(SCOPE, async (tx) => {
      const pid = await pidOf(tx);
      const sleeping = tx.query('select pg_sleep(20)');
      sleeping.catch(() => undefined);
      await eventually(
        async () =>
          (
            await platform.sql(`select 1 from pg_stat_activity where pid = $1 and wait_event = 'PgSleep'`, [
              pid,
            ])
          ).length > 0,
      );
      await endBackend(pid);
      await sleeping;
    });
    await expect(killed).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
  });

  it('the errors of the feature itself stay what they are', async () => {
    const refused = platform.work.run(SCOPE, () => Promise.reject(new AppError('CONFLICT', 'taken')));
    await expect(refused).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  it('with every connection busy, nobody waits longer than five seconds for a 503', async () => {
    let free: () => void = () => undefined;
    const busy = new Promise<void>((done) => (free = done));
    const holders = Array.from({ length: 4 }, () => platform.work.run(SCOPE, () => busy));
    const started = performance.now();
    const late = platform.work.run(SCOPE, (tx) => tx.query('select 1'));
    await expect(late).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE', status: 503 });
    expect(performance.now() - started).toBeLessThan(6_000);
    free();
    await Promise.all(holders);
    await platform.work.run(SCOPE, (tx) => addBot(tx, 'served again'));
    expect(await bots()).toEqual(['served again']);
  });
});

describe('a unit of work that goes on and on', () => {
  const slowly = (): Promise<void> =>
    platform.work.run(SCOPE, async (tx) => {
      for (let n = 0; n < 4; n++) {
        await addBot(tx, `slow ${n}`);
        await tx.query('select pg_sleep(1.5)');
      }
    });

  it('is given up, and nothing of it kept, where a client waits for it', async () => {
    const started = performance.now();
    await expect(withRequestId('a-request', slowly)).rejects.toMatchObject({
      code: 'DATABASE_UNAVAILABLE',
      status: 503,
      retryAfterSeconds: 2,
    });
    expect(performance.now() - started).toBeLessThan(5_000);
    expect(await bots()).toEqual([]);
  });

  it('has its time where nobody does', async () => {
    await slowly();
    expect(await bots()).toHaveLength(4);
  });
});

describe('the machinery’s own transactions', () => {
  it('survive the loss of their connection between two statements as a 503, and so does the process', async () => {
    const killed = platform.database.transaction(async (client) => {
      const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
      const ended = new Promise((resolve) => client.once('end', resolve)); // events.once would listen for errors
      await endBackend(rows[0]!.pid);
      await ended; // with no statement under way
      await client.query('select 1');
    });
    await expect(killed).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
    expect(await platform.database.query('select 1 as one')).toEqual([{ one: 1 }]);
  });
});
