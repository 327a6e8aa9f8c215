import { AppError } from '../../src/common/app-error';
import type { NewJob } from '../../src/platform/jobs/job-queue';
import { eventually } from '../support/eventually';
import { type RunningWorker, startWorker } from '../support/jobs';
import { startPlatform, type TestPlatform } from '../support/platform';

interface JobState {
  attempts: number;
  failed: boolean;
  error: string | null;
  wait: number;
}

let platform: TestPlatform;
let worker: RunningWorker | undefined;

beforeAll(async () => {
  platform = await startPlatform();
});
afterEach(async () => {
  await worker?.stop();
  worker = undefined;
  await platform.sql('delete from job');
});
afterAll(() => platform.stop());

const ask = async (...jobs: NewJob[]): Promise<void> =>
  await platform.work.run({ workspaceId: 1 }, () => platform.jobs.enqueue(...jobs));
const state = async (key: string): Promise<JobState | undefined> =>
  (
    await platform.sql<JobState>(
      `select attempts, failed_at is not null as failed, last_error as error,
         extract(epoch from run_at - now())::float as wait
       from job where key = $1 and held_by is null`,
      [key],
    )
  )[0];
const afterFailure = async (key: string): Promise<JobState> => {
  const failed = await eventually(
    async () => {
      const now = await state(key);
      return now?.error === null ? null : now;
    },
    { what: 'the failure' },
  );
  return failed!;
};

test('a job that throws waits longer each time, and keeps the words of the error', async () => {
  worker = startWorker(platform, { fail: () => Promise.reject(new TypeError('no such thing')) });
  const waits: number[] = [];
  for (const attempts of [0, 1, 4, 18]) {
    await platform.sql('delete from job');
    await ask({ task: 'fail', key: 'a', runAt: new Date(Date.now() + 3_600_000) });
    await platform.sql('update job set attempts = $1, run_at = now()', [attempts]);
    const failure = await afterFailure('a');
    expect(failure).toMatchObject({
      attempts: attempts + 1,
      failed: false,
      error: 'TypeError: no such thing',
    });
    waits.push(failure.wait);
  }
  const expected = [2, 4, 32, 300];
  for (const [i, wait] of waits.entries()) {
    expect(wait).toBeGreaterThan(expected[i]! * 0.7 - 1);
    expect(wait).toBeLessThan(expected[i]! * 1.3);
  }
});

test('after 20 attempts it is given up and stays to be seen; asking again makes a new one', async () => {
  let fails = true;
  worker = startWorker(platform, {
    fail: () => (fails ? Promise.reject(new Error('still')) : Promise.resolve()),
  });
  await ask({ task: 'fail', key: 'a', runAt: new Date(Date.now() + 3_600_000) });
  await platform.sql('update job set attempts = 19, run_at = now()');
  await eventually(async () => (await state('a'))?.failed, { what: 'giving up' });

  fails = false;
  await ask({ task: 'fail', key: 'a' });

  await eventually(
    async () => (await platform.sql('select 1 from job where failed_at is null')).length === 0,
    {
      what: 'the new job done',
    },
  );
  expect(await platform.sql('select attempts, last_error from job')).toEqual([
    { attempts: 20, last_error: 'Error: still' },
  ]);
});

test('an absence of the database is not the fault of the job: it does not count as an attempt', async () => {
  worker = startWorker(platform, {
    wait: () => Promise.reject(new AppError('DATABASE_UNAVAILABLE', 'The database cannot answer right now.')),
  });
  await ask({ task: 'wait', key: 'a', runAt: new Date(Date.now() + 3_600_000) });
  await platform.sql('update job set attempts = 19, run_at = now()');

  expect(await afterFailure('a')).toMatchObject({ attempts: 19, failed: false });
});

test('no secret of an error is stored', async () => {
  const secrets = 'postgres://someone:hunter2@host/db refused Bearer abc.def-ghi_jkl';
  worker = startWorker(platform, { fail: () => Promise.reject(new Error(secrets)) });
  await ask({ task: 'fail', key: 'a' });

  const { error } = await afterFailure('a');
  expect(error).toBe('Error: postgres://someone:***@host/db refused Bearer ***');
});

test('whatever is thrown, and however long, is stored', async () => {
  const thrown: unknown[] = ['a text', null, new Error('x'.repeat(5_000)), new Error('a\u0000b')];
  worker = startWorker(platform, {
    fail: (job) => {
      throw thrown[Number(job.key)];
    },
  });
  await ask(...thrown.map((_, i) => ({ task: 'fail', key: String(i) })));

  const errors = [];
  for (const i of thrown.keys()) errors.push((await afterFailure(String(i))).error!);
  expect(errors.slice(0, 2)).toEqual(['a text', 'null']);
  expect(errors[2]!.length).toBe(2_000);
  expect(errors[3]).toMatch(/^Error: a.b$/);
});

test('jobs that always fail delay no other', async () => {
  const ran: string[] = [];
  worker = startWorker(
    platform,
    {
      poison: () => Promise.reject(new Error('always')),
      work: (job) => Promise.resolve(void ran.push(job.key)),
    },
    { concurrency: 2 },
  );
  await ask(...[...Array(50).keys()].map((n) => ({ task: 'poison', key: String(n) })));
  const began = performance.now();
  await ask(...[...Array(20).keys()].map((n) => ({ task: 'work', key: String(n) })));

  await eventually(() => ran.length === 20, { what: 'all others' });
  expect(performance.now() - began).toBeLessThan(3_000);
});
