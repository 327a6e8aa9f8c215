import { HoldLost, type Job } from '../../src/platform/jobs/job-worker';
import { eventually } from '../support/eventually';
import { latch, type RunningWorker, startWorker } from '../support/jobs';
import { startPlatform, type TestPlatform } from '../support/platform';

const HOLD = { holdSeconds: 1 };

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

const ask = async (key: string): Promise<void> =>
  await platform.work.run({ workspaceId: 1 }, () => platform.jobs.enqueue({ task: 'work', key }));
const holder = async (): Promise<string | undefined> =>
  (await platform.sql<{ held_by: string }>('select held_by from job'))[0]?.held_by;
/** As after a process that stood still for longer than its hold. */
const loseHold = async (): Promise<void> =>
  void (await platform.sql(
    `update job set held_by = gen_random_uuid(), run_at = now() + interval '1 minute'`,
  ));

test('a hold is renewed for as long as the job runs', async () => {
  let runs = 0;
  const goOn = latch();
  const handler = async (): Promise<void> => {
    runs++;
    await goOn.opened;
  };
  workers.push(
    startWorker(platform, { work: handler }, HOLD),
    startWorker(platform, { work: handler }, HOLD),
  );
  await ask('a');
  await eventually(() => runs === 1, { what: 'the first run' });

  const began = performance.now();
  await eventually(() => performance.now() - began > 2_500, { what: 'two and a half holds' });
  expect(runs).toBe(1);
  goOn.open();
  await eventually(async () => (await holder()) === undefined, { what: 'the end' });
  expect(runs).toBe(1);
});

test('a hold that ran out is taken over', async () => {
  await ask('a');
  await platform.sql(
    `update job set held_by = gen_random_uuid(), attempts = 1, run_at = now() + interval '0.5 seconds'`,
  );
  const attempts: number[] = [];
  workers.push(startWorker(platform, { work: (job) => Promise.resolve(void attempts.push(job.attempt)) }));

  await eventually(async () => (await holder()) === undefined, { what: 'the end' });
  expect(attempts).toEqual([2]);
});

test('a worker that lost its hold can neither write under it nor finish the job', async () => {
  const [began, goOn, ended] = [latch(), latch(), latch()];
  let refusal: unknown;
  workers.push(
    startWorker(platform, {
      work: async (job) => {
        began.open();
        await goOn.opened;
        try {
          await platform.work.run(job, (tx) => job.assertHeld(tx));
        } catch (error) {
          refusal = error;
          throw error;
        } finally {
          ended.open();
        }
      },
    }),
  );
  await ask('a');
  await began.opened;

  await loseHold();
  const other = await holder();
  goOn.open();
  await ended.opened;

  expect(refusal).toBeInstanceOf(HoldLost);
  await workers.pop()!.stop();
  expect(await platform.sql('select held_by, last_error, attempts from job')).toEqual([
    { held_by: other, last_error: null, attempts: 1 },
  ]);
});

test('a worker that lost its hold and notices nothing cannot end the job of the other', async () => {
  const [began, goOn] = [latch(), latch()];
  workers.push(
    startWorker(platform, {
      work: async () => {
        began.open();
        await goOn.opened;
      },
    }),
  );
  await ask('a');
  await began.opened;

  await loseHold();
  const other = await holder();
  goOn.open();
  await workers.pop()!.stop();

  expect(await holder()).toBe(other);
});

test('a hold is not sure after the process stood still, until it was renewed, nor once it is lost', async () => {
  const [began, goOn] = [latch(), latch()];
  let running: Job | undefined;
  workers.push(
    startWorker(
      platform,
      {
        work: async (job) => {
          running = job;
          began.open();
          await goOn.opened;
        },
      },
      HOLD,
    ),
  );
  await ask('a');
  await began.opened;
  const job = running!;
  expect(job.isSurelyHeld()).toBe(true);

  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 800);
  expect(job.isSurelyHeld()).toBe(false);
  await eventually(() => job.isSurelyHeld(), { what: 'a renewal' });

  await loseHold();
  await eventually(() => job.signal.aborted, { what: 'being told' });
  expect(job.isSurelyHeld()).toBe(false);
  goOn.open();
});

test('a worker that lost its hold is told at its next renewal', async () => {
  const began = latch();
  let told: unknown;
  workers.push(
    startWorker(
      platform,
      {
        work: async ({ signal }: Job) => {
          began.open();
          await new Promise((aborted) => signal.addEventListener('abort', aborted));
          told = signal.reason;
        },
      },
      HOLD,
    ),
  );
  await ask('a');
  await began.opened;

  await loseHold();

  await eventually(() => told, { what: 'being told' });
  expect(told).toBeInstanceOf(HoldLost);
});

test('while a transaction under the hold is open nobody takes the job over', async () => {
  const [held, commit] = [latch(), latch()];
  let takenOver = 0;
  workers.push(
    startWorker(platform, {
      work: async (job) => {
        if (job.attempt > 1) return void takenOver++;
        await platform.work.run(job, async (tx) => {
          await job.assertHeld(tx);
          held.open();
          await commit.opened;
        });
      },
    }),
  );
  await ask('a');
  await held.opened;

  await platform.sql('update job set run_at = now()');
  workers.push(startWorker(platform, { work: () => Promise.resolve(void takenOver++) }));
  const began = performance.now();
  await eventually(() => performance.now() - began > 1_200, { what: 'a round of looking' });
  expect(takenOver).toBe(0);
  commit.open();
});

describe('a worker that stops', () => {
  test('waits for what runs', async () => {
    const [began, goOn] = [latch(), latch()];
    let ended = false;
    const worker = startWorker(platform, {
      work: async () => {
        began.open();
        await goOn.opened;
        ended = true;
      },
    });
    await ask('a');
    await began.opened;

    const stopped = worker.stop();
    goOn.open();
    await stopped;

    expect(ended).toBe(true);
    expect(await holder()).toBeUndefined();
  });

  test('tells its jobs to begin nothing new, and leaves the rest to others at once', async () => {
    const began = latch();
    const worker = startWorker(platform, {
      work: async ({ signal }) => {
        began.open();
        await new Promise((aborted) => signal.addEventListener('abort', aborted));
        return { runAgainAt: new Date() };
      },
    });
    await ask('a');
    await began.opened;

    await worker.stop();

    let tookUp = false;
    workers.push(startWorker(platform, { work: () => Promise.resolve(void (tookUp = true)) }));
    await eventually(() => tookUp, { what: 'another worker', timeoutMs: 1_000 });
  });

  test('lets no job begin that it took at that moment, and waits for it', async () => {
    for (let round = 0; round < 20; round++) {
      await ask('a');
      let begun = 0;
      let ended = 0;
      const worker = startWorker(platform, {
        work: async (job) => {
          if (job.signal.aborted) return { runAgainAt: new Date() };
          begun++;
          await platform.work.run(job, (tx) => job.assertHeld(tx));
          ended++;
          return;
        },
      });
      if (round % 2 === 1) await new Promise<void>((next) => setImmediate(next));
      await worker.stop();
      expect(ended).toBe(begun);
      expect((await holder()) ?? null).toBeNull();
    }
  });
});
