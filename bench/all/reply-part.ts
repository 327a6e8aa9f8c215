import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Simulator } from '../../simulator/simulator';
import { FLOOR_SCHEMA } from '../floors/floor-schema';
import { Load } from '../load';
import { ServerProcess } from '../processes';
import { APP_SECRET, PHONE_NUMBER_ID } from '../webhooks';
import { type Bench, inTurn, onFreshDatabase } from './bench';
import { execute, withClient } from '../database';
import { type Latencies, latenciesOf, latencyLines, processorTime, told } from './latency-part';
import type { Findings } from './line';
import { startOurServer } from './our-server';
import { faultsOf, sendPaced } from './paced-load';

const PART = 'reply → Graph';
const FLOOR = 'nest-fastify: store, then send';
const FLOOR_FILE = join(__dirname, '../floors/reply-floor.js');
const WAIT_MS = 10_000;
const LOOK_MS = 20;
const WARM_UP_SECONDS = 2;
const COUNTED = 'reply ';

/** From sending a reply to its arrival at Graph. */
export async function replyPart(bench: Bench): Promise<Findings> {
  const [ours, floors] = await inTurn(
    bench.size.repetitions,
    () => measured(bench, 'server', paceOurs),
    () => measured(bench, FLOOR, paceFloor),
  );
  const figure = `at ${bench.size.repliesPerSecond} replies/s`;
  return {
    lines: latencyLines({ part: PART, figure, ours: ours!, floors: floors! }, FLOOR, 15),
    faults: [...ours!, ...floors!].flatMap(({ faults }) => faults),
  };
}

interface Place {
  url: string;
  log: string;
  meta: Simulator;
}

async function measured(
  bench: Bench,
  name: string,
  pace: (bench: Bench, place: Place) => Promise<Latencies>,
): Promise<Latencies> {
  // In this process and with its clock, so that both ends of the way are told by the same one.
  const meta = await Simulator.start({
    appSecret: APP_SECRET,
    phoneNumberId: PHONE_NUMBER_ID,
    accessToken: 'bench-access-token',
    now: () => performance.timeOrigin + performance.now(),
  });
  try {
    const found = await onFreshDatabase(bench, (database) => pace(bench, { ...database, meta }));
    bench.say(told(PART, name, found));
    return { ...found, faults: found.faults.map((fault) => `${name}: ${fault}`) };
  } finally {
    await meta.stop();
  }
}

async function paceOurs(bench: Bench, { url, log, meta }: Place): Promise<Latencies> {
  const environment = { WHATSAPP_BASE_URL: meta.url };
  const server = await startOurServer({ url, log, environment, nodeArgs: bench.nodeArgs });
  try {
    meta.webhookUrl = server.webhookUrl;
    const customers = { run: 'customers', messages: bench.size.contacts, contacts: bench.size.contacts };
    await (await Load.prepare(customers, server.webhookUrl, 16)).run(); // whoever wrote may be answered freely
    return await paced(bench, {
      url,
      meta,
      process: server.process,
      token: server.token,
      table: 'conversation',
    });
  } finally {
    await server.process.stop();
  }
}

async function paceFloor(bench: Bench, { url, log, meta }: Place): Promise<Latencies> {
  await execute(
    url,
    FLOOR_SCHEMA,
    `insert into floor.contacts (wa_id) select 15550000000 + n from generate_series(1, ${bench.size.contacts}) n`,
    'insert into floor.conversations (contact_id) select id from floor.contacts',
  );
  const server = await ServerProcess.start(FLOOR_FILE, {
    environment: {
      NODE_ENV: 'production',
      DATABASE_URL: url,
      GRAPH_URL: `${meta.url}/v23.0/${PHONE_NUMBER_ID}/messages`,
    },
    log,
  });
  try {
    return await paced(bench, { url, meta, process: server, token: '', table: 'floor.conversations' });
  } finally {
    await server.stop();
  }
}

interface Target {
  url: string;
  meta: Simulator;
  process: ServerProcess;
  token: string;
  table: string;
}

async function paced(bench: Bench, target: Target): Promise<Latencies> {
  const { size } = bench;
  const { url, meta, process, token, table } = target;
  const conversations = await withClient(url, async (db) => {
    await db.query('analyze');
    return (await db.query<{ id: string }>(`select id from ${table} order by id`)).rows.map(({ id }) =>
      Number(id),
    );
  });
  const perSecond = size.repliesPerSecond;
  const [warmUp, counted] = [perSecond * WARM_UP_SECONDS, perSecond * size.pacedSeconds];
  // One customer is written to now and then only, as WhatsApp wants it, so each of these is another one.
  if (conversations.length < warmUp + counted) throw new Error('There are too few customers to reply to.');
  const requests = conversations
    .slice(0, warmUp + counted)
    .map((id, n) => replyRequest(process.url, token, id, n < warmUp ? 'warm-up' : `${COUNTED}${n - warmUp}`));
  const pace = { url: process.url, perSecond, status: 201 };
  await sendPaced(requests.slice(0, warmUp), pace);
  const before = processorTime(process, bench);
  const sent = await sendPaced(requests.slice(warmUp), pace);
  const arrivals = await arrivedAll(meta, counted);
  const costUs = (processorTime(process, bench) - before) / counted;
  return {
    ...latenciesOf(sent.wanted, arrivals.at),
    costUs,
    faults: [
      ...faultsOf(sent),
      ...(arrivals.once === counted ? [] : [`${arrivals.once} of ${counted} replies reached Graph once`]),
    ],
  };
}

/** When each counted reply came to Graph, by `performance.now()`. */
async function arrivedAll(meta: Simulator, count: number): Promise<{ at: Float64Array; once: number }> {
  const end = performance.now() + WAIT_MS;
  for (;;) {
    const at = new Float64Array(count);
    const times = new Uint16Array(count);
    for (const { body, at: arrived } of meta.accepted) {
      const text = (body['text'] as { body?: string } | undefined)?.body;
      if (text?.startsWith(COUNTED) !== true) continue;
      const reply = Number(text.slice(COUNTED.length));
      if (times[reply]!++ === 0) at[reply] = arrived - performance.timeOrigin;
    }
    const once = times.reduce((sum, each) => sum + (each === 1 ? 1 : 0), 0);
    if (once === count || performance.now() > end) return { at, once };
    await delay(LOOK_MS);
  }
}

function replyRequest(server: string, token: string, conversation: number, text: string): Buffer {
  const body = JSON.stringify({ conversation_id: conversation, body: text });
  const head = [
    'POST /messages HTTP/1.1',
    `Host: ${new URL(server).host}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...(token === '' ? [] : [`Authorization: Bearer ${token}`]),
  ].join('\r\n');
  return Buffer.from(`${head}\r\n\r\n${body}`);
}
