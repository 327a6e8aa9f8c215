import { setTimeout as delay } from 'node:timers/promises';
import { DataSource, type Logger, type QueryRunner } from 'typeorm';
import { withSettings } from './connections';
import { isRetryable, LOCK_NOT_AVAILABLE, sqlState } from './database-errors';
import { MIGRATIONS } from './migrations';

/** Any number; two processes that start together take turns. */
const MIGRATION_LOCK = 7_263_190_116;
/**
 * A change of a table waits for the transactions that use it, and everybody else waits behind it. So it waits this
 * long only, in ms, steps back, and tries again.
 */
const LOCK_WAIT_MS = 2_000;
const LOCK_TRIES = 60;
const LOCK_PAUSE_MS = 1_000;
const TURN_PAUSE_MS = 100;

export interface MigrateOptions {
  /** The database's owner, not one of the server's working roles. */
  url: string;
  log?: (line: string) => void;
}

/** Runs every pending migration, each in its own transaction; waits for another process that is at it. */
export async function migrateDatabase(options: MigrateOptions): Promise<void> {
  await withOwner(options.url, async (owner) => {
    const ran = await patiently(() => owner.runMigrations({ transaction: 'each' }), options);
    for (const migration of ran) options.log?.(`migrated ${migration.name}`);
  });
}

/** Undoes the newest `steps` migrations. */
export async function revertMigrations(options: MigrateOptions & { steps: number }): Promise<void> {
  await withOwner(options.url, async (owner) => {
    for (let step = 0; step < options.steps; step++) {
      const newest = await newestMigration(owner);
      if (newest === null) return;
      const transaction = mustBeAlone(owner, newest) ? 'none' : 'each';
      await patiently(() => owner.undoLastMigration({ transaction }), options);
      options.log?.(`undone ${newest}`);
    }
  });
}

export async function pendingMigrations(options: MigrateOptions): Promise<boolean> {
  return await withOwner(options.url, (owner) => owner.showMigrations());
}

/** On the way up TypeORM looks by itself whether a migration takes no transaction. */
function mustBeAlone({ migrations }: DataSource, wanted: string): boolean {
  return migrations.some(
    ({ name, constructor, transaction }) => (name ?? constructor.name) === wanted && transaction === false,
  );
}

async function newestMigration(owner: DataSource): Promise<string | null> {
  const [table] = await owner.query<{ there: boolean }[]>(
    `select to_regclass('migration') is not null as there`,
  );
  if (table?.there !== true) return null;
  const [row] = await owner.query<{ name: string }[]>('select name from migration order by id desc limit 1');
  return row?.name ?? null;
}

/** Each migration is a transaction of its own, so a new try goes on where the last one had to step back. */
async function patiently<T>(change: () => Promise<T>, options: MigrateOptions): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await change();
    } catch (error) {
      const inUse = sqlState(error) === LOCK_NOT_AVAILABLE || isRetryable(error);
      if (!inUse || attempt === LOCK_TRIES) throw error;
      options.log?.('a table is in use; the migration tries again in a moment');
      await delay(LOCK_PAUSE_MS);
    }
  }
}

/** What fails is thrown; TypeORM would print it besides. */
const SILENT: Logger = {
  logQuery: () => undefined,
  logQueryError: () => undefined,
  logQuerySlow: () => undefined,
  logSchemaBuild: () => undefined,
  logMigration: () => undefined,
  log: () => undefined,
};

/**
 * Another process may take its time. Asked for again and again: who waits inside of a statement is one of those whose
 * end a `create index concurrently` waits for, and both would wait for ever.
 */
async function takeTurn(lock: QueryRunner): Promise<void> {
  const ask = 'select pg_try_advisory_lock($1) as mine';
  for (;;) {
    const [turn] = (await lock.query(ask, [MIGRATION_LOCK])) as { mine: boolean }[];
    if (turn?.mine === true) return;
    await delay(TURN_PAUSE_MS);
  }
}

async function withOwner<T>(given: string, fn: (owner: DataSource) => Promise<T>): Promise<T> {
  const { url, options } = withSettings(given, `-c lock_timeout=${LOCK_WAIT_MS}`);
  const owner = new DataSource({
    type: 'postgres',
    url,
    migrations: MIGRATIONS,
    migrationsTableName: 'migration',
    installExtensions: false,
    applicationName: 'apicechat migrate',
    poolSize: 3,
    logger: SILENT,
    extra: { options },
  });
  await owner.initialize();
  const lock = owner.createQueryRunner();
  try {
    await takeTurn(lock);
    return await fn(owner);
  } finally {
    await lock.query('select pg_advisory_unlock($1)', [MIGRATION_LOCK]).catch(() => undefined);
    await lock.release();
    await owner.destroy();
  }
}
