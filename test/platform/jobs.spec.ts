import { setImmediate } from 'node:timers/promises';
import { clock } from '../../src/common/clock';
import type { NewJob } from '../../src/platform/jobs/job-queue';
import type { Job } from '../../src/platform/jobs/job-worker';
import { eventually } from '../support/eventually';
import { latch, type RunningWorker, startWorker } from '../support/jobs';
import { startPlatform, type TestPlatform, twoWorkspaces } from '../support/platform';

const SCOPE = { workspaceId: 1 };

let platform: TestPlatform;
let workers: RunningWorker[] = [];

beforeAll(async () => {
  platform = await startPlatform();
});
afterEach(async () => {
  await Promise.all(workers.map((worker) => worker.stop()));
  workers = [];
  await platform.sql('delete from job');
});
afterAll(() => platform.stop());

const start = (
  ...args: Parameters<typeof startWorker> extends [unknown, ...infer Rest] ? Rest : never
): void => {
  workers.push(startWorker(platform, ...args));
};
const ask = async (...jobs: NewJob[]): Promise<void> =>
  await platform.work.run(SCOPE, () => platform.jobs.enqueue(...jobs));
const rows = async (): Promise<{ key: string; generation: number; attempts: number }[]> =>
  await platform.sql('select key, generation, attempts from job order by id');
const allDone = async (): Promise<void> => {
  await eventually(async () => (await rows()).length === 0, { what: 'all jobs done' });
};

describe('a job commits with what asked for it', () => {
  test('and is not there before', async () => {
    const ran: string[] = [];
    start({ note: (job) => Promise.resolve(void ran.push(job.key)) });

    await platform.work.run(SCOPE, async () => {
      platform.jobs.enqueue({ task: 'note', key: 'kept' });
      expect(await rows()).toEqual([]);
    });

    await allDone();
    expect(ran).toEqual(['kept']);
  });

  test('and is never there when that is rolled back', async () => {
    const changedMind = platform.work.run(SCOPE, async () => {
      platform.jobs.enqueue({ task: 'note', key: 'lost' });
      throw new Error('changed my mind');
    });

    await expect(changedMind).rejects.toThrow('changed my mind');
    expect(await rows()).toEqual([]);
  });
});

describe('asking for a job again', () => {
  test('while it waits leaves one job, at the earlier time', async () => {
    const later = new Date(Date.now() + 60_000);
    await ask({ task: 'note', key: 'a', runAt: later }, { task: 'note', key: 'a', runAt: later });
    await ask({ task: 'note', key: 'a' });
    expect(await rows()).toHaveLength(1);

    let runs = 0;
    start({ note: () => Promise.resolve(void runs++) });
    await allDone();
    expect(runs).toBe(1);
  });

  test('while it runs makes it run once more, however often', async () => {
    let runs = 0;
    const [began, goOn] = [latch(), latch()];
    start({
      note: async () => {
        if (++runs > 1) return;
        began.open();
        await goOn.opened;
      },
    });
    await ask({ task: 'note', key: 'a' });
    await began.opened;

    for (let i = 0; i < 5; i++) await ask({ task: 'note', key: 'a' });
    goOn.open();

    await allDone();
    expect(runs).toBe(2);
  });

  test('while it runs brings it back at once, whatever time it chose itself', async () => {
    let runs = 0;
    const [began, goOn] = [latch(), latch()];
    start({
      note: async () => {
        if (++runs > 1) return;
        began.open();
        await goOn.opened;
        return { runAgainAt: new Date(Date.now() + 3_600_000) };
      },
    });
    await ask({ task: 'note', key: 'a' });
    await began.opened;

    await ask({ task: 'note', key: 'a' });
    goOn.open();

    await allDone();
    expect(runs).toBe(2);
  });

  test('at the very moment when it ends is never lost', async () => {
    // What is to be done stands in rows of its own, as messages do; a run does all that it sees.
    await platform.sql('create table wish (key text)');
    await platform.sql('grant all on wish to apicechat_app');
    const grant = async (job: Job): Promise<void> => {
      await platform.work.run(job, async (tx) => {
        await tx.query('delete from wish where key = $1', [job.key]);
      });
    };
    start({ grant });
    start({ grant });
    const wish = async (key: string): Promise<void> => {
      await platform.work.run(SCOPE, async (tx) => {
        await tx.query('insert into wish values ($1)', [key]);
        platform.jobs.enqueue({ task: 'grant', key });
      });
    };

    for (let round = 0; round < 25; round++) {
      await Promise.all(
        [...Array(16).keys()].map(async (n) => {
          await wish(String(n));
          for (let turn = 0; turn < (round * n) % 11; turn++) await setImmediate();
          await wish(String(n));
        }),
      );
      await allDone();
      expect(await platform.sql('select key from wish')).toEqual([]);
    }
  });
});

