import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../src/platform/database/embedded-postgres';
import { placesIn, type Side } from './compare';
import { MAKE_USERS, serverEnvironment, signIn, startProductionServer } from './contenders';
import { inboxQuestions } from './inbox-questions';
import { runScript } from './processes';
import { makeHistory } from './reads-data';
import { FILE_KEYS, HAND_MADE_INDEXES, type Question, questionsOf } from './reads-questions';

const KEPT = 'history.json';

/** A history that was just made is in memory, and one that was kept is not. */
const READ_ALL = `create extension if not exists pg_prewarm;
  select pg_prewarm(oid, 'read') from pg_class where relkind in ('r', 'i') and relnamespace = 'public'::regnamespace`;

/** Where a history lies that a later run uses again, and what the server was told when it was made. */
interface Kept {
  messages: number;
  environment: Record<string, string>;
}

/** A history with its own PostgreSQL and its own server, to be asked about. */
export class ReadsHistory {
  private constructor(
    private readonly postgres: EmbeddedPostgres,
    private readonly db: Client,
    private readonly url: string,
    private readonly tokens: Record<Question['who'], string>,
    readonly questions: Question[],
  ) {}

  /** @param dir where it lies already, or will from now on */
  static async open(dir: string, messages: number): Promise<ReadsHistory> {
    mkdirSync(dir, { recursive: true });
    const kept = keptIn(dir, messages);
    const postgres = await startEmbeddedPostgres({ dataDir: join(dir, 'shared') });
    const settings = kept?.environment ?? serverEnvironment();
    // Requests are counted one by one in a window, which would grow with the benchmark instead of ending it.
    const throttle = { THROTTLE_LIMIT: '1000000', THROTTLE_TTL: '1' };
    const environment = { ...settings, ...throttle, DATABASE_URL: postgres.url };
    const log = join(dir, 'server.log');
    const { url } = await startProductionServer(environment, log);
    const db = new Client({ connectionString: postgres.url });
    await db.connect();
    if (kept === null) {
      await runScript(MAKE_USERS, { args: ['--allow-production'], environment, log });
      console.log(`Making a history of ${messages} messages.`);
      await makeHistory(db, messages);
      await db.query(HAND_MADE_INDEXES);
      await db.query('vacuum analyze');
      const made: Kept = { messages, environment: settings };
      writeFileSync(join(dir, KEPT), JSON.stringify(made));
    }
    await db.query('set max_parallel_workers_per_gather = 0');
    await db.query(FILE_KEYS);
    await db.query(READ_ALL);
    const tokens = {
      admin: await signIn(url, 'admin', 'admin123'),
      employer: await signIn(url, 'employer', 'employer123'),
    };
    const questions = [...questionsOf(...(await placesIn(db))), ...(await inboxQuestions(db))];
    return new ReadsHistory(postgres, db, url, tokens, questions);
  }

  /** Who answers a question about it. */
  side({ who }: Question): Side {
    return { db: this.db, url: this.url, token: this.tokens[who] };
  }

  /** Its server must have ended. */
  async close(): Promise<void> {
    await this.db.end();
    await this.postgres.stop();
  }
}

function keptIn(dir: string, messages: number): Kept | null {
  const file = join(dir, KEPT);
  if (!existsSync(file)) return null;
  const kept = JSON.parse(readFileSync(file, 'utf8')) as Kept;
  if (kept.messages !== messages) throw new Error(`${dir} holds a history of ${kept.messages} messages.`);
  return kept;
}
