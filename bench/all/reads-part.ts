import type { Client } from 'pg';
import { signIn, startProductionServer } from '../contenders';
import { compare, placesIn } from '../compare';
import { percentile } from '../figures';
import { HAND_MADE_INDEXES, type Question, questionsOf, WITHOUT_HAND_MADE_INDEXES } from '../reads-questions';
import { join } from 'node:path';
import type { Bench } from './bench';
import { withClient } from '../database';
import { inboxQuestions } from '../inbox-questions';
import { type Findings, type Line, number } from './line';

const SQL = 'SQL by hand';
/** Of the bare queries' p99. */
const READ_LIMIT = 3;
const [SEARCH_MS, ANY_SEARCH_MS] = [50, 1_500];
/** The searches that have the narrower limit. */
const SELECTIVE = ['one message', 'a rare word', 'two words'];

interface Answers {
  p50: number;
  p99: number;
  most: number;
}

/** Lists, counts and searches of a long history over HTTP, beside the best SQL for the same answers. */
export async function readsPart(bench: Bench): Promise<Findings> {
  const { postgres, dir, size, history, say } = bench;
  const url = postgres.urlFor(await history.database(bench));
  const settings = { THROTTLE_LIMIT: '1000000', THROTTLE_TTL: '1', DATABASE_URL: url };
  const environment = { ...history.environment, ...settings };
  const server = await startProductionServer(environment, join(dir, 'reads.log'), bench.nodeArgs);
  try {
    return await withClient(url, async (db) => {
      await db.query(HAND_MADE_INDEXES);
      await db.query('vacuum analyze');
      await db.query('set max_parallel_workers_per_gather = 0');
      const tokens = {
        admin: await signIn(server.url, 'admin', 'admin123'),
        employer: await signIn(server.url, 'employer', 'employer123'),
      };
      const lines: Line[] = [];
      for (const question of [...questionsOf(...(await placesIn(db))), ...(await inboxQuestions(db))]) {
        const found = await measured(question, db, server.url, tokens[question.who], size.answers);
        lines.push(lineOf(question, found, size.history));
        const { figure, ours, floor, ratioShown } = lines.at(-1)!;
        say(`${figure}: ${ours} beside ${floor}: ${ratioShown}`);
      }
      // What is copied for the intake is the server's own database.
      await db.query(WITHOUT_HAND_MADE_INDEXES);
      return { lines, faults: [] };
    });
  } finally {
    await server.stop();
  }
}

function lineOf(question: Question, { ours, sql }: { ours: Answers; sql: Answers }, messages: number): Line {
  const [p50, p99] = [ours.p50 / sql.p50, ours.p99 / sql.p99];
  const ms = (all: Answers): string => `${number(all.p50, 2)} / ${number(all.p99, 2)} ms`;
  return {
    part: `${question.name.startsWith('search') ? 'search' : 'reads'}, ${number(messages, 0)} messages`,
    figure: `${question.name.replace('search: ', '')} (${question.who})`,
    ours: ms(ours),
    floor: `${ms(sql)}, ${SQL}`,
    ratio: p50,
    ratioShown: `${number(p50, 2)} / ${number(p99, 2)}`,
    ...goalOf(question.name, ours, p99),
    better: 'lower',
    tolerance: 0.5,
  };
}

function goalOf(name: string, ours: Answers, ratio: number): Pick<Line, 'goal' | 'reached'> {
  if (name.startsWith('nothing')) return { goal: '', reached: null };
  if (!name.startsWith('search')) return { goal: `p99 ratio ≤ ${READ_LIMIT}`, reached: ratio <= READ_LIMIT };
  if (SELECTIVE.some((words) => name.endsWith(words)))
    return { goal: `p99 ≤ ${SEARCH_MS} ms`, reached: ours.p99 <= SEARCH_MS };
  return { goal: `each ≤ ${number(ANY_SEARCH_MS, 0)} ms`, reached: ours.most <= ANY_SEARCH_MS };
}

async function measured(
  question: Question,
  db: Client,
  url: string,
  token: string,
  answers: number,
): Promise<{ ours: Answers; sql: Answers }> {
  const { server, sql } = await compare(question, { db, url, token }, answers);
  return { ours: summary(server), sql: summary(sql) };
}

function summary(sorted: Float64Array): Answers {
  return { p50: percentile(sorted, 0.5), p99: percentile(sorted, 0.99), most: sorted.at(-1)! };
}