test('a job that wants to run again does so at its time, not before', async () => {
  const runs: number[] = [];
  start({
    note: () => {
      runs.push(Date.now());
      return Promise.resolve(runs.length === 1 ? { runAgainAt: new Date(Date.now() + 400) } : undefined);
    },
  });
  await ask({ task: 'note', key: 'a' });

  await allDone();
  expect(runs[1]! - runs[0]!).toBeGreaterThanOrEqual(390);
});

test('a job runs again for its whole wait where the clocks of server and database differ', async () => {
  const setBy = (ms: number): void => {
    const now = performance.now();
    clock.compare(Date.now() + ms, [now, now]);
  };
  setBy(-3_600_000);
  let runs = 0;
  try {
    start({
      note: () => {
        runs++;
        return Promise.resolve({ runAgainAt: new Date(clock.now() + 60_000) });
      },
    });
    await ask({ task: 'note', key: 'a' });
    await eventually(() => runs > 0, { what: 'the first run' });
    const waits = async (): Promise<boolean> =>
      (
        await platform.sql(
          `select 1 from job where held_by is null and run_at > now() + interval '50 seconds'`,
        )
      ).length === 1;
    await eventually(waits, { what: 'a wait of its length' });
  } finally {
    setBy(0);
  }
  expect(runs).toBe(1);
});

test('two workers never run one job at once, and all jobs run', async () => {
  const now = new Map<string, number>();
  const ran: string[] = [];
  let together = 0;
  const handler = async (job: Job): Promise<void> => {
    now.set(job.key, (now.get(job.key) ?? 0) + 1);
    together = Math.max(together, now.get(job.key)!);
    await platform.work.run(job, async (tx) => void (await tx.query('select pg_sleep(0.002)')));
    now.set(job.key, now.get(job.key)! - 1);
    ran.push(job.key);
  };
  start({ note: handler }, { concurrency: 4 });
  start({ note: handler }, { concurrency: 4 });

  const keys = [...Array(10).keys()].map((n) => `key ${n}`);
  for (let round = 0; round < 15; round++) await ask(...keys.map((key) => ({ task: 'note', key })));

  await allDone();
  expect(together).toBe(1);
  expect(new Set(ran)).toEqual(new Set(keys));
});

test('a job of one workspace sees that workspace and no other', async () => {
  const [north, south] = await twoWorkspaces(platform);
  await platform.sql(
    `insert into contact (workspace_id, external_id) values ($1, 'from the north'), ($2, 'from the south')`,
    [north, south],
  );
  const seen: [number, string[]][] = [];
  start({
    look: async (job) => {
      await platform.work.run(job, async (tx) => {
        const people = await tx.query<{ external_id: string }>('select external_id from contact');
        seen.push([job.workspaceId, people.map((row) => row.external_id)]);
      });
    },
  });

  for (const workspaceId of [north, south])
    await platform.work.run({ workspaceId }, () => platform.jobs.enqueue({ task: 'look', key: 'same' }));

  await allDone();
  expect(seen.sort(([a], [b]) => a - b)).toEqual([
    [north, ['from the north']],
    [south, ['from the south']],
  ]);
});

test('the payload arrives as it was given', async () => {
  const payload = { text: 'ü "quoted" \\ 😀', nested: { list: [1, null, true] } };
  let seen: unknown;
  start({ note: (job) => Promise.resolve(void (seen = job.payload)) });

  await ask({ task: 'note', key: 'a', payload });

  await allDone();
  expect(seen).toEqual(payload);
});

test('a task that this process has no handler for is left to one that has', async () => {
  start({ note: () => Promise.resolve() });
  await ask({ task: 'unknown here', key: 'a' }, { task: 'note', key: 'b' });

  await eventually(async () => (await rows()).length === 1, { what: 'the known job done' });
  expect(await rows()).toEqual([{ key: 'a', generation: 0, attempts: 0 }]);
});
