import { rm } from 'node:fs/promises';
import { Agent, get, request } from 'node:http';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { findRunningPostgres } from '../../src/platform/database/embedded-postgres';
import { eventually } from '../support/eventually';
import { killAll, spawnNode } from '../support/processes';
import {
  MAIN,
  newDataDir,
  nothingRunsOn,
  queryRunning,
  type RunningServer,
  serverEnvironment,
  startServer,
  WebhookLoad,
} from '../support/server-process';

// One folder for all tests, since making a database takes its time; so what was written must be there to the end.
const dataDir = newDataDir();
const written = new Set<string>();

afterEach(async () => {
  await killAll();
  await nothingRunsOn(dataDir);
});
afterAll(() => rm(dirname(dataDir), { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }));

const figure = (what: string, ms: number): void =>
  void process.stderr.write(`      ${what}: ${(ms / 1000).toFixed(1)} s\n`);

/** How often each message is stored, and whether as many events tell of them. */
async function stored(): Promise<{ wamids: Set<string>; twice: number; events: number; messages: number }> {
  const rows = await queryRunning<{ wamid: string }>(
    dataDir,
    `select whatsapp_message_id as wamid from message where sender_type = 'contact'`,
  );
  const [row] = await queryRunning<{ n: string }>(
    dataDir,
    `select count(*)::int as n from event where type = 'message:new'`,
  );
  const wamids = new Set(rows.map(({ wamid }) => wamid));
  return { wamids, twice: rows.length - wamids.size, events: Number(row!.n), messages: rows.length };
}

async function everyAcknowledgedIsStoredOnce(server: RunningServer, loads: WebhookLoad[]): Promise<void> {
  const acknowledged = loads.flatMap((load) => load.acknowledged);
  const before = await stored();
  expect(acknowledged.filter((wamid) => !before.wamids.has(wamid))).toEqual([]);

  for (const load of loads) await load.redeliver(server.url);
  for (const load of loads) for (const wamid of load.all) written.add(wamid);
  const after = await stored();
  expect(after.wamids).toEqual(written);
  expect([after.twice, after.events]).toEqual([0, after.messages]);
}

it('is ready within ten seconds in an empty folder, within three in a full one, and keeps what it had', async () => {
  const first = await startServer(dataDir);
  figure('first start', first.tookMs);
  expect(first.tookMs).toBeLessThan(20_000);
  const load = new WebhookLoad(first.url, { senders: 2 });
  await eventually(() => load.acknowledged.length >= 20);
  await load.stop();
  first.process.kill('SIGTERM');
  expect(await first.process.exited).toEqual({ code: 0, signal: null });
  await nothingRunsOn(dataDir);

  const second = await startServer(dataDir);
  figure('second start', second.tookMs);
  expect(second.tookMs).toBeLessThan(10_000);
  await everyAcknowledgedIsStoredOnce(second, [load]);
});

it.each([
  ['SIGTERM, as an orchestrator sends it', 'SIGTERM' as const],
  ['Ctrl-C, which a terminal sends to every process at once', 'SIGINT' as const],
])('%s, under load: drains within ten seconds, leaves nothing running, loses nothing', async (_, signal) => {
  const server = await startServer(dataDir, { ownGroup: true });
  const load = new WebhookLoad(server.url);
  await eventually(() => load.acknowledged.length >= 200);
  const asked = performance.now();
  if (signal === 'SIGINT') server.process.interrupt();
  else server.process.kill(signal);
  const ended = await server.process.exited;
  expect(ended).toEqual({ code: 0, signal: null });
  const took = performance.now() - asked;
  figure(`${signal} under load`, took);
  expect(took).toBeLessThan(10_000);
  // No request took long, so nothing was cut off.
  expect(took).toBeLessThan(4_500);
  expect(server.process.stdout).toContain('"msg":"stopped"');
  expect(server.process.stderr).toBe('');
  await nothingRunsOn(dataDir, 2_000);
  await load.stop();
  await everyAcknowledgedIsStoredOnce(await startServer(dataDir), [load]);
});

it('kill -9 at a random moment under load, again and again: nothing lost, nothing doubled, ready again at once', async () => {
  const loads: WebhookLoad[] = [];
  let server = await startServer(dataDir);
  for (let round = 0; round < 3; round++) {
    const load = new WebhookLoad(server.url);
    loads.push(load);
    await eventually(() => load.acknowledged.length >= 50);
    await delay(Math.random() * 200);
    server.process.kill('SIGKILL');
    await server.process.exited;
    await load.stop();
    server = await startServer(dataDir);
    figure('start after kill -9', server.tookMs);
    expect(server.tookMs).toBeLessThan(10_000);
  }
  await everyAcknowledgedIsStoredOnce(server, loads);
});

