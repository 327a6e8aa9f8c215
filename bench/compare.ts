import type { Client } from 'pg';
import { HttpConnection } from './http-connection';
import { ask, type Question } from './reads-questions';

const WARM_UP = 10;
/** After each other, so that what disturbs one side disturbs the other as well. */
const IN_A_ROW = 10;

/** So many answers of the server over HTTP and of PostgreSQL to the same question, in ms, sorted. */
export async function compare(
  question: Question,
  db: Client,
  url: string,
  token: string,
  answers: number,
): Promise<{ server: Float64Array; sql: Float64Array }> {
  const http = await HttpConnection.open(url);
  const overHttp = async (): Promise<void> => {
    const path = question.path(Math.random);
    const head = `GET ${path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer ${token}\r\n\r\n`;
    const status = await http.send(Buffer.from(head));
    if (status !== 200) throw new Error(`${path} answers ${status}`);
  };
  const bySql = (): Promise<void> => ask(db, question, Math.random);
  for (let n = 0; n < WARM_UP; n++) {
    await overHttp();
    await bySql();
  }
  const [server, sql]: [number[], number[]] = [[], []];
  while (server.length < answers) {
    for (let n = 0; n < IN_A_ROW; n++) server.push(await millisecondsOf(overHttp));
    for (let n = 0; n < IN_A_ROW; n++) sql.push(await millisecondsOf(bySql));
  }
  http.close();
  return { server: Float64Array.from(server).sort(), sql: Float64Array.from(sql).sort() };
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
