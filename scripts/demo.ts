import 'reflect-metadata';
import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Config } from '../src/config/config';
import { UsersService } from '../src/users/users.service';
import { createDefaultUsers, DEFAULT_USERS } from './default-users';
import { startDemoWebsite } from './demo-website';
import { scriptConfig, withServices } from './with-database';

const NUMBER = { id: '106540352242922', account: '102290129340398' };
const ANY_ADDRESS = ['0.0.0.0', '::', ''];
/** How long a child may take to end, in ms, before it is killed. */
const END_LIMIT_MS = 11_000;

const children: ChildProcess[] = [];
let running = false;
let ending = false;

/** Server, simulator and a website, with accounts and a number to try out. Never talks to Meta. */
async function main(): Promise<void> {
  const config = scriptConfig();
  if (config.environment === 'production') {
    console.error(
      'The demo makes well-known accounts and is not for NODE_ENV=production. `npm start` runs the server.',
    );
    process.exit(1);
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void end(0));

  const port = config.http.port || (await freePort());
  const host = ANY_ADDRESS.includes(config.http.host) ? '127.0.0.1' : config.http.host;
  const server = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  const environment = demoEnvironment(`${server}/meta-whatsapp/webhook`, port);

  console.log('Starting the WhatsApp simulator …');
  const phone = await start('simulator', join(__dirname, '../simulator/main.js'), environment);
  console.log(databaseLine(config));
  console.log('Starting the server …');
  await start('server', join(__dirname, '../src/main.js'), { ...environment, WHATSAPP_BASE_URL: phone });
  await withServices(config, (services) => createDefaultUsers(services.get(UsersService, { strict: false })));
  const website = await startDemoWebsite(
    { server, phone, app: config.chat.app },
    Number(process.env['WEBSITE_PORT'] || '4100'),
  );
  running = true;
  if (!ending) console.log(welcome(phone, server, website));
}

function databaseLine({ database, dataDir }: Config): string {
  return database.url === null
    ? `Starting PostgreSQL in ${dataDir} (a few seconds the first time) …`
    : 'Using the database that is configured (DATABASE_URL or DB_*); the demo adds accounts to it.';
}

function demoEnvironment(webhookUrl: string, port: number): Record<string, string> {
  return {
    PORT: String(port),
    SIMULATOR_PORT: process.env['SIMULATOR_PORT'] || '4000',
    WEBHOOK_URL: webhookUrl,
    WHATSAPP_APP_SECRET: process.env['WHATSAPP_APP_SECRET'] || randomBytes(24).toString('base64url'),
    WHATSAPP_WEBHOOK_VERIFY_TOKEN:
      process.env['WHATSAPP_WEBHOOK_VERIFY_TOKEN'] || randomBytes(12).toString('base64url'),
    WHATSAPP_ACCESS_TOKEN: 'demo-access-token',
    WHATSAPP_PHONE_NUMBER_ID: NUMBER.id,
    WHATSAPP_BUSINESS_ACCOUNT_ID: NUMBER.account,
    LOG_LEVEL: process.env['LOG_LEVEL'] || 'warn',
  };
}

/** Starts a process of ours and resolves with the address it reports. It ends when this one does, however that is. */
async function start(name: string, file: string, environment: Record<string, string>): Promise<string> {
  const child = fork(file, { env: { ...process.env, ...environment } });
  children.push(child);
  return await new Promise((ready) => {
    child.on('message', (message: { type?: string; url?: string }) => {
      if (message.type === 'ready' && message.url !== undefined) ready(message.url);
    });
    child.on('exit', (code, signal) => {
      if (ending) return;
      if (running) console.error(`The ${name} has ended unexpectedly (${signal ?? code}).`);
      void end(1);
    });
  });
}

/** Ctrl-C reaches the children by itself; they drain, and then the demo ends. */
async function end(code: number): Promise<void> {
  if (ending) return;
  ending = true;
  if (running) console.log('\nStopping …');
  const left = children.filter((child) => child.exitCode === null && child.signalCode === null);
  const gone = Promise.all(left.map((child) => new Promise((done) => child.once('exit', done))));
  for (const child of left) child.kill('SIGTERM');
  const limit = setTimeout(() => left.forEach((child) => child.kill('SIGKILL')), END_LIMIT_MS);
  await gone;
  clearTimeout(limit);
  if (running && code === 0)
    console.log('Stopped. Accounts and conversations are kept: `npm run demo` goes on from here.');
  process.exit(code);
}

async function freePort(): Promise<number> {
  return await new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

function welcome(phone: string, server: string, website: string): string {
  const logins = DEFAULT_USERS.map(({ username, password }) => `${username} / ${password}`).join(', ');
  return `
Everything runs.

  The customer's phone   ${phone}
  The server             ${server}
  A website with a chat  ${website}
  Its API, to try        ${server}/docs
  Accounts               ${logins}

Try it: open the phone in a browser and write something as one of its customers, or on the website in its chat. Then answer, as an agent:

  TOKEN=$(curl -s ${server}/auth/login -H 'content-type: application/json' \\
    -d '{"username":"admin","password":"admin123"}' | node -pe 'JSON.parse(fs.readFileSync(0)).access_token')
  curl -s ${server}/conversations -H "authorization: Bearer $TOKEN"

The list shows your conversation and its id. With that id:

  curl -s ${server}/messages -H "authorization: Bearer $TOKEN" -H 'content-type: application/json' \\
    -d '{"conversation_id":1,"body":"Hello from the shop"}'

Ctrl-C stops everything.`;
}

main().catch((error: unknown) => {
  console.error(error);
  void end(1);
});
