import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { SENDER_MAY_DIE } from '../oracle/evidence';
import type { Cluster } from '../rig/cluster';
import type { Trial } from '../trial';
import type { Fault } from './fault';
import { underLoad } from './under-load';

/** No answer takes longer than 5 s, and a little for a busy machine. */
const ANSWER_LIMIT_MS = 5_500;
const RECOVERY_LIMIT_MS = 30_000;
const LOAD = { messages: 300, replies: 3, conversations: 12, untilDone: true } as const;

interface DatabaseFault {
  name: string;
  does: string;
  /** Everything between the servers and PostgreSQL goes through a link that can be broken. */
  overLink?: true;
  breaks: (trial: Trial) => Promise<void>;
}

const ROWS: readonly DatabaseFault[] = [
  {
    name: 'postgres-restart',
    does: 'PostgreSQL is shut down and started again 1.5 s later, twice.',
    breaks: async ({ cluster }) => {
      for (let n = 0; n < 2; n++) {
        await cluster.stopPostgres();
        await delay(1_500);
        await cluster.startPostgres();
        await delay(1_500);
      }
    },
  },
  {
    name: 'postgres-full',
    does: 'All sessions are ended and other programs take every connection, for 4 s.',
    breaks: async ({ cluster }) => {
      const release = await takeEveryConnection(cluster);
      await delay(4_000);
      await release();
    },
  },
  {
    name: 'postgres-locked',
    does: 'Somebody holds a lock on all messages, for 8 s.',
    breaks: async ({ cluster }) => {
      const client = new Client({ connectionString: cluster.postgres.url });
      await client.connect();
      await client.query('begin; lock table message in access exclusive mode');
      await delay(8_000);
      await client.query('commit');
      await client.end();
    },
  },
  {
    name: 'postgres-cut',
    does: 'The link to PostgreSQL is cut, for 3 s.',
    overLink: true,
    breaks: async ({ cluster: { databaseLink } }) => {
      databaseLink.cut();
      await delay(3_000);
      await databaseLink.mend();
    },
  },
  {
    name: 'postgres-slow',
    does: 'Everything to and from PostgreSQL takes 200 ms longer, for 6 s.',
    overLink: true,
    breaks: async ({ cluster: { databaseLink } }) => {
      databaseLink.slow(200);
      await delay(6_000);
      await databaseLink.mend();
    },
  },
  {
    name: 'postgres-black-hole',
    does: 'The link to PostgreSQL swallows everything and closes nothing, for 12 s.',
    overLink: true,
    breaks: async ({ cluster: { databaseLink } }) => {
      databaseLink.hang();
      await delay(12_000);
      await databaseLink.mend();
    },
  },
];

export const DATABASE_FAULTS: readonly Fault[] = ROWS.map((row) => ({
  name: row.name,
  does: row.does,
  passes: 'all counts 0; 503 with Retry-After, no answer takes > 5 s; right again by itself ≤ 30 s',
  async run(trial) {
    if (row.overLink) await trial.cluster.reachPostgresOverLink();
    // A result that cannot be recorded while the database is away is one of which nobody knows.
    trial.expected = SENDER_MAY_DIE;
    await underLoad(trial, LOAD, async () => await row.breaks(trial));
    trial.check('slowest answer', trial.journal.slowestMs, ANSWER_LIMIT_MS);
    trial.limitRecovery(RECOVERY_LIMIT_MS);
  },
}));

/** Until the returned function is called. */
async function takeEveryConnection(cluster: Cluster): Promise<() => Promise<void>> {
  const taken: Client[] = [];
  await cluster.sql(
    `select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'apicechat%'`,
  );
  for (let refused = 0; refused < 20 && taken.length < 400;) {
    const client = new Client({ connectionString: cluster.postgres.url });
    client.on('error', () => undefined);
    try {
      await client.connect();
      taken.push(client);
    } catch {
      refused++; // the servers' sessions go on ending
      await delay(20);
    }
  }
  return async () => {
    await Promise.all(taken.map(async (client) => await client.end()));
  };
}
