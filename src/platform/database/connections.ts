import { Pool, type PoolClient, type PoolConfig, type QueryResult, type QueryResultRow, types } from 'pg';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { within } from '../../common/within';
import { DatabaseLate, StartRefused, translated } from './database-errors';
import { GatheringSocket } from './gathering-socket';
import { WatchedClient } from './watched-client';

// Ids are bigint in the database and numbers here: sequences stay far below 2^53.
types.setTypeParser(types.builtins.INT8, Number);
// pg's own list leaves arrays out; without this, arrays of ids would hold texts.
const INT8_ARRAY = 1016 as Parameters<typeof types.getTypeParser>[0];
const elementsOf = types.getTypeParser(INT8_ARRAY) as (array: string) => string[];
types.setTypeParser(INT8_ARRAY, (array) => elementsOf(array).map(Number));

const timeOf = types.getTypeParser(types.builtins.TIMESTAMPTZ) as (text: string) => Date;
// Our connections work in UTC, and a page of the inbox holds hundreds of times: pg's own reader takes twice as long.
types.setTypeParser(types.builtins.TIMESTAMPTZ, (text) =>
  text[4] === '-' && text.endsWith('+00')
    ? new Date(`${text.slice(0, 10)}T${text.slice(11, -3)}Z`)
    : timeOf(text),
);

/** The roles of the first migration; see there for what each may see. */
export const APP_ROLE = 'apicechat_app';
export const PLATFORM_ROLE = 'apicechat_platform';

/** Further settings that each connection of the features begins with; values without spaces. */
export type ConnectionSettings = Readonly<Record<string, string>>;

/**
 * Nobody waits for the database longer than this, in ms, without a word from it; then the caller gets a 503. Clients
 * are promised an answer within 5 seconds, and a little is left for everything else.
 */
export const DATABASE_LIMIT_MS = 4_250;
/** Of that, the longest wait for a free or new connection. */
export const CONNECT_TIMEOUT_MS = 3_000;
/** For work on many rows. PostgreSQL itself ends a statement sooner. */
export const PATIENT_MS = 16_000;
/** A journal consumer holds one of them while it works. */
const PLATFORM_POOL_SIZE = 6;

const settings = (role: string, more: ConnectionSettings): string =>
  [
    `role=${role}`,
    'statement_timeout=15000',
    'lock_timeout=3500',
    // Whoever vanished in the middle of a transaction over a dead link holds its locks no longer than this. A journal
    // consumer's transaction waits for what others do.
    `idle_in_transaction_session_timeout=${role === APP_ROLE ? 10_000 : 30_000}`,
    'jit=off',
    'timezone=UTC',
    ...Object.entries(more).map(([name, value]) => `${name}=${value}`),
  ]
    .map((setting) => `-c ${setting}`)
    .join(' ');

/** Address and start-up options of a connection that works as one of our roles from its first statement on. */
export function connectionAs(
  role: string,
  url: string,
  more: ConnectionSettings = {},
): { url: string; options: string } {
  return withSettings(url, settings(role, more));
}

export function withSettings(url: string, options: string): { url: string; options: string } {
  const address = new URL(url);
  const given = address.searchParams.get('options');
  if (given === null) return { url, options };
  // Options in the address would take the place of ours; of two that contradict each other the last counts.
  address.searchParams.set('options', `${given} ${options}`);
  return { url: address.href, options };
}

/** How the features' connections are made. They see one workspace at a time, through {@link UnitOfWork} only. */
export function appConnectionOptions(databaseUrl: string, poolSize: number, more: ConnectionSettings = {}) {
  const { url, options } = connectionAs(APP_ROLE, databaseUrl, more);
  return {
    type: 'postgres' as const,
    url,
    synchronize: false,
    installExtensions: false,
    applicationName: 'apicechat',
    poolSize,
    extra: {
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      options,
      keepAlive: true,
      Client: WatchedClient,
      silenceLimitMs: DATABASE_LIMIT_MS,
      stream: () => new GatheringSocket(),
      pipeline: true, // a transaction's opening travels with its first statement, its end with its last
    },
    poolErrorHandler: () => undefined, // an idle connection that died is replaced by the pool
  };
}

export async function connectApp(options: DataSourceOptions): Promise<DataSource> {
  const source = new DataSource(options);
  await source.initialize();
  await refusePowerfulRole(source);
  return source;
}

/** Row-level security that its user can pass by protects nobody: better not to start. */
async function refusePowerfulRole(source: DataSource): Promise<void> {
  const [role] = await source.query<{ name: string; powerful: boolean }[]>(
    `select rolname as name, rolsuper or rolbypassrls or exists (
       select from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace and relowner = pg_roles.oid) as powerful
     from pg_roles where rolname = current_user`,
  );
  if (role?.powerful !== false) {
    await source.destroy();
    throw new StartRefused(
      `The server would work as "${role?.name}", which can pass by row-level security. Use a direct connection (no transaction pooler) so that it can become "${APP_ROLE}".`,
    );
  }
}

/**
 * The machinery's connections (journal, jobs, webhook routing): all workspaces, few tables.
 * Every statement is its own transaction unless {@link transaction} is used.
 */
export class PlatformDatabase {
  private readonly pool: Pool;

  constructor(databaseUrl: string) {
    const { url, options } = connectionAs(PLATFORM_ROLE, databaseUrl);
    this.pool = new Pool({
      Client: WatchedClient,
      connectionString: url,
      max: PLATFORM_POOL_SIZE,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      application_name: 'apicechat platform',
      options,
      keepAlive: true,
      silenceLimitMs: PATIENT_MS,
    } as PoolConfig & { silenceLimitMs: number });
    this.pool.on('error', () => undefined); // an idle connection that died is replaced by the pool
  }

  async query<Row extends QueryResultRow>(text: string, values: unknown[] = []): Promise<Row[]> {
    return await this.run({ text, values });
  }

  /** For hot statements: planned once per connection. */
  async prepared<Row extends QueryResultRow>(name: string, text: string, values: unknown[]): Promise<Row[]> {
    return await this.run({ name, text, values });
  }

  async transaction<T>(fn: (client: PoolClient) => Promise<T>): Promise<T> {
    const client = await this.pool.connect().catch((error: unknown) => {
      throw translated(error);
    });
    let broken = false;
    // Between two statements nobody else hears of a lost connection, and an error event unheard ends the process.
    const onError = (): void => void (broken = true);
    client.on('error', onError);
    try {
      await client.query('begin');
      const result = await fn(client);
      await client.query('commit');
      return result;
    } catch (error) {
      await client.query('rollback').catch(() => (broken = true));
      throw translated(error);
    } finally {
      client.off('error', onError);
      client.release(broken);
    }
  }

  async close(): Promise<void> {
    await this.pool.end();
  }

  private async run<Row extends QueryResultRow>(query: {
    name?: string;
    text: string;
    values: unknown[];
  }): Promise<Row[]> {
    try {
      const result: QueryResult<Row> = await within(
        DATABASE_LIMIT_MS,
        this.pool.query<Row>(query),
        () => new DatabaseLate(),
      );
      return result.rows;
    } catch (error) {
      throw translated(error);
    }
  }
}
