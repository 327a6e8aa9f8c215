import { DataSource } from 'typeorm';
import { MIGRATIONS } from './migrations';

/** Any number; two processes that start together take turns. */
const MIGRATION_LOCK = 7_263_190_116;

export interface MigrateOptions {
  /** The database's owner, not one of the server's working roles. */
  url: string;
  log?: (line: string) => void;
}

/** Runs every pending migration, each in its own transaction; waits for another process that is at it. */
export async function migrateDatabase(options: MigrateOptions): Promise<void> {
  await withOwner(options.url, async (owner) => {
    for (const migration of await owner.runMigrations({ transaction: 'each' })) {
      options.log?.(`migrated ${migration.name}`);
    }
  });
}

/** Undoes the newest `steps` migrations. */
export async function revertMigrations(options: MigrateOptions & { steps: number }): Promise<void> {
  await withOwner(options.url, async (owner) => {
    for (let step = 0; step < options.steps; step++) await owner.undoLastMigration({ transaction: 'each' });
  });
}

export async function pendingMigrations(options: MigrateOptions): Promise<boolean> {
  return await withOwner(options.url, (owner) => owner.showMigrations());
}

async function withOwner<T>(url: string, fn: (owner: DataSource) => Promise<T>): Promise<T> {
  const owner = new DataSource({
    type: 'postgres',
    url,
    migrations: MIGRATIONS,
    migrationsTableName: 'migration',
    installExtensions: false,
    applicationName: 'apicechat migrate',
    poolSize: 3,
  });
  await owner.initialize();
  const lock = owner.createQueryRunner();
  try {
    await lock.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    return await fn(owner);
  } finally {
    await lock.query('select pg_advisory_unlock($1)', [MIGRATION_LOCK]).catch(() => undefined);
    await lock.release();
    await owner.destroy();
  }
}
