import { setTimeout as delay } from 'node:timers/promises';
import { Readers } from '../load/readers';
import { SENDER_MAY_DIE } from '../oracle/evidence';
import { Filler, SMALL_DISK } from '../rig/small-disk';
import type { Trial } from '../trial';
import type { Fault } from './fault';
import { underLoad } from './under-load';

/** No answer takes longer than 5 s, and a little for a busy machine. */
const ANSWER_LIMIT_MS = 5_500;
const RECOVERY_LIMIT_MS = 30_000;
const HELD_MS = 8_000;
/** How long writers may go on with the room that PostgreSQL has left over, in ms. */
const FULL_LIMIT_MS = 30_000;
/** As many refusals show that the disk is full, and as many answers that it no longer is. */
const ENOUGH = 20;
const LOAD = { messages: 400, replies: 1_000, conversations: 12, untilDone: true } as const;

export const DISK_FAULTS: readonly Fault[] = [
  {
    name: 'postgres-disk-full',
    does: `The disk with PostgreSQL's tables is filled to the last byte, and freed ${HELD_MS / 1_000} s later.`,
    passes: 'all counts 0; writes get 503 with Retry-After, reads are served; right again by itself ≤ 30 s',
    onSmallDisk: 'base',
    async run(trial) {
      await fillUp(trial, {
        whileFull: (readers) => {
          trial.check('reads refused', readers.refused, 0, '');
          trial.check('reads served too few', Math.max(0, ENOUGH - readers.served), 0, '');
          trial.check('slowest read', readers.slowestMs, ANSWER_LIMIT_MS);
        },
      });
    },
  },
  {
    name: 'postgres-log-full',
    does: `The disk with PostgreSQL's log (WAL) is filled, which ends PostgreSQL, and freed ${HELD_MS / 1_000} s later.`,
    passes: 'all counts 0; 503 with Retry-After, no answer takes > 5 s; right again by itself ≤ 30 s',
    onSmallDisk: 'pg_wal',
    async run(trial) {
      const { cluster } = trial;
      const unwatch = cluster.supervisePostgres();
      const before = cluster.postgresRestarts;
      try {
        await fillUp(trial, {
          // Somebody else's work uses up what PostgreSQL keeps in stock of its log.
          untilFull: async () => void (await cluster.sql('select pg_switch_wal()').catch(() => undefined)),
        });
      } finally {
        await unwatch();
      }
      trial.check('PostgreSQL did not end', cluster.postgresRestarts > before ? 0 : 1, 0, '');
    },
  },
];

interface Filling {
  untilFull?: () => Promise<void>;
  /** Of those who looked while it was full. */
  whileFull?: (readers: Readers) => void;
}

/** Until the writes are refused, and then for a while. */
async function fillUp(trial: Trial, { untilFull, whileFull }: Filling): Promise<void> {
  const { tries } = trial.journal;
  // A result that cannot be recorded while nothing can be written is one of which nobody knows.
  trial.expected = SENDER_MAY_DIE;
  let filler: Filler | null = null;
  try {
    await underLoad(trial, LOAD, async () => {
      await delay(1_000);
      filler = new Filler(SMALL_DISK!);
      await delay(1_000);
      await until(() => tries.refused >= ENOUGH, FULL_LIMIT_MS, untilFull);
      trial.check('writes refused too few', Math.max(0, ENOUGH - tries.refused), 0, '');
      const readers = new Readers(trial.urls, trial.cluster.token);
      await delay(HELD_MS);
      await readers.stop();
      whileFull?.(readers);
      const { answered } = tries;
      const freed = performance.now();
      await filler.free();
      filler = null;
      await until(() => tries.answered >= answered + ENOUGH, RECOVERY_LIMIT_MS);
      trial.check('writes taken again', performance.now() - freed, RECOVERY_LIMIT_MS);
    });
  } finally {
    await (filler as Filler | null)?.free();
  }
  trial.check('slowest answer', trial.journal.slowestMs, ANSWER_LIMIT_MS);
  trial.limitRecovery(RECOVERY_LIMIT_MS);
}

async function until(holds: () => boolean, limitMs: number, meanwhile?: () => Promise<void>): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!holds() && performance.now() < deadline) {
    await meanwhile?.();
    await delay(20);
  }
}
