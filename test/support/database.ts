import { randomBytes } from 'node:crypto';
import { Client } from 'pg';

/** Migrated and otherwise empty; the global setup makes it. */
export const TEMPLATE_DATABASE = 'apicechat_template';

export interface TestDatabase {
  /** With the rights of a superuser. */
  readonly url: string;
  /** Also ends the connections that are still open. */
  drop(): Promise<void>;
}

/** A new database with the project's schema, of its own for a test file. */
export async function createTestDatabase(): Promise<TestDatabase> {
  return createDatabase(`template ${TEMPLATE_DATABASE} strategy file_copy`);
}

/** A new database without any schema. */
export async function emptyDatabase(): Promise<TestDatabase> {
  return createDatabase('');
}

/** The same server and user, another database. */
export function databaseUrl(serverUrl: string, database: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${database}`;
  return url.toString();
}

async function createDatabase(source: string): Promise<TestDatabase> {
  const serverUrl = process.env.TEST_POSTGRES_URL;
  if (!serverUrl) throw new Error('TEST_POSTGRES_URL is not set: the global setup of jest has not run');
  const name = `t_${randomBytes(8).toString('hex')}`;
  await onServer(serverUrl, async (client) => {
    // Two clones of one template at once may find each other in it and fail.
    await client.query(`select pg_advisory_lock(hashtext('${TEMPLATE_DATABASE}'))`);
    await client.query(`create database ${name} ${source}`);
  });
  return {
    url: databaseUrl(serverUrl, name),
    drop: () =>
      onServer(serverUrl, async (client) => {
        await client.query(`drop database if exists ${name} with (force)`);
      }),
  };
}

/** Closing the connection gives its advisory lock back. */
async function onServer(url: string, work: (client: Client) => Promise<void>): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
