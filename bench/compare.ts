import type { Client } from 'pg';
import { HttpConnection } from './http-connection';
import { ask, type Question } from './reads-questions';

const WARM_UP = 10;
/** After each other, so that what disturbs one side disturbs the other as well. */
const IN_A_ROW = 10;

/** Who answers: the server over HTTP, and PostgreSQL by hand-written SQL. */
export interface Side {
  db: Client;
  url: string;
  token: string;
}

/** Answers to one question, in ms, sorted. */
export interface Answered {
  server: Float64Array;
  sql: Float64Array;
}

export async function compare(question: Question, side: Side, answers: number): Promise<Answered> {
  return (await compareInTurn([[question, side]], answers))[0]!;
}

/** So many answers of each, in turn. In the same order. */
export async function compareInTurn(asked: [Question, Side][], answers: number): Promise<Answered[]> {
  const turns = await Promise.all(asked.map(([question, side]) => turnsOf(question, side)));
  for (const { overHttp, bySql } of turns)
    for (let n = 0; n < WARM_UP; n++) {
      await overHttp();
      await bySql();
    }
  const all = turns.map(() => ({ server: [] as number[], sql: [] as number[] }));
  while (all[0]!.server.length < answers)
    for (const [place, { overHttp, bySql }] of turns.entries()) {
      for (let n = 0; n < IN_A_ROW; n++) all[place]!.server.push(await millisecondsOf(overHttp));
      for (let n = 0; n < IN_A_ROW; n++) all[place]!.sql.push(await millisecondsOf(bySql));
    }
  for (const { http } of turns) http.close();
  return all.map(({ server, sql }) => ({
    server: Float64Array.from(server).sort(),
    sql: Float64Array.from(sql).sort(),
  }));
}

async function turnsOf(question: Question, { db, url, token }: Side) {
  const http = await HttpConnection.open(url);
  const overHttp = async (): Promise<void> => {
    const path = question.path(Math.random);
    const head = `GET ${path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer ${token}\r\n\r\n`;
    const status = await http.send(Buffer.from(head));
    if (status !== 200) throw new Error(`${path} answers ${status}`);
  };
  return { http, overHttp, bySql: (): Promise<void> => ask(db, question, Math.random) };
}

/** What questions are asked about: the first conversation's id, how many there are, and the employer's id. */
export async function placesIn(
  db: Client,
): Promise<[first: number, conversations: number, employer: number]> {
  const { rows } = await db.query<{ first: string; count: string; employer: string }>(
    `select min(id) as first, count(*) as count, (select id from users where username = 'employer') as employer from conversation`,
  );
  return [Number(rows[0]!.first), Number(rows[0]!.count), Number(rows[0]!.employer)];
}

async function millisecondsOf(work: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}
