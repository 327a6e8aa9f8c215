import { setTimeout as delay } from 'node:timers/promises';
import { SENDER_MAY_DIE } from '../oracle/evidence';
import type { Node } from '../rig/node';
import type { Trial } from '../trial';
import type { Fault } from './fault';
import { underLoad } from './under-load';

/** Longer than a worker's jobs are its own, in ms. */
const BEYOND_HOLD_MS = 2_000;
const RECOVERY_LIMIT_MS = 30_000;
const LOAD = { messages: 300, replies: 2_000, conversations: 30, pauseMs: 30, untilDone: true } as const;

/** Workers that vanish in the middle of sends of which Meta's reports say nothing either: who takes over must decide. */
export const WORKER_FAULTS: readonly Fault[] = [
  {
    name: 'kill-worker-unheard',
    does: "kill -9 of a worker while it sends and Meta's reports do not get through, until its jobs are another's; each in turn.",
    passes:
      'all counts 0, nothing sent twice; what may have been sent is shown as uncertain until it is reported',
    run: async (trial) => await inTurn(trial, 'SIGKILL', async (worker) => await worker.ready()),
  },
  {
    name: 'zombie-worker',
    does: "A worker is frozen (SIGSTOP) while it sends and Meta's reports do not get through, until its jobs are another's, and goes on as if nothing had happened; each in turn.",
    passes: 'all counts 0, nothing sent twice',
    run: async (trial) => await inTurn(trial, 'SIGSTOP', (worker) => worker.kill('SIGCONT')),
  },
];

async function inTurn(
  trial: Trial,
  signal: NodeJS.Signals,
  goOn: (worker: Node) => Promise<void> | void,
): Promise<void> {
  const { cluster } = trial;
  trial.expected = SENDER_MAY_DIE;
  cluster.meta.faults.latencyMs = 500;
  let underWay = 0;
  await underLoad(trial, LOAD, async () => {
    for (let turn = 0; turn < Math.max(2, trial.times(2)); turn++) {
      const worker = cluster.workers[turn % 2]!;
      await delay(300 + Math.random() * 500);
      cluster.metaToNodes.cut();
      await delay(200);
      worker.kill(signal);
      underWay += await sendsUnderWay(trial);
      await delay(cluster.jobHoldSeconds * 1_000 + BEYOND_HOLD_MS);
      await goOn(worker);
      await delay(500);
      await cluster.metaToNodes.mend();
    }
  });
  trial.check('sends under way too few', Math.max(0, 2 - underWay), 0, '');
  trial.limitRecovery(RECOVERY_LIMIT_MS);
}

/** Of either worker: begun, and without a result. */
async function sendsUnderWay({ cluster }: Trial): Promise<number> {
  const [row] = await cluster.sql<{ count: number }>(
    `select count(*) from message where sending_since is not null and whatsapp_status = 'pending'`,
  );
  return row!.count;
}
