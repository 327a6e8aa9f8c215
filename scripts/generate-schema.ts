import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { startEmbeddedPostgres } from '../src/platform/database/embedded-postgres';
import { migrateDatabase } from '../src/platform/database/migrate';
import { writeOrCheck } from './generated-file';
import { schemaText } from './schema-text';

const FILE = 'docs/generated/schema.sql';

/** The schema of an empty database that all migrations have run on. */
async function migratedSchema(): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), 'apicechat-schema-'));
  await chmod(dataDir, 0o755);
  const postgres = await startEmbeddedPostgres({ dataDir, durable: false });
  try {
    await migrateDatabase({ url: postgres.url });
    const client = new Client({ connectionString: postgres.url });
    await client.connect();
    try {
      return await schemaText(client);
    } finally {
      await client.end();
    }
  } finally {
    await postgres.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

void migratedSchema().then((text) => {
  if (!writeOrCheck(FILE, text, 'generate:schema')) process.exitCode = 1;
});
