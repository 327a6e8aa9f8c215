import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Client } from 'pg';
import { FLOOR_SCHEMA } from './floors/floor-schema';
import { runScript, ServerProcess } from './processes';
import { FLOOR_TABLES, SERVER_TABLES, type Tables } from './stored';
import { APP_SECRET, PHONE_NUMBER_ID } from './webhooks';

const ROOT = join(__dirname, '..');
const SERVER = join(ROOT, 'src/main.js');
export const MAKE_USERS = join(ROOT, 'scripts/create-users.js');
export const FLOOR_FILE = join(__dirname, 'floors/floor.js');
const WEBHOOK = '/meta-whatsapp/webhook';

/** Where a contender works: an empty database, and a file for what it says. */
export interface Surroundings {
  databaseUrl: string;
  log: string;
  nodeArgs: string[];
}

/** A contender that listens. */
export interface Running {
  process: ServerProcess;
  /** Further processes on the same database. */
  others?: ServerProcess[];
  webhookUrl: string;
  tables: Tables;
  /** An admin's access token, where there are users. */
  token: string | null;
}

export interface Contender {
  name: string;
  /** Whether PostgreSQL gets statistics of the tables between the warm-up and the counted run. */
  analyze: boolean;
  start(at: Surroundings): Promise<Running>;
}

export const OUR_SERVER: Contender = { name: 'server', analyze: true, start: startServer };
/** The same in so many processes, of which one does the work that nobody waits for as well. */
export const ourServers = (processes: number): Contender => ({
  name: `server, ${processes} processes`,
  analyze: true,
  async start(at) {
    const { environment, ...first } = await startFirst(at);
    const others: ServerProcess[] = [];
    for (let n = 1; n < processes; n++)
      others.push(await startProductionServer({ ...environment, ROLE: 'api' }, at.log, at.nodeArgs));
    return { ...first, others };
  },
});
export const WITHOUT_STATISTICS: Contender = {
  name: 'server, no statistics',
  analyze: false,
  start: startServer,
};
export const BATCHED_FLOOR = floor('fastify', 'full');
export const TRANSACTION_FLOOR = floor('express', 'tx');
export const TELLING_FLOOR = floor('fastify', 'full', 'tell');

/** Everything the server must be told in production; the rest is its defaults. */
export function serverEnvironment(): Record<string, string> {
  return {
    NODE_ENV: 'production',
    ROLE: 'all',
    HOST: '127.0.0.1',
    PORT: '0',
    JWT_SECRET: randomBytes(36).toString('base64url'),
    ENCRYPTION_KEY: randomBytes(36).toString('base64url'),
    WHATSAPP_APP_SECRET: APP_SECRET,
    WHATSAPP_WEBHOOK_VERIFY_TOKEN: randomBytes(12).toString('base64url'),
    WHATSAPP_ACCESS_TOKEN: 'bench-access-token',
    WHATSAPP_PHONE_NUMBER_ID: PHONE_NUMBER_ID,
    // Nothing is sent; if it ever were, it would go nowhere.
    WHATSAPP_BASE_URL: 'http://127.0.0.1:9',
  };
}

/** The server as `npm start` runs it. */
export async function startProductionServer(
  environment: Record<string, string>,
  log: string,
  nodeArgs: string[] = [],
): Promise<ServerProcess> {
  return await ServerProcess.start(SERVER, { environment, log, nodeArgs });
}

export const webhookOf = (server: ServerProcess): string => server.url + WEBHOOK;

async function startServer(at: Surroundings): Promise<Running> {
  const { environment: _told, ...running } = await startFirst(at);
  return running;
}

async function startFirst({
  databaseUrl,
  log,
  nodeArgs,
}: Surroundings): Promise<Running & { environment: Record<string, string> }> {
  const environment = { ...serverEnvironment(), DATABASE_URL: databaseUrl };
  const server = await startProductionServer(environment, log, nodeArgs);
  await runScript(MAKE_USERS, { args: ['--allow-production'], environment, log });
  return {
    environment,
    process: server,
    webhookUrl: webhookOf(server),
    tables: SERVER_TABLES,
    token: await signIn(server.url, 'admin', 'admin123'),
  };
}

export async function signIn(url: string, username: string, password: string): Promise<string> {
  const answer = await fetch(`${url}/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username, password }),
  });
  if (!answer.ok) throw new Error(`${username} cannot sign in: ${answer.status} ${await answer.text()}`);
  return ((await answer.json()) as { access_token: string }).access_token;
}

function floor(http: 'fastify' | 'express', store: 'full' | 'tx', ...more: 'tell'[]): Contender {
  return {
    name: [`nest-${http}:${store}`, ...more].join(' + '),
    analyze: true,
    async start({ databaseUrl, log }) {
      const client = new Client({ connectionString: databaseUrl });
      await client.connect();
      await client.query(FLOOR_SCHEMA);
      await client.end();
      const server = await ServerProcess.start(FLOOR_FILE, {
        args: [http, store, ...more],
        environment: { NODE_ENV: 'production', DATABASE_URL: databaseUrl, APP_SECRET },
        log,
      });
      return {
        process: server,
        webhookUrl: `${server.url}/webhook`,
        tables: FLOOR_TABLES,
        token: null,
      };
    },
  };
}
