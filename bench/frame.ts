import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../src/platform/database/embedded-postgres';
import { withClient } from './database';
import { UsageError } from './options';
import { killAll } from './processes';

/**
 * Does the work on a PostgreSQL and in a folder of its own, both gone afterwards, however that ends, and exits with
 * the code that the work answers.
 */
export async function runAlone(
  { dir: parent, name, settings }: { dir: string; name: string; settings?: Record<string, string> },
  work: (dir: string, postgres: EmbeddedPostgres) => Promise<number>,
): Promise<void> {
  const dir = mkdtempSync(join(parent, name));
  const state: { postgres: EmbeddedPostgres | null; ending: boolean } = { postgres: null, ending: false };
  const cleanUp = async (): Promise<void> => {
    state.ending = true;
    await killAll();
    await state.postgres?.stop();
    await rm(dir, { recursive: true, force: true });
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void cleanUp().then(() => process.exit(130)));

  let code = 1;
  try {
    state.postgres = await startEmbeddedPostgres({
      dataDir: join(dir, 'shared'),
      ...(settings === undefined ? {} : { settings }),
    });
    code = await work(dir, state.postgres);
  } catch (error) {
    if (!state.ending) console.error(error);
  }
  if (state.ending) return; // a signal came, and its handler ends the process
  await cleanUp();
  process.exit(code);
}

export async function postgresVersion({ url }: EmbeddedPostgres): Promise<string> {
  return await withClient(
    url,
    async (db) => (await db.query<{ server_version: string }>('show server_version')).rows[0]!.server_version,
  );
}

/** What the flags say; where they say nothing sensible, that and how they are used, and the end. */
export function optionsOrExit<Options>(parse: (flags: string[]) => Options, usage: string): Options {
  try {
    return parse(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${error.message}\n\n${usage}`);
    process.exit(2);
  }
}
