import { join } from 'node:path';
import type { EmbeddedPostgres } from '../../src/platform/database/embedded-postgres';
import { runScript } from '../processes';
import { MAKE_USERS, serverEnvironment, startProductionServer } from '../contenders';
import { makeHistory } from '../reads-data';
import { execute, withClient } from '../database';
import type { Size } from './sizes';

const DATABASE = 'bench_history';

/** Where it is made, and how long it is. */
interface Place {
  postgres: EmbeddedPostgres;
  dir: string;
  size: Size;
  readonly say: (line: string) => void;
}

/** A database with a long history, made once where somebody needs it. */
export class History {
  /** What the server on this database, or on a copy of it, must be told. */
  readonly environment = serverEnvironment();
  private made: Promise<void> | null = null;

  /** The database's name. Nobody may be connected when it is copied. */
  async database(place: Place): Promise<string> {
    this.made ??= this.make(place);
    await this.made;
    return DATABASE;
  }

  private async make({ postgres, dir, size, say }: Place): Promise<void> {
    await execute(postgres.urlFor('postgres'), `create database ${DATABASE}`);
    const started = performance.now();
    const url = postgres.urlFor(DATABASE);
    const environment = { ...this.environment, DATABASE_URL: url };
    const log = join(dir, 'history.log');
    const server = await startProductionServer(environment, log);
    await runScript(MAKE_USERS, { args: ['--allow-production'], environment, log });
    await server.stop();
    const bytes = await withClient(url, async (db) => {
      await makeHistory(db, size.history);
      const { rows } = await db.query<{ bytes: string }>(
        `select pg_database_size(current_database()) as bytes`,
      );
      return Number(rows[0]!.bytes);
    });
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    say(`history: ${size.history} messages made in ${seconds} s, ${(bytes / 1e9).toFixed(1)} GB`);
  }
}
