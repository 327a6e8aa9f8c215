import { setTimeout as delay } from 'node:timers/promises';
import { SENDER_MAY_DIE } from '../oracle/evidence';
import { API_CRASH_POINTS, WORKER_CRASH_POINTS } from '../rig/patches';
import type { Node } from '../rig/node';
import type { Trial } from '../trial';
import type { Fault } from './fault';
import { underLoad } from './under-load';

const READY_LIMIT_MS = 3_000;
const JOBS_BACK_LIMIT_MS = 30_000;
/** How long a process may take to come by the point at which it is to end, in ms. */
const POINT_LIMIT_MS = 8_000;
/** In the short form, while the load lasts. */
const KILLS = 6;
const CHAT = { users: 12, messages: 25, answers: 25 } as const;
/** It ends on one of the first so many passes. */
const MOST_PASSES = 12;

export const PROCESS_FAULTS: readonly Fault[] = [
  {
    name: 'nothing',
    does: 'No fault: the load alone.',
    passes: 'all counts 0',
    run: async (trial) =>
      await underLoad(trial, { messages: 2_000, replies: 5, chat: CHAT }, async () => undefined),
  },
  {
    name: 'kill-api',
    does: 'kill -9 of an API process at random moments, of both at once every third time.',
    passes: 'all counts 0; ready again ≤ 3 s',
    async run(trial) {
      await underLoad(trial, { messages: 8_000, replies: 10, chat: CHAT }, async (busy) => {
        await killInTurn(trial, trial.cluster.api, KILLS, busy);
      });
      trial.checkReadyAgain(READY_LIMIT_MS);
    },
  },
  {
    name: 'kill-worker',
    does: 'kill -9 of a worker at random moments while it sends, of both at once every third time.',
    passes: 'all counts 0, nothing sent twice; jobs back ≤ 30 s',
    async run(trial) {
      trial.expected = SENDER_MAY_DIE;
      trial.cluster.meta.faults.latencyMs = 30;
      await underLoad(trial, { messages: 300, replies: 15, conversations: 30 }, async (busy) => {
        await killInTurn(trial, trial.cluster.workers, KILLS, busy);
      });
      trial.checkReadyAgain(READY_LIMIT_MS);
      trial.limitRecovery(JOBS_BACK_LIMIT_MS);
    },
  },
  {
    name: 'crash-points',
    does: 'kill -9 at each named point: before and after every commit, answer, call to Meta and record.',
    passes: 'all counts 0, every point reached; jobs back ≤ 30 s',
    async run(trial) {
      trial.expected = SENDER_MAY_DIE;
      const before = trial.cluster.crashes.length;
      await crashEverywhere(trial);
      const reached = new Set(trial.cluster.crashes.slice(before));
      const points = new Set<string>([...API_CRASH_POINTS, ...WORKER_CRASH_POINTS]);
      trial.check('crash points not reached', points.size - reached.size, 0, '');
      trial.limitRecovery(JOBS_BACK_LIMIT_MS);
    },
  },
  {
    name: 'kill-postgres',
    does: 'kill -9 of PostgreSQL and all its processes, started again at once.',
    passes: 'all counts 0; 503 with Retry-After meanwhile; all served again ≤ 10 s',
    async run(trial) {
      await underLoad(trial, { messages: 6_000, replies: 8, chat: CHAT }, async (busy) => {
        for (let turn = 0; busy() && turn < trial.times(3); turn++) {
          await delay(400 + Math.random() * 1_200);
          if (!busy()) break;
          await trial.cluster.killPostgres();
          await trial.cluster.startPostgres();
        }
      });
      trial.limitRecovery(10_000);
    },
  },
  {
    name: 'sigterm',
    does: 'SIGTERM to each process in turn under load, and a new one in its place.',
    passes: 'all counts 0; each ends within 10 s',
    async run(trial) {
      let longest = 0;
      await underLoad(trial, { messages: 3_000, replies: 8, chat: CHAT }, async () => {
        for (const node of trial.cluster.nodes) longest = Math.max(longest, await node.restart());
      });
      trial.check('drained', longest, 10_000);
    },
  },
  {
    name: 'blocked-loop',
    does: 'The event loop of an API process and of a worker stands still for 5 s.',
    passes: 'all counts 0; nothing done twice, all right again ≤ 30 s',
    async run(trial) {
      trial.expected = SENDER_MAY_DIE;
      await underLoad(trial, { messages: 2_000, replies: 8 }, async () => {
        await delay(300);
        trial.cluster.api[0]!.kill('SIGUSR2');
        trial.cluster.workers[0]!.kill('SIGUSR2');
        await delay(6_000);
      });
      trial.limitRecovery(30_000);
    },
  },
];

/** Whenever all are ready again. */
async function killInTurn(trial: Trial, nodes: Node[], kills: number, busy: () => boolean): Promise<void> {
  for (let turn = 0; turn < trial.times(kills) && busy(); turn++) {
    for (const node of nodes) await node.ready();
    await delay(200 + Math.random() * 1_000);
    const victims = turn % 3 === 2 ? nodes : [nodes[turn % nodes.length]!];
    if (busy()) for (const node of victims) node.kill('SIGKILL');
    await delay(50); // until their ends are known
  }
  for (const node of nodes) await node.ready();
}

/** One API process and one worker end at one point after the other: each start is armed with the next. */
async function crashEverywhere(trial: Trial): Promise<void> {
  const [api] = trial.cluster.api;
  const [worker] = trial.cluster.workers;
  await underLoad(
    trial,
    { messages: 2_000, replies: 1_000, conversations: 12, untilDone: true },
    async () => {
      await Promise.all([
        tour(api!, trial.times(1), API_CRASH_POINTS),
        tour(worker!, trial.times(1), WORKER_CRASH_POINTS),
      ]);
    },
  );
}

async function tour(node: Node, rounds: number, points: readonly string[]): Promise<void> {
  const ended = async (deaths: number): Promise<boolean> => {
    const deadline = performance.now() + POINT_LIMIT_MS;
    while (node.deaths.length === deaths && performance.now() < deadline) await delay(10);
    return node.deaths.length > deaths;
  };
  const end = async (): Promise<void> => {
    const deaths = node.deaths.length;
    node.kill('SIGKILL');
    await ended(deaths);
  };
  const all = Array.from({ length: rounds }, () => points).flat();
  let dead = false;
  for (const point of all) {
    // What one process does little of, it may not do so often before the load is over.
    for (const pass of [1 + Math.floor(Math.random() * MOST_PASSES), 1, 1]) {
      node.arm({ point, pass });
      if (!dead) await end();
      const deaths = node.deaths.length;
      await node.ready().catch(() => undefined); // it may end at once
      dead = await ended(deaths);
      if (dead) break;
    }
  }
  if (!dead) await end();
  node.arm(null);
  await node.ready();
  node.deaths.length = 0; // more than once it was killed while it started
}
