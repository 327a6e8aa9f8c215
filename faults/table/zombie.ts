import { setTimeout as delay } from 'node:timers/promises';
import { SENDER_MAY_DIE } from '../oracle/evidence';
import type { Trial } from '../trial';
import type { Fault } from './fault';
import { underLoad } from './under-load';

/** Longer than its jobs are its own, in ms. */
const BEYOND_HOLD_MS = 2_000;
const RECOVERY_LIMIT_MS = 30_000;

export const ZOMBIE_FAULTS: readonly Fault[] = [
  {
    name: 'zombie-worker',
    does: 'A worker is frozen (SIGSTOP) while it sends, for longer than its jobs are its own, and goes on as if nothing had happened; each worker in turn.',
    passes: 'all counts 0, nothing sent twice; the other takes its jobs over',
    async run(trial) {
      trial.expected = SENDER_MAY_DIE;
      const { cluster } = trial;
      cluster.meta.faults.latencyMs = 30;
      let unfinished = 0;
      await underLoad(
        trial,
        { messages: 300, replies: 2_000, conversations: 30, pauseMs: 30, untilDone: true },
        async () => {
          for (let turn = 0; turn < trial.times(2); turn++) {
            const worker = cluster.workers[turn % 2]!;
            await delay(300 + Math.random() * 500);
            worker.kill('SIGSTOP');
            unfinished += await jobsHeld(trial);
            await delay(cluster.jobHoldSeconds * 1_000 + BEYOND_HOLD_MS);
            worker.kill('SIGCONT');
            await delay(1_000);
          }
        },
      );
      trial.check('jobs held when frozen too few', Math.max(0, 1 - unfinished), 0, '');
      trial.limitRecovery(RECOVERY_LIMIT_MS);
    },
  },
];

async function jobsHeld({ cluster }: Trial): Promise<number> {
  const [row] = await cluster.sql<{ count: number }>(
    `select count(*) from job where held_by is not null and task = 'messages.send'`,
  );
  return row!.count;
}
