import type { Client } from 'pg';
import { join } from 'node:path';
import { signIn, startProductionServer } from '../contenders';
import { withClient } from '../database';
import { percentile } from '../figures';
import { HttpConnection } from '../http-connection';
import type { Bench } from './bench';
import { type Findings, type Line, number } from './line';

const LIMIT_MS = 20;
const WARM_UP = 10;
const COUNTED = 3;

interface Report {
  name: string;
  who: 'admin' | 'employer';
  path: string;
  /** The same counted when it is asked for, as far as one statement does it. */
  counting?: string;
}

/** The numbers of the dashboards over HTTP after a long history, of as many days as a report may have. */
export async function analyticsPart(bench: Bench): Promise<Findings> {
  const { postgres, dir, size, history, say } = bench;
  const url = postgres.urlFor(await history.database(bench));
  const settings = { THROTTLE_LIMIT: '1000000', THROTTLE_TTL: '1', DATABASE_URL: url };
  const environment = { ...history.environment, ...settings };
  const server = await startProductionServer(environment, join(dir, 'analytics.log'), bench.nodeArgs);
  try {
    return await withClient(url, async (db) => {
      const tokens = {
        admin: await signIn(server.url, 'admin', 'admin123'),
        employer: await signIn(server.url, 'employer', 'employer123'),
      };
      const lines: Line[] = [];
      for (const report of reports()) {
        const answers = await answersOf(server.url, tokens[report.who], report.path, size.answers);
        const counted = report.counting === undefined ? null : await counting(db, report.counting);
        lines.push(lineOf(report, answers, counted, size.history));
        say(`${lines.at(-1)!.figure}: ${lines.at(-1)!.ours} ${lines.at(-1)!.floor}`);
      }
      return { lines, faults: [] };
    });
  } finally {
    await server.stop();
  }
}

function reports(): Report[] {
  const day = (before: number): string =>
    new Date(Date.now() - before * 86_400_000).toISOString().slice(0, 10);
  const year = `from=${day(365)}&to=${day(0)}`;
  return [
    { name: 'summary', who: 'admin', path: 'summary', counting: SUMMARY },
    { name: 'summary', who: 'employer', path: 'summary' },
    { name: 'response times, 366 days', who: 'admin', path: `response-times?${year}`, counting: RESPONSES },
    { name: 'volume, 366 days', who: 'admin', path: `volume?${year}`, counting: VOLUME },
    { name: 'resolution, 366 days', who: 'admin', path: `resolution?${year}` },
    { name: 'satisfaction, 366 days', who: 'admin', path: `satisfaction?${year}` },
    { name: 'agents, 366 days', who: 'admin', path: `agents?${year}` },
  ];
}

const SUMMARY = `select count(*), count(*) filter (where status in ('queue', 'active', 'transferred')),
  count(*) filter (where not read), count(*) filter (where assigned_user is null and assigned_bot is null)
  from conversation where workspace_id = 1`;
const VOLUME = `select created_at::date, count(*) filter (where sender_type = 'contact'), count(*) filter (where sender_type = 'user')
  from message where workspace_id = 1 group by 1`;
const RESPONSES = `select created_at::date, avg(created_at - asked) from (
    select created_at, sender_type, min(created_at) filter (where sender_type = 'contact') over (partition by conversation_id, turn) as asked
    from (select *, count(*) filter (where sender_type = 'user') over (
            partition by conversation_id order by id rows between unbounded preceding and 1 preceding) as turn
          from message where workspace_id = 1) turns) answers
  where sender_type = 'user' group by 1`;

async function answersOf(url: string, token: string, path: string, answers: number): Promise<Float64Array> {
  const http = await HttpConnection.open(url);
  const request = Buffer.from(
    `GET /analytics/${path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer ${token}\r\n\r\n`,
  );
  const all: number[] = [];
  for (let n = -WARM_UP; n < answers; n++) {
    const started = performance.now();
    const status = await http.send(request);
    if (status !== 200) throw new Error(`${path} answers ${status}`);
    if (n >= 0) all.push(performance.now() - started);
  }
  http.close();
  return Float64Array.from(all).sort();
}

/** The best of some, in ms. */
async function counting(db: Client, sql: string): Promise<number> {
  let best = Infinity;
  for (let n = 0; n < COUNTED; n++) {
    const started = performance.now();
    await db.query(sql);
    best = Math.min(best, performance.now() - started);
  }
  return best;
}

function lineOf(
  { name, who }: Report,
  answers: Float64Array,
  counted: number | null,
  messages: number,
): Line {
  const [p50, p99] = [percentile(answers, 0.5), percentile(answers, 0.99)];
  return {
    part: `analytics, ${number(messages, 0)} messages`,
    figure: `${name} (${who})`,
    ours: `${number(p50, 2)} / ${number(p99, 2)} ms`,
    floor: counted === null ? '' : `${number(counted, 0)} ms, counted when asked`,
    ratio: null,
    ratioShown: '',
    goal: `p99 ≤ ${LIMIT_MS} ms`,
    reached: p99 <= LIMIT_MS,
    better: 'lower',
    tolerance: 0.5,
  };
}
