import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import type { Cluster } from '../rig/cluster';
import { NEWER_MIGRATIONS } from '../rig/newer-migrations';
import type { Node } from '../rig/node';
import { NEWER_BUILD, type Patch } from '../rig/patches';
import type { Trial } from '../trial';
import type { Fault } from './fault';
import { underLoad } from './under-load';

/** No answer takes longer than 5 s, and a little for a busy machine. */
const ANSWER_LIMIT_MS = 5_500;
/** While a migration waits for a table, everybody waits behind it. */
const LOCK_WAIT_LIMIT_MS = 3_000;
/** So long somebody reads all messages, in one transaction, when the first new process starts. */
const REPORT_LIMIT_MS = 25_000;
const SIDE_BY_SIDE_MS = 3_000;
const LOOK_MS = 50;

export const MIGRATION_FAULTS: readonly Fault[] = [
  {
    name: 'rolling-migration',
    does: 'Processes are replaced in pairs by a build with more migrations (columns, a trigger, an index), while somebody reads in one long transaction; both builds run together, an old one is killed; then all the way back, and the migrations undone.',
    passes: 'all counts 0, nothing but 503 refuses; a migration waits ≤ 3 s at a time for a table',
    async run(trial) {
      const { cluster } = trial;
      const lines = steppedBack(cluster);
      let longestWait = 0;
      const watching = watchLockWaits(cluster, (ms) => (longestWait = Math.max(longestWait, ms)));
      try {
        await underLoad(
          trial,
          { messages: 1_000, replies: 1_000, untilDone: true, pauseMs: 20 },
          async () => {
            await thereAndBack(trial);
          },
        );
      } finally {
        await watching.stop();
        for (const node of cluster.nodes) node.isBuiltWith([]);
      }
      trial.check('longest wait of a migration for a table', longestWait, LOCK_WAIT_LIMIT_MS);
      trial.check(
        'migration never had to wait',
        longestWait > 0 && steppedBack(cluster) > lines ? 0 : 1,
        0,
        '',
      );
      trial.check('slowest answer', trial.journal.slowestMs, ANSWER_LIMIT_MS);
      trial.limitRecovery(30_000);
    },
  },
];

async function thereAndBack(trial: Trial): Promise<void> {
  const { cluster } = trial;
  const [api1, api2] = cluster.api;
  const [worker1, worker2] = cluster.workers;
  const report = readAllMessages(cluster);
  await replaced([api1!, worker1!], NEWER_BUILD);
  await report;
  trial.check('migrations not run', NEWER_MIGRATIONS.length - (await ran(cluster)), 0, '');
  await delay(SIDE_BY_SIDE_MS);
  // Its supervisor starts the old build on tables that it does not know.
  const deaths = api2!.deaths.length;
  api2!.kill('SIGKILL');
  while (api2!.deaths.length === deaths) await delay(LOOK_MS);
  await api2!.ready();
  await delay(SIDE_BY_SIDE_MS);
  await replaced([api2!, worker2!], NEWER_BUILD);
  await replaced([api1!, worker1!], []);
  await replaced([api2!, worker2!], []);
  const again = readAllMessages(cluster);
  await Promise.all([cluster.migrate(NEWER_BUILD, ['--revert', String(NEWER_MIGRATIONS.length)]), again]);
  trial.check('migrations not undone', await ran(cluster), 0, '');
}

/** One that answers and one that works, at the same moment: both find the migrations to do. */
async function replaced(nodes: readonly Node[], build: readonly Patch[]): Promise<void> {
  for (const node of nodes) node.isBuiltWith(build);
  await Promise.all(nodes.map((node) => node.restart()));
}

async function ran(cluster: Cluster): Promise<number> {
  const names = NEWER_MIGRATIONS.map(({ migrationName }) => migrationName);
  const rows = await cluster.sql('select from migration where name = any ($1)', [names]);
  return rows.length;
}

/** As a report or a backup does; in the way of a migration until that has stepped back. */
async function readAllMessages(cluster: Cluster): Promise<void> {
  const before = steppedBack(cluster);
  const client = new Client({ connectionString: cluster.postgres.url });
  await client.connect();
  await client.query('begin; lock table message in access share mode');
  const deadline = performance.now() + REPORT_LIMIT_MS;
  while (steppedBack(cluster) === before && performance.now() < deadline) await delay(LOOK_MS);
  await client.query('commit');
  await client.end();
}

/** How long a migration waits for a table, whenever it does. */
function watchLockWaits(cluster: Cluster, hear: (ms: number) => void): { stop: () => Promise<void> } {
  const state = { over: false };
  const watch = async (): Promise<void> => {
    // One connection for all looks: on a busy machine a new one may take longer than what is watched.
    const client = new Client({ connectionString: cluster.postgres.url });
    await client.connect();
    while (!state.over) {
      const { rows } = await client.query<{ ms: number | null }>(
        `select max(extract(epoch from clock_timestamp() - l.waitstart))::float8 * 1000 as ms
         from pg_locks l join pg_stat_activity a using (pid)
         where a.application_name = 'apicechat migrate' and l.locktype = 'relation' and not l.granted`,
      );
      hear(rows[0]?.ms ?? 0);
      await delay(LOOK_MS);
    }
    await client.end();
  };
  const watching = watch();
  watching.catch(() => undefined); // heard at the end
  return {
    stop: async () => {
      state.over = true;
      await watching;
    },
  };
}

/** How often a process said that its migration stepped back. */
function steppedBack({ nodes, migrateLog }: Cluster): number {
  return [...nodes.map(({ log }) => log), migrateLog]
    .filter(existsSync)
    .map((log) => readFileSync(log, 'utf8').split('the migration tries again in a moment').length - 1)
    .reduce((sum, count) => sum + count, 0);
}
