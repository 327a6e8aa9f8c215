import { chmod, mkdtemp, readdir, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { startEmbeddedPostgres } from '../../src/platform/database/embedded-postgres';
import { migrateDatabase } from '../../src/platform/database/migrate';
import { TEMPLATE_DATABASE, databaseUrl } from './database';
import { processAlive } from './processes';
import { ensureWidget } from './widget-build';

declare global {
  /** Ends the server of this jest run; set by the global setup for the global teardown. */
  var stopTestPostgres: (() => Promise<void>) | undefined;
}

const FOLDER_PREFIX = 'apicechat-test-';
/** Cloning a database makes some 300 files: 15 ms in memory, several hundred on a slow disk. */
const MEMORY_FOLDER = '/dev/shm';
const ENOUGH_MEMORY_BYTES = 4 * 1024 ** 3;

/**
 * One PostgreSQL for the whole run, with a migrated template database. The server is the one that
 * TEST_DATABASE_URL names (the user must be a superuser), else an embedded one in a fresh folder; the
 * workers find it in TEST_POSTGRES_URL.
 */
module.exports = async function globalSetup(): Promise<void> {
  ensureWidget();
  const url = process.env.TEST_DATABASE_URL ?? (await startServer());
  process.env.TEST_POSTGRES_URL = url;
  try {
    await buildTemplate(url);
  } catch (error) {
    await globalThis.stopTestPostgres?.(); // jest runs no teardown after a failed setup
    throw error;
  }
};

async function startServer(): Promise<string> {
  const parent = await chooseParent();
  await removeLeftovers(parent);
  const dataDir = await mkdtemp(join(parent, `${FOLDER_PREFIX}${process.pid}-`));
  await chmod(dataDir, 0o755);
  const server = await startEmbeddedPostgres({
    dataDir,
    durable: false,
    settings: { max_connections: '300', max_wal_size: '128MB' },
  });
  globalThis.stopTestPostgres = async () => {
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  };
  return server.url;
}

async function chooseParent(): Promise<string> {
  const memory = process.env.TMPDIR ? null : await statfs(MEMORY_FOLDER).catch(() => null);
  return memory && memory.bavail * memory.bsize >= ENOUGH_MEMORY_BYTES ? MEMORY_FOLDER : tmpdir();
}

/** Folders of runs that were killed; their servers end by themselves. */
async function removeLeftovers(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    if (!name.startsWith(FOLDER_PREFIX)) continue;
    const pid = Number.parseInt(name.slice(FOLDER_PREFIX.length), 10);
    if (processAlive(pid)) continue;
    await rm(join(parent, name), { recursive: true, force: true }).catch(() => undefined); // another user's
  }
}

async function buildTemplate(url: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(`drop database if exists ${TEMPLATE_DATABASE} with (force)`);
    await client.query(`create database ${TEMPLATE_DATABASE}`);
    await migrateDatabase({ url: databaseUrl(url, TEMPLATE_DATABASE) });
    // Cloning fails while anybody is connected to the source.
    await client.query(`alter database ${TEMPLATE_DATABASE} with allow_connections false`);
  } finally {
    await client.end();
  }
}
