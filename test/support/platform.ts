import { Client } from 'pg';
import { type DataSource } from 'typeorm';
import { appConnectionOptions, connectApp, PlatformDatabase } from '../../src/platform/database/connections';
import { UnitOfWork } from '../../src/platform/database/unit-of-work';
import { DatabaseListener } from '../../src/platform/events/database-listener';
import { Journal } from '../../src/platform/events/journal';
import { JournalReader } from '../../src/platform/events/journal-reader';
import { WakeUp } from '../../src/platform/events/wake-up';
import { JobQueue } from '../../src/platform/jobs/job-queue';
import { createLogger } from '../../src/platform/observability/logger';
import { createTestDatabase } from './database';
import { testConfig } from './system';

/** Database, unit of work, journal and jobs as the server has them, without the server. */
export interface TestPlatform {
  /** With the rights of a superuser. */
  readonly url: string;
  readonly source: DataSource;
  readonly database: PlatformDatabase;
  readonly work: UnitOfWork;
  readonly wakeUp: WakeUp;
  readonly journal: Journal;
  readonly reader: JournalReader;
  readonly jobs: JobQueue;
  /** Rows of any SQL, as a superuser. */
  sql<Row = Record<string, unknown>>(text: string, values?: unknown[]): Promise<Row[]>;
  /** A connection of its own, ended with the rest; as one of the server's roles or, without one, as a superuser. */
  connect(role?: string): Promise<Client>;
  stop(): Promise<void>;
}

export async function startPlatform(options: { poolSize?: number } = {}): Promise<TestPlatform> {
  const own = await createTestDatabase();
  const { url } = own;
  const source = await connectApp(appConnectionOptions(url, options.poolSize ?? 20));
  const database = new PlatformDatabase(url);
  const work = new UnitOfWork(source);
  const logger = createLogger('silent');
  const listener = new DatabaseListener(testConfig(url, 'http://127.0.0.1:1', {}), logger);
  const wakeUp = new WakeUp(listener, database, logger);
  const clients: Client[] = [];
  const connect = async (role?: string): Promise<Client> => {
    const client = new Client({
      connectionString: url,
      ...(role === undefined ? {} : { options: `-c role=${role}` }),
    });
    client.on('error', () => undefined); // a query under way rejects as well
    await client.connect();
    clients.push(client);
    return client;
  };
  const owner = await connect();
  return {
    url,
    source,
    database,
    work,
    wakeUp,
    journal: new Journal(work, wakeUp),
    reader: new JournalReader(database),
    jobs: new JobQueue(work, wakeUp),
    sql: async <Row>(text: string, values: unknown[] = []) => (await owner.query(text, values)).rows as Row[],
    connect,
    async stop() {
      wakeUp.beforeApplicationShutdown();
      await Promise.all(clients.map((client) => client.end()));
      await source.destroy();
      await database.close();
      await own.drop();
    },
  };
}

/** Two more workspaces besides the default one, for tests of what must not pass between them. */
export async function twoWorkspaces(platform: TestPlatform): Promise<[number, number]> {
  const rows = await platform.sql<{ id: number }>(
    `insert into workspace (slug, name) values ('north', 'North'), ('south', 'South')
     on conflict (slug) do update set name = excluded.name returning id`,
  );
  return [rows[0]!.id, rows[1]!.id];
}

/** Conversations of the default workspace, of one contact each, as far as the database is concerned. */
export async function makeConversations(platform: TestPlatform, count: number): Promise<number[]> {
  const rows = await platform.sql<{ id: number }>(
    `with people as (
       insert into contact (workspace_id, external_id)
       select 1, 'contact ' || gen_random_uuid() from generate_series(1, $1) returning id)
     insert into conversation (workspace_id, contact_id, channel) select 1, id, 'app' from people returning id`,
    [count],
  );
  return rows.map((row) => row.id);
}
