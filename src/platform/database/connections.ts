import {
  Client,
  type ClientConfig,
  Pool,
  type PoolClient,
  type QueryResult,
  type QueryResultRow,
  types,
} from 'pg';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { StartRefused, translated } from './database-errors';
import { GatheringSocket } from './gathering-socket';

// Ids are bigint in the database and numbers here: sequences stay far below 2^53.
types.setTypeParser(types.builtins.INT8, Number);
// pg's own list leaves arrays out; without this, arrays of ids would hold texts.
const INT8_ARRAY = 1016 as Parameters<typeof types.getTypeParser>[0];
const elementsOf = types.getTypeParser(INT8_ARRAY) as (array: string) => string[];
types.setTypeParser(INT8_ARRAY, (array) => elementsOf(array).map(Number));

/** The roles of the first migration; see there for what each may see. */
export const APP_ROLE = 'apicechat_app';
export const PLATFORM_ROLE = 'apicechat_platform';

/** Further settings that each connection of the features begins with; values without spaces. */
export type ConnectionSettings = Readonly<Record<string, string>>;

/** Longest wait for a free or new connection, in ms; then the caller gets a 503. */
const CONNECT_TIMEOUT_MS = 5_000;
/** A journal consumer holds one of them while it works. */
const PLATFORM_POOL_SIZE = 6;

const settings = (role: string, more: ConnectionSettings): string =>
  [
    `role=${role}`,
    'statement_timeout=15000',
    'lock_timeout=5000',
    'idle_in_transaction_session_timeout=30000',
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
  const options = settings(role, more);
  const address = new URL(url);
  const given = address.searchParams.get('options');
  if (given === null) return { url, options };
  // Options in the address would take the place of ours; of two that contradict each other the last counts.
  address.searchParams.set('options', `${given} ${options}`);
  return { url: address.href, options };
}

/**
 * A connection that breaks says so to whoever waits for an answer, and then possibly once more as an `error` event,
 * after its user has let go of it. An event that nobody hears would end the process.
 */
class QuietClient extends Client {
  constructor(config?: string | ClientConfig) {
    super(config);
    this.on('error', () => undefined);
  }
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
      Client: QuietClient,
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
      Client: QuietClient,
      connectionString: url,
      max: PLATFORM_POOL_SIZE,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      application_name: 'apicechat platform',
      options,
      keepAlive: true,
    });
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
      const result: QueryResult<Row> = await this.pool.query<Row>(query);
      return result.rows;
    } catch (error) {
      throw translated(error);
    }
  }
}
