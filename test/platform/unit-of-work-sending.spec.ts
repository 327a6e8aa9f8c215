import type { Statement, Transaction } from '../../src/platform/database/unit-of-work';
import { eventually } from '../support/eventually';
import { startPlatform, type TestPlatform } from '../support/platform';

const SCOPE = { workspaceId: 1 };
let platform: TestPlatform;

beforeAll(async () => {
  platform = await startPlatform({ poolSize: 4 });
});
afterAll(() => platform.stop());
beforeEach(async () => {
  await platform.sql('truncate bot restart identity cascade');
});

const addBot = (tx: Transaction, name: string): Promise<unknown> =>
  tx.query('insert into bot (name) values ($1)', [name]);
const bots = async (): Promise<string[]> =>
  (await platform.sql<{ name: string }>('select name from bot order by id')).map((row) => row.name);
const pidOf = async (tx: Transaction): Promise<number> =>
  (await tx.query<{ pid: number }>('select pg_backend_pid() as pid'))[0]!.pid;
const endBackend = (pid: number): Promise<unknown> => platform.sql('select pg_terminate_backend($1)', [pid]);

describe('statements that travel together', () => {
  let own: TestPlatform;

  // A connection on which nothing was prepared yet, and no other.
  beforeEach(async () => {
    own = await startPlatform({ poolSize: 1 });
  });
  afterEach(() => own.stop());

  const names = async (): Promise<string[]> =>
    (await own.sql<{ name: string }>('select name from bot order by id')).map((row) => row.name);
  const insert = 'insert into bot (name) values ($1)';

  it('may be the same one several times, before it is known to be prepared', async () => {
    await own.work.run(SCOPE, async (tx) => {
      tx.send('probe', insert, ['1']);
      tx.send('probe', insert, ['2']);
      await tx.prepared('probe', insert, ['3']);
    });
    expect(await names()).toEqual(['1', '2', '3']);
  });

  it('are none of them kept where one fails, whoever waits for it, and can be prepared again', async () => {
    const failing = own.work.run(SCOPE, (tx) => {
      tx.send('before', insert, ['before']);
      tx.send('broken', 'select 1 / $1::int', [0]);
      tx.send('after', insert, ['after']);
    });
    await expect(failing).rejects.toThrow('division by zero');
    await own.work.run(SCOPE, (tx) => {
      tx.send('before', insert, ['1']);
      tx.send('broken', 'select 1 / $1::int', [1]);
      tx.send('after', insert, ['2']);
    });
    expect(await names()).toEqual(['1', '2']);
  });

  it('say why the first of them failed where the answers of several are waited for', async () => {
    const failing = own.work.run(SCOPE, async (tx) => {
      const broken = tx.prepared('broken', 'select 1 / $1::int', [0]);
      const [after] = await Promise.allSettled([tx.prepared('after', insert, ['after']), broken]);
      if (after.status === 'rejected') throw after.reason;
    });
    await expect(failing).rejects.toThrow('division by zero');
  });

  it('end as one that fails by its own word: none is kept, and the next work begins afresh', async () => {
    const failing = own.work.run(SCOPE, (tx) => {
      tx.send('probe', insert, ['undone']);
      throw new Error('changed my mind');
    });
    await expect(failing).rejects.toThrow('changed my mind');
    await own.work.run({ workspaceId: 1 }, (tx) => tx.send('probe', insert, ['kept']));
    expect(await names()).toEqual(['kept']);
  });

  it('are tried again together after a deadlock', async () => {
    let attempts = 0;
    await own.work.run(SCOPE, (tx) => {
      attempts++;
      tx.send('first', insert, ['first']);
      if (attempts === 1)
        tx.send('made_up', `do $$ begin raise exception 'x' using errcode = '40P01'; end $$`, []);
      tx.send('last', insert, ['last']);
    });
    expect([attempts, await names()]).toEqual([2, ['first', 'last']]);
  });

  it('all meet a 503 where the connection breaks under them', async () => {
    const broken = own.work.run(SCOPE, (tx) => {
      tx.send('before', insert, ['before']);
      tx.send('sleep', 'select pg_sleep(20)', []);
      tx.send('after', insert, ['after']);
    });
    broken.catch(() => undefined);
    await eventually(async () => {
      const ended = await own.sql(`select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and application_name = 'apicechat' and wait_event = 'PgSleep'`);
      return ended.length > 0;
    });
    await expect(broken).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
    await own.work.run(SCOPE, (tx) => tx.send('probe', insert, ['served again']));
    expect(await names()).toEqual(['served again']);
  });
});

