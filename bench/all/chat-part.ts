import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { execute, withClient } from '../database';
import { FLOOR_SCHEMA } from '../floors/floor-schema';
import { ServerProcess } from '../processes';
import { type ChatPlace, ChatSockets } from '../sockets/chat-sockets';
import { type Bench, inTurn, onFreshDatabase } from './bench';
import { type Latencies, latenciesOf, latencyLines, processorTime, told } from './latency-part';
import type { Findings } from './line';
import { makeAgents, startOurServer } from './our-server';

const PART = 'live chat';
const FLOOR = 'bare Socket.IO: store, then tell';
const FLOOR_FILE = join(__dirname, '../floors/chat-floor.js');
const HEAR_LIMIT_MS = 10_000;
/** Conversations that one agent has joined: the limits of the product stay as they are. */
const OF_ONE_AGENT = 50;
const WARM_UP_SECONDS = 2;

/** From one side's socket to the other's, while many users are connected. */
export async function chatPart(bench: Bench): Promise<Findings> {
  const [ours, floors] = await inTurn(
    bench.size.repetitions,
    () => onFreshDatabase(bench, (database) => paceOurs(bench, database)),
    () => onFreshDatabase(bench, (database) => paceFloor(bench, database)),
  );
  const figure = `at ${bench.size.chatPerSecond} messages/s, ${bench.size.chatUsers} users`;
  return {
    lines: latencyLines({ part: PART, figure, ours: ours!, floors: floors! }, FLOOR, 10, 60),
    faults: [...ours!, ...floors!].flatMap(({ faults }) => faults),
  };
}

interface Database {
  url: string;
  log: string;
}

async function paceOurs(bench: Bench, { url, log }: Database): Promise<Latencies> {
  const environment = { CHAT_APP_SECRET: randomBytes(24).toString('base64url') };
  const server = await startOurServer({ url, log, environment, nodeArgs: bench.nodeArgs });
  try {
    const agents = await makeAgents(url, server.jwtSecret, Math.ceil(bench.size.chatUsers / OF_ONE_AGENT));
    return await paced(bench, server.process, await makeChats(url, bench.size.chatUsers, agents), 'server');
  } finally {
    await server.process.stop();
  }
}

async function paceFloor(bench: Bench, { url, log }: Database): Promise<Latencies> {
  const users = bench.size.chatUsers;
  await execute(
    url,
    FLOOR_SCHEMA,
    `insert into floor.contacts (wa_id) select n::text from generate_series(1, ${users}) n`,
    'insert into floor.conversations (contact_id) select id from floor.contacts order by id',
  );
  const environment = { NODE_ENV: 'production', DATABASE_URL: url };
  const server = await ServerProcess.start(FLOOR_FILE, { environment, log });
  try {
    const places = Array.from({ length: users }, (_, n) => ({
      conversationId: n + 1,
      userToken: '-',
      staffToken: `${Math.floor(n / OF_ONE_AGENT)}`,
    }));
    return await paced(bench, server, places, FLOOR);
  } finally {
    await server.stop();
  }
}

async function paced(
  bench: Bench,
  server: ServerProcess,
  places: ChatPlace[],
  name: string,
): Promise<Latencies> {
  const { chatPerSecond: perSecond, pacedSeconds } = bench.size;
  const sockets = await ChatSockets.open(server.url, places);
  try {
    await sockets.talk(perSecond * Math.min(WARM_UP_SECONDS, pacedSeconds), perSecond);
    await sockets.heardOnce(HEAR_LIMIT_MS);
    const messages = perSecond * pacedSeconds;
    const before = processorTime(server, bench);
    const { wanted, faults } = await sockets.talk(messages, perSecond);
    const once = await sockets.heardOnce(HEAR_LIMIT_MS);
    const costUs = (processorTime(server, bench) - before) / messages;
    if (once !== messages) faults.push(`${once} of ${messages} messages were heard once`);
    const found = {
      ...latenciesOf(wanted, sockets.heardAt),
      costUs,
      faults: faults.map((fault) => `${name}: ${fault}`),
    };
    bench.say(told(PART, name, found));
    return found;
  } finally {
    sockets.close();
  }
}

/** Users of the live chat, each with a session and an open conversation. Made by hand: by the server's own door it takes minutes. */
async function makeChats(url: string, count: number, agents: string[]): Promise<ChatPlace[]> {
  return await withClient(url, async (db) => {
    const tokens = Array.from({ length: count }, () => `chat_1_${randomBytes(32).toString('base64url')}`);
    const hashes = tokens.map((token) => createHash('sha256').update(token).digest());
    await db.query(`select set_config('app.workspace_id', '1', false)`);
    await db.query(
      `insert into contact (external_id, name) select 'bench-' || n, 'user ' || n from generate_series(1, $1) n`,
      [count],
    );
    await db.query(
      `insert into chat_user (app, user_id, account_name, contact_id)
       select (select min(id) from chat_app), split_part(external_id, '-', 2)::bigint, name, id
       from contact where external_id like 'bench-%'`,
    );
    await db.query(
      `insert into chat_session (id, token_hash, chat_user_id, expires_at)
       select gen_random_uuid(), t.hash, u.id, now() + interval '1 day'
       from unnest($1::bytea[]) with ordinality t(hash, n) join chat_user u on u.user_id = t.n`,
      [hashes],
    );
    await db.query(
      `insert into conversation (contact_id, channel, parallel)
       select contact_id, 'app-chat', true from chat_user order by user_id`,
    );
    const { rows } = await db.query<{ id: string; user: string }>(
      `insert into chat_conversation (conversation_id, chat_user_id)
       select c.id, u.id from conversation c join chat_user u on u.contact_id = c.contact_id order by u.user_id
       returning conversation_id as id, (select user_id from chat_user where id = chat_user_id) as user`,
    );
    await db.query('analyze');
    return rows.map(({ id, user }) => ({
      conversationId: Number(id),
      userToken: tokens[Number(user) - 1]!,
      staffToken: agents[Math.floor((Number(user) - 1) / OF_ONE_AGENT)]!,
    }));
  });
}
