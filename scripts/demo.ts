import 'reflect-metadata';
import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { UsersService } from '../src/users/users.service';
import { createDefaultUsers, DEFAULT_USERS } from './default-users';
import { scriptConfig, withServices } from './with-database';

const NUMBER = { id: '106540352242922', account: '102290129340398' };
const SIMULATOR_PORT = process.env['SIMULATOR_PORT'] ?? '4000';
/** How long a child may take to end, in ms, before it is killed. */
const END_LIMIT_MS = 11_000;

const children: ChildProcess[] = [];
let ending = false;

/** Server and simulator, with accounts and a number to try out. Never talks to Meta. */
async function main(): Promise<void> {
  if (process.env['NODE_ENV'] === 'production') {
    console.error(
      'The demo makes well-known accounts and is not for NODE_ENV=production. `npm start` runs the server.',
    );
    process.exit(1);
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void end(0));
  const config = scriptConfig();
  const environment = demoEnvironment(`http://127.0.0.1:${config.http.port}/meta-whatsapp/webhook`);

  console.log('Starting the WhatsApp simulator …');
  const phone = await start('simulator', join(__dirname, '../simulator/main.js'), environment);
  if (config.database.url === null)
    console.log(`Starting PostgreSQL in ${config.dataDir} (the first time takes a few seconds) …`);
  console.log('Starting the server …');
  const server = await start('server', join(__dirname, '../src/main.js'), {
    ...environment,
    WHATSAPP_BASE_URL: phone,
  });
  console.log('Making sure that there is an account for each role …');
  await withServices(config, (services) => createDefaultUsers(services.get(UsersService, { strict: false })));
  console.log(welcome(phone, server));
}

function demoEnvironment(webhookUrl: string): Record<string, string> {
  return {
    SIMULATOR_PORT,
    WEBHOOK_URL: webhookUrl,
    WHATSAPP_APP_SECRET: randomBytes(24).toString('base64url'),
    WHATSAPP_WEBHOOK_VERIFY_TOKEN: randomBytes(12).toString('base64url'),
    WHATSAPP_ACCESS_TOKEN: 'demo-access-token',
    WHATSAPP_PHONE_NUMBER_ID: NUMBER.id,
    WHATSAPP_BUSINESS_ACCOUNT_ID: NUMBER.account,
    LOG_LEVEL: process.env['LOG_LEVEL'] ?? 'warn',
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
      console.error(`The ${name} ended by itself (${signal ?? code}).`);
      void end(1);
    });
  });
}

/** Ctrl-C reaches the children by itself; they drain, and then the demo ends. */
async function end(code: number): Promise<void> {
  if (ending) return;
  ending = true;
  console.log('\nStopping …');
  const running = children.filter((child) => child.exitCode === null && child.signalCode === null);
  const gone = Promise.all(running.map((child) => new Promise((done) => child.once('exit', done))));
  for (const child of running) child.kill('SIGTERM');
  const limit = setTimeout(() => running.forEach((child) => child.kill('SIGKILL')), END_LIMIT_MS);
  await gone;
  clearTimeout(limit);
  console.log('Stopped. Everything is kept; `npm run demo` goes on from here.');
  process.exit(code);
}

function welcome(phone: string, server: string): string {
  const logins = DEFAULT_USERS.map(({ username, password }) => `    ${username.padEnd(11)} ${password}`).join(
    '\n',
  );
  return `
Everything runs.

  The customer's phone   ${phone}
  The server             ${server}
  Logins
${logins}

Write something on the phone, then answer it:

  TOKEN=$(curl -s ${server}/auth/login -H 'content-type: application/json' \\
    -d '{"username":"admin","password":"admin123"}' | node -pe 'JSON.parse(fs.readFileSync(0)).access_token')
  curl -s ${server}/conversations -H "authorization: Bearer $TOKEN"
  curl -s ${server}/messages -H "authorization: Bearer $TOKEN" -H 'content-type: application/json' \\
    -d '{"conversation_id":1,"body":"Hello from the shop"}'

Ctrl-C stops it.`;
}

void main();
