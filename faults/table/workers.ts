import { setTimeout as delay } from 'node:timers/promises';
import { type Expectations, SENDER_MAY_DIE, SENDER_MAY_SLEEP } from '../oracle/evidence';
import type { Node } from '../rig/node';
import type { Trial } from '../trial';
import type { Fault } from './fault';
import { underLoad } from './under-load';

/** How long after a worker's jobs are no longer its own others may take to see to them, in ms. */
const TAKE_OVER_LIMIT_MS = 20_000;
const LOOK_MS = 100;
const CONNECTING_MS = 150;
/** So many at a time, of two workers, before one of them goes. */
const SENDS_AT_LEAST = 6;
const FIRST_SENDS_LIMIT_MS = 10_000;
const RECOVERY_LIMIT_MS = 30_000;
const LOAD = { messages: 300, replies: 2_000, conversations: 16, pauseMs: 200, untilDone: true } as const;

/** Workers that vanish in the middle of sends of which Meta's reports say nothing either: who takes over must decide. */
export const WORKER_FAULTS: readonly Fault[] = [
  {
    name: 'kill-worker-unheard',
    does: "kill -9 of a worker while it sends and Meta's reports do not get through, until its jobs are another's; each in turn.",
    passes:
      'all counts 0, nothing sent twice; what may have been sent is shown as uncertain until it is reported',
    run: async (trial) =>
      await inTurn(trial, SENDER_MAY_DIE, 'SIGKILL', async (worker) => await worker.ready()),
  },
  {
    name: 'zombie-worker',
    does: "A worker is frozen (SIGSTOP) while it sends, part of it still on the way to a connection, and Meta's reports do not get through, until its jobs are another's, and goes on as if nothing had happened; each in turn.",
    passes:
      'all counts 0, nothing sent twice; what it could not send any more is shown as failed, or as uncertain',
    run: async (trial) =>
      await metaFarAway(
        trial,
        async () => await inTurn(trial, SENDER_MAY_SLEEP, 'SIGSTOP', (worker) => worker.kill('SIGCONT')),
      ),
  },
];

/** Part of what is sent is then on its way to Meta at any moment. */
async function metaFarAway({ cluster }: Trial, run: () => Promise<void>): Promise<void> {
  for (const worker of cluster.workers) worker.reachesMetaAfter(CONNECTING_MS);
  try {
    await run();
  } finally {
    for (const worker of cluster.workers) worker.reachesMetaAfter(0);
  }
}

async function inTurn(
  trial: Trial,
  expected: Expectations,
  signal: NodeJS.Signals,
  goOn: (worker: Node) => Promise<void> | void,
): Promise<void> {
  const { cluster } = trial;
  trial.expected = expected;
  cluster.meta.faults.latencyMs = 300;
  let begun = 0;
  let left = 0;
  await underLoad(trial, LOAD, async () => {
    for (let turn = 0; turn < Math.max(2, trial.times(2)); turn++) {
      const worker = cluster.workers[turn % 2]!;
      await delay(300 + Math.random() * 500);
      cluster.metaToNodes.cut();
      await delay(200);
      await someSend(trial);
      worker.kill(signal);
      const sends = await sendsUnderWay(trial);
      begun += sends.ids.length;
      left += await takenOver(trial, sends);
      await goOn(worker);
      await delay(500);
      await cluster.metaToNodes.mend();
    }
    cluster.meta.faults.latencyMs = 0; // what waits is no part of what is measured
  });
  trial.check('sends under way too few', Math.max(0, 2 - begun), 0, '');
  trial.check('sends that nobody took over', left, 0, '');
  trial.limitRecovery(RECOVERY_LIMIT_MS);
}

/** On a busy machine it takes a while until the workers have found what there is to send. */
async function someSend(trial: Trial): Promise<void> {
  const deadline = performance.now() + FIRST_SENDS_LIMIT_MS;
  while ((await sendsUnderWay(trial)).ids.length < SENDS_AT_LEAST && performance.now() < deadline)
    await delay(LOOK_MS);
}

interface Sends {
  ids: number[];
  /** By the database's clock. */
  at: string;
}

/** Of either worker: begun, and without a result. */
async function sendsUnderWay({ cluster }: Trial): Promise<Sends> {
  const [row] = await cluster.sql<Sends & Record<string, unknown>>(
    `select coalesce(json_agg(id), '[]') as ids, clock_timestamp()::text as at
     from message where sending_since is not null and whatsapp_status = 'pending'`,
  );
  return row!;
}

/** Waits until somebody has seen to each of them. Answers how many are left as they were. */
async function takenOver({ cluster }: Trial, { ids, at }: Sends): Promise<number> {
  const deadline = performance.now() + cluster.jobHoldSeconds * 1_000 + TAKE_OVER_LIMIT_MS;
  for (;;) {
    const rows = await cluster.sql(
      `select from message where id = any ($1) and whatsapp_status = 'pending' and sending_since <= $2::timestamptz`,
      [ids, at],
    );
    if (rows.length === 0 || performance.now() > deadline) return rows.length;
    await delay(LOOK_MS);
  }
}