describe('a last statement', () => {
  const adding = (name: string | null): Statement => ({
    name: 'test_add_last',
    sql: 'insert into bot (name) values ($1) returning name',
    values: [name],
  });
  const addLast = (tx: Transaction, name: string | null): Promise<unknown> => tx.preparedLast(adding(name));

  it('is answered, and kept with all before it once the unit of work is done', async () => {
    const told: string[] = [];
    const answer = await platform.work.run(SCOPE, async (tx) => {
      tx.afterCommit(() => told.push('committed'));
      await addBot(tx, 'before');
      const rows = await addLast(tx, 'last');
      expect(told).toEqual([]);
      return rows;
    });
    expect([answer, await bots(), told]).toEqual([[{ name: 'last' }], ['before', 'last'], ['committed']]);
  });

  it('that fails keeps nothing, says why and tells nobody', async () => {
    const told: string[] = [];
    const failing = platform.work.run(SCOPE, async (tx) => {
      tx.afterCommit(() => told.push('committed'));
      await addBot(tx, 'undone');
      await addLast(tx, null);
    });
    await expect(failing).rejects.toMatchObject({ code: '23502' });
    expect([await bots(), told]).toEqual([[], []]);
  });

  it('is the last: nothing else is taken, and its connection goes back clean', async () => {
    const late = platform.work.run(SCOPE, async (tx) => {
      await addLast(tx, 'kept');
      await addBot(tx, 'late');
    });
    await expect(late).rejects.toThrow('has ended');
    expect(await bots()).toEqual(['kept']);
    await platform.work.run(SCOPE, (tx) => addBot(tx, 'next'));
    expect(await bots()).toEqual(['kept', 'next']);
  });

  it('whose connection dies is not reported as done', async () => {
    const dying = platform.work.run(SCOPE, async (tx) => {
      await addBot(tx, 'undone');
      const pid = await pidOf(tx);
      const last = tx.preparedLast({ name: 'test_last_dies', sql: 'select pg_sleep(60)', values: [] });
      await Promise.all([last, endBackend(pid)]);
    });
    await expect(dying).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
    expect(await bots()).toEqual([]);
  });

  it('may be several, of which the first is answered', async () => {
    const answer = await platform.work.run(SCOPE, (tx) => tx.preparedLast(adding('first'), adding('second')));
    expect([answer, await bots()]).toEqual([[{ name: 'first' }], ['first', 'second']]);
  });

  it.each([
    ['first', null, 'second'],
    ['second', 'first', null],
  ])('of several keeps nothing and says why where the %s fails', async (_, ...added) => {
    const [first, second] = added.map(adding);
    const failing = platform.work.run(SCOPE, (tx) => tx.preparedLast(first!, second!));
    await expect(failing).rejects.toMatchObject({ code: '23502' });
    expect(await bots()).toEqual([]);
  });

  it('that meets a deadlock is tried again', async () => {
    let tries = 0;
    await platform.work.run(SCOPE, async (tx) => {
      tries += 1;
      await addBot(tx, `try ${tries}`);
      if (tries === 1)
        await tx.preparedLast({
          name: 'test_last_deadlock',
          sql: `do $$ begin raise sqlstate '40P01'; end $$`,
          values: [],
        });
      else await addLast(tx, 'done');
    });
    expect(await bots()).toEqual(['try 2', 'done']);
  });
});
