import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Client } from 'pg';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../src/platform/database/embedded-postgres';
import { serverEnvironment, signIn, startProductionServer } from './contenders';
import { compare, placesIn } from './compare';
import { percentile } from './figures';
import { killAll, runScript } from './processes';
import { makeHistory } from './reads-data';
import { FILE_KEYS, HAND_MADE_INDEX, type Question, questionsOf } from './reads-questions';

const USAGE = `Usage: npm run bench:reads -- [flags]

  --messages N      of the history, ten to a conversation (100000)
  --repetitions R   answers counted of each side and question, in turn (500)
  --dir DIR         folder on the disk to be measured (the system's temporary folder)
  --keep DIR        folder for a history that stays: made there the first time, used again from then on
  --only TEXT       only the questions whose name holds this text`;
const MAKE_USERS = join(__dirname, '../scripts/create-users.js');
const KEPT = 'history.json';

interface Options {
  messages: number;
  repetitions: number;
  dir: string;
  keep: string | null;
  only: string;
}

/** Where a history lies that a later run uses again, and what the server was told when it was made. */
interface Kept {
  messages: number;
  environment: Record<string, string>;
}

/** `npm run bench:reads`: what reading costs over HTTP, beside the bare answers of PostgreSQL. See README.md. */
async function main(): Promise<void> {
  const options = optionsOrExit();
  const dir = options.keep ?? mkdtempSync(join(options.dir, 'bench-reads-'));
  let postgres: EmbeddedPostgres | null = null;
  let db: Client | null = null;
  let code = 1;
  try {
    mkdirSync(dir, { recursive: true });
    const kept = keptIn(dir, options.messages);
    postgres = await startEmbeddedPostgres({ dataDir: join(dir, 'shared') });
    const settings = kept?.environment ?? serverEnvironment();
    // Requests are counted one by one in a window, which would grow with the benchmark instead of ending it.
    const throttle = { THROTTLE_LIMIT: '1000000', THROTTLE_TTL: '1' };
    const environment = { ...settings, ...throttle, DATABASE_URL: postgres.url };
    const log = join(dir, 'server.log');
    const server = await startProductionServer(environment, log);
    db = new Client({ connectionString: postgres.url });
    await db.connect();
    if (kept === null) {
      await runScript(MAKE_USERS, { args: ['--allow-production'], environment, log });
      console.log(`Making a history of ${options.messages} messages.`);
      await makeHistory(db, options.messages);
      await db.query(HAND_MADE_INDEX);
      await db.query('vacuum analyze');
      const made: Kept = { messages: options.messages, environment: settings };
      writeFileSync(join(dir, KEPT), JSON.stringify(made));
    }
    await db.query('set max_parallel_workers_per_gather = 0');
    await db.query(FILE_KEYS);
    const tokens = {
      admin: await signIn(server.url, 'admin', 'admin123'),
      employer: await signIn(server.url, 'employer', 'employer123'),
    };
    console.log(HEAD);
    const questions = questionsOf(...(await placesIn(db)));
    for (const question of questions.filter(({ name }) => name.includes(options.only)))
      console.log(await measured(question, db, server.url, tokens[question.who], options.repetitions));
    code = 0;
  } catch (error) {
    console.error(error);
  } finally {
    await db?.end();
    await killAll();
    await postgres?.stop();
    if (options.keep === null) await rm(dir, { recursive: true, force: true });
  }
  process.exit(code);
}

const HEAD = `${'question'.padEnd(50)}${'server p50'.padStart(12)}${'p99'.padStart(9)}${'SQL p50'.padStart(12)}${'p99'.padStart(9)}${'ratio p50'.padStart(12)}${'p99'.padStart(7)}`;

async function measured(
  question: Question,
  db: Client,
  url: string,
  token: string,
  repetitions: number,
): Promise<string> {
  const { server, sql } = await compare(question, db, url, token, repetitions);
  return row(`${question.name} (${question.who})`, server, sql);
}

function row(name: string, server: Float64Array, sql: Float64Array): string {
  const [a50, a99] = [percentile(server, 0.5), percentile(server, 0.99)];
  const [b50, b99] = [percentile(sql, 0.5), percentile(sql, 0.99)];
  const figures = [a50, a99, b50, b99].map((ms, i) => ms.toFixed(2).padStart(i % 2 === 0 ? 12 : 9));
  return `${name.padEnd(50)}${figures.join('')}${(a50 / b50).toFixed(1).padStart(12)}${(a99 / b99).toFixed(1).padStart(7)}`;
}

function keptIn(dir: string, messages: number): Kept | null {
  const file = join(dir, KEPT);
  if (!existsSync(file)) return null;
  const kept = JSON.parse(readFileSync(file, 'utf8')) as Kept;
  if (kept.messages !== messages) throw new Error(`${dir} holds a history of ${kept.messages} messages.`);
  return kept;
}

function optionsOrExit(): Options {
  try {
    const { values } = parseArgs({
      options: {
        messages: { type: 'string', default: '100000' },
        repetitions: { type: 'string', default: '500' },
        dir: { type: 'string', default: tmpdir() },
        keep: { type: 'string' },
        only: { type: 'string', default: '' },
      },
    });
    const [messages, repetitions] = [Number(values.messages), Number(values.repetitions)];
    if (!Number.isInteger(messages) || messages < 1_000 || !Number.isInteger(repetitions) || repetitions < 1)
      throw new Error('--messages is at least 1000, --repetitions at least 1.');
    return { messages, repetitions, dir: values.dir, keep: values.keep ?? null, only: values.only };
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    process.exit(2);
  }
}

void main();
