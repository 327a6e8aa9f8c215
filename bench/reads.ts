import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Answered, compare, compareInTurn } from './compare';
import { percentile } from './figures';
import { killAll } from './processes';
import { ReadsHistory } from './reads-history';

const USAGE = `Usage: npm run bench:reads -- [flags]

  --messages N      of the history, ten to a conversation (100000)
  --tenfold         beside a history ten times as long: how much slower that is answered
  --repetitions R   answers counted of each side and question, in turn (500)
  --dir DIR         folder on the disk to be measured (the system's temporary folder)
  --keep DIR        folder for histories that stay: made there the first time, used again from then on
  --only TEXT       only the questions whose name holds this text`;

interface Options {
  messages: number;
  tenfold: boolean;
  repetitions: number;
  dir: string;
  keep: string | null;
  only: string;
}

/** `npm run bench:reads`: what reading costs over HTTP, beside the bare answers of PostgreSQL. See README.md. */
async function main(): Promise<void> {
  const options = optionsOrExit();
  const dir = options.keep ?? mkdtempSync(join(options.dir, 'bench-reads-'));
  const open: ReadsHistory[] = [];
  let code = 1;
  try {
    const sizes = options.tenfold ? [options.messages, options.messages * 10] : [options.messages];
    for (const messages of sizes) open.push(await ReadsHistory.open(join(dir, `${messages}`), messages));
    const [history, longer] = open;
    if (longer === undefined) await compareWithSql(history!, options);
    else await compareSizes(history!, longer, options);
    code = 0;
  } catch (error) {
    console.error(error);
  } finally {
    await killAll();
    for (const history of open) await history.close();
    if (options.keep === null) await rm(dir, { recursive: true, force: true });
  }
  process.exit(code);
}

const NAME = 50;
const heading = (...columns: string[]): string =>
  'question'.padEnd(NAME) + columns.map((column) => column.padStart(column.includes(' ') ? 14 : 9)).join('');

async function compareWithSql(history: ReadsHistory, { only, repetitions }: Options): Promise<void> {
  console.log(heading('server p50', 'p99', 'SQL p50', 'p99', 'ratio p50', 'p99'));
  for (const question of history.questions.filter(({ name }) => name.includes(only))) {
    const { server, sql } = await compare(question, history.side(question), repetitions);
    console.log(
      `${question.name} (${question.who})`.padEnd(NAME) + times(server) + times(sql) + ratios(server, sql),
    );
  }
}

/** The same question of both, in turn: what disturbs one disturbs the other. */
async function compareSizes(
  small: ReadsHistory,
  large: ReadsHistory,
  { only, repetitions, messages }: Options,
): Promise<void> {
  console.log(`p50 and p99, ms, with ${messages} messages and with ten times as many; then growth of p50.`);
  console.log(
    heading('server p50', 'p99', 'tenfold p50', 'p99', 'SQL there p50', 'p99', 'growth server', 'of SQL'),
  );
  for (const [n, question] of large.questions.entries()) {
    if (!question.name.includes(only)) continue;
    const [before, after] = await compareInTurn(
      [
        [small.questions[n]!, small.side(question)],
        [question, large.side(question)],
      ],
      repetitions,
    );
    const growth = [before!.server, after!.server, before!.sql, after!.sql].map((all) =>
      percentile(all, 0.5),
    );
    console.log(
      `${question.name} (${question.who})`.padEnd(NAME) +
        times(before!.server) +
        times(after!.server) +
        times(after!.sql) +
        `${(growth[1]! / growth[0]!).toFixed(2).padStart(14)}${(growth[3]! / growth[2]!).toFixed(2).padStart(14)}`,
    );
  }
}

function times(sorted: Answered['server']): string {
  return percentile(sorted, 0.5).toFixed(2).padStart(14) + percentile(sorted, 0.99).toFixed(2).padStart(9);
}

function ratios(server: Float64Array, sql: Float64Array): string {
  const of = (part: number): string => (percentile(server, part) / percentile(sql, part)).toFixed(1);
  return of(0.5).padStart(14) + of(0.99).padStart(9);
}

function optionsOrExit(): Options {
  try {
    const { values } = parseArgs({
      options: {
        messages: { type: 'string', default: '100000' },
        tenfold: { type: 'boolean', default: false },
        repetitions: { type: 'string', default: '500' },
        dir: { type: 'string', default: tmpdir() },
        keep: { type: 'string' },
        only: { type: 'string', default: '' },
      },
    });
    const { tenfold, dir, keep = null, only } = values;
    const [messages, repetitions] = [Number(values.messages), Number(values.repetitions)];
    if (!Number.isInteger(messages) || messages < 1_000 || !Number.isInteger(repetitions) || repetitions < 1)
      throw new Error('--messages is at least 1000, --repetitions at least 1.');
    return { messages, tenfold, repetitions, dir, keep, only };
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    process.exit(2);
  }
}

void main();