it('kill -9 of PostgreSQL under it: ends with an error, and the next start has everything', async () => {
  const server = await startServer(dataDir);
  const load = new WebhookLoad(server.url);
  await eventually(() => load.acknowledged.length >= 50);
  const [row] = await queryRunning<{ pid: number }>(
    dataDir,
    `select pg_backend_pid() as backend, split_part(pg_read_file('postmaster.pid'), chr(10), 1)::int as pid`,
  );
  process.kill(row!.pid, 'SIGKILL');
  expect(await server.process.exited).toEqual({ code: 1, signal: null });
  expect(server.process.stdout).toContain('the database is gone');
  await load.stop();
  await everyAcknowledgedIsStoredOnce(await startServer(dataDir), [load]);
});

it('told to stop while it starts, it leaves nothing running and nothing broken', async () => {
  const starting = spawnNode(MAIN, { env: serverEnvironment(dataDir) });
  await starting.waitForLine(/starting the embedded PostgreSQL/);
  await delay(Math.random() * 500);
  starting.kill('SIGTERM');
  expect(await starting.exited).toEqual({ code: 0, signal: null });
  await nothingRunsOn(dataDir);
  await startServer(dataDir);
});

it('a client that sends its request at a snail’s pace does not keep it from ending', async () => {
  const server = await startServer(dataDir);
  const { port } = new URL(server.url);
  const snail = connect(Number(port), '127.0.0.1').on('error', () => undefined);
  snail.write(
    'POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{',
  );
  await eventually(async () => (await fetch(`${server.url}/health/live`)).ok);
  const asked = performance.now();
  server.process.kill('SIGTERM');
  expect(await server.process.exited).toEqual({ code: 0, signal: null });
  expect(performance.now() - asked).toBeLessThan(10_000);
  snail.destroy();
});

it('in production says that it is no longer ready before it stops serving, and ends connections with their answers', async () => {
  const server = await startServer(dataDir, {
    env: {
      NODE_ENV: 'production',
      JWT_SECRET: 'x'.repeat(32),
      ENCRYPTION_KEY: 'y'.repeat(32),
      WHATSAPP_WEBHOOK_VERIFY_TOKEN: 'z'.repeat(8),
    },
  });
  server.process.kill('SIGTERM');
  await eventually(async () => (await fetch(`${server.url}/health/ready`)).status === 503);
  const still = await fetch(`${server.url}/health/live`);
  expect([still.status, still.headers.get('connection')]).toEqual([200, 'close']);
  expect(await server.process.exited).toEqual({ code: 0, signal: null });
});

it('a request that is running when it is told to stop still gets its answer, and then it ends at once', async () => {
  const server = await startServer(dataDir);
  const postgres = await findRunningPostgres(dataDir);
  const busy = new Client({ connectionString: postgres!.url });
  await busy.connect();
  await busy.query('begin; lock table users');
  const agent = new Agent({ keepAlive: true });
  const answer = new Promise<number | undefined>((answered, failed) => {
    const headers = { 'content-type': 'application/json' };
    const login = request(`${server.url}/auth/login`, { method: 'POST', agent, headers }, (response) =>
      response.resume().once('end', () => answered(response.statusCode)),
    );
    login.once('error', failed).end(JSON.stringify({ username: 'nobody', password: 'wrong' }));
  });
  await eventually(async () => {
    const waiting = await busy.query(`select from pg_stat_activity where wait_event_type = 'Lock'`);
    return (waiting.rowCount ?? 0) > 0;
  });
  server.process.kill('SIGTERM');
  await server.process.waitForLine(/"msg":"stopping/);
  await busy.query('rollback');
  await busy.end();
  const freed = performance.now();
  expect(await answer).toBe(401);
  expect(await server.process.exited).toEqual({ code: 0, signal: null });
  expect(performance.now() - freed).toBeLessThan(3_000);
  agent.destroy();
});

it('a client that keeps its connection open for later does not keep it from ending', async () => {
  const server = await startServer(dataDir);
  const agent = new Agent({ keepAlive: true });
  await new Promise((answered, failed) => {
    get(`${server.url}/health/live`, { agent }, (response) => response.resume().once('end', answered)).once(
      'error',
      failed,
    );
  });
  const asked = performance.now();
  server.process.kill('SIGTERM');
  expect(await server.process.exited).toEqual({ code: 0, signal: null });
  expect(performance.now() - asked).toBeLessThan(3_000);
  agent.destroy();
});
