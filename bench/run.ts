import { join } from 'node:path';
import { Client } from 'pg';
import type { EmbeddedPostgres } from '../src/platform/database/embedded-postgres';
import { type Contender, type Running, webhookOf } from './contenders';
import { Listener } from './listener';
import { Load, type LoadFigures } from './load';
import { cpuMicros, cpuMicrosWithChildren, residentMb } from './machine';
import type { Profile } from './profile';
import { examine, type Findings } from './stored';
import type { Batch } from './webhooks';

const WARM_UP = 3_000;
/** How long the last messages may take to a socket after they were acknowledged, in ms. */
const HEAR_LIMIT_MS = 10_000;

/** What one contender did in one run. Processor time in µs per message. */
export interface RunFigures extends LoadFigures, Findings {
  contender: string;
  repetition: number;
  /** Messages that the listening socket heard exactly once; null where there is none. */
  heardOnce: number | null;
  serverUs: number | null;
  postgresUs: number | null;
  loadUs: number;
  residentMb: number | null;
  /** What is wrong; empty where every message was stored, journalled, told and counted once. */
  faults: string[];
}

export interface RunOptions {
  postgres: EmbeddedPostgres;
  dir: string;
  repetition: number;
  batch: Omit<Batch, 'run'>;
  connections: number;
  profile: Profile | null;
  /** The database that each run starts with a copy of; left out, an empty one. */
  template?: string;
  /** Messages before the counted ones. */
  warmUp?: number;
}

/** One counted run on an empty database, after a warm-up. */
export async function run(contender: Contender, options: RunOptions): Promise<RunFigures> {
  const { postgres, profile } = options;
  const adminUrl = postgres.urlFor('postgres');
  const database = `bench_${Math.random().toString(36).slice(2, 10)}`;
  const copied = options.template === undefined ? '' : `template ${options.template} strategy file_copy`;
  await execute(adminUrl, `create database ${database} ${copied}`, 'checkpoint');
  const running = await contender.start({
    databaseUrl: postgres.urlFor(database),
    log: join(options.dir, `${database}.log`),
    nodeArgs: profile?.nodeArgs ?? [],
  });
  try {
    return await measure(contender, running, database, options);
  } finally {
    for (const each of [...(running.others ?? []), running.process]) await each.stop();
    await execute(adminUrl, `drop database ${database} with (force)`);
  }
}

async function measure(
  contender: Contender,
  running: Running,
  database: string,
  { postgres, repetition, batch: size, warmUp: warmUpMessages = WARM_UP, connections, profile }: RunOptions,
): Promise<RunFigures> {
  const { others: otherServers = [] } = running;
  const others = otherServers.map(webhookOf);
  const processes = [running.process, ...otherServers].map(({ pid }) => pid);
  const warmUp: Batch = { ...size, run: `${database}w`, messages: warmUpMessages };
  const batch: Batch = { ...size, run: `${database}c` };
  const databaseUrl = postgres.urlFor(database);
  await (await Load.prepare(warmUp, running.webhookUrl, connections, others)).run();
  if (contender.analyze) await execute(databaseUrl, 'analyze');
  await profile?.start(postgres.urlFor('postgres'));

  const listener =
    running.token === null ? null : await Listener.connect(running.process.url, running.token, batch);
  const load = await Load.prepare(batch, running.webhookUrl, connections, others);
  const before = processorTimes(processes, postgres.pid);
  const loadFigures = await load.run();
  await listener?.heardAll(HEAR_LIMIT_MS);
  const after = processorTimes(processes, postgres.pid);
  const resident = residentMb(running.process.pid);
  listener?.close();
  await profile?.save(postgres.urlFor('postgres'), database, batch.messages);

  const findings = await examine(databaseUrl, running.tables, batch, [warmUp, batch]);
  const heardOnce = listener?.heardOnce ?? null;
  const perMessage = (from: number | null, to: number | null): number | null =>
    from === null || to === null ? null : (to - from) / batch.messages;
  return {
    contender: contender.name,
    repetition,
    ...loadFigures,
    ...findings,
    heardOnce,
    serverUs: perMessage(before.server, after.server),
    postgresUs: perMessage(before.postgres, after.postgres),
    loadUs: (after.load - before.load) / batch.messages,
    residentMb: resident,
    faults: faultsOf(loadFigures, findings, heardOnce, batch.messages),
  };
}

function processorTimes(servers: number[], postgres: number) {
  const { user, system } = process.cpuUsage();
  return {
    server: servers.reduce<number | null>((sum, pid) => {
      const us = cpuMicros(pid);
      return sum === null || us === null ? null : sum + us;
    }, 0),
    postgres: cpuMicrosWithChildren(postgres),
    load: user + system,
  };
}

function faultsOf(
  load: LoadFigures,
  findings: Findings,
  heardOnce: number | null,
  messages: number,
): string[] {
  const short = (what: string, count: number | null): string[] =>
    count === null || count === messages ? [] : [`${count} of ${messages} messages ${what} exactly once`];
  return [
    ...Object.entries(load.refused).map(([how, count]) => `${count} webhooks were not acknowledged: ${how}`),
    ...short('stored', findings.storedOnce),
    ...short('journalled', findings.journalledOnce),
    ...short('heard at the socket', heardOnce),
    ...(findings.wrongUnread === 0 ? [] : [`${findings.wrongUnread} customers with a wrong unread count`]),
  ];
}

async function execute(url: string, ...statements: string[]): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}
