import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { eventually } from '../support/eventually';
import { childrenOf, killAll, type NodeProcess, processAlive, spawnNode } from '../support/processes';
import { DIST, freePort, newDataDir, nothingRunsOn, serverEnvironment } from '../support/server-process';

const dataDir = newDataDir();
let port: number;
let simulatorPort: number;
let websitePort: number;

beforeEach(async () => {
  [port, simulatorPort, websitePort] = [await freePort(), await freePort(), await freePort()];
});
afterEach(async () => {
  await killAll();
  await nothingRunsOn(dataDir);
});
afterAll(() => rm(dirname(dataDir), { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }));

/** As `npm run demo` in a terminal: nothing configured but where it may listen. */
function demo(env: Record<string, string | undefined> = {}): NodeProcess {
  const names = Object.keys(serverEnvironment(dataDir)).map((name) => [name, undefined]);
  return spawnNode(join(DIST, 'scripts/demo.js'), {
    ownGroup: true,
    cwd: dirname(dataDir),
    env: {
      ...Object.fromEntries(names),
      DATA_DIR: dataDir,
      PORT: `${port}`,
      SIMULATOR_PORT: `${simulatorPort}`,
      WEBSITE_PORT: `${websitePort}`,
      ...env,
    },
  });
}

const runs = (process: NodeProcess): Promise<unknown> =>
  process.waitForLine(/Ctrl-C stops everything/, 30_000);

async function call<Body>(method: string, url: string, body?: object, token?: string): Promise<Body> {
  const response = await fetch(url, {
    method,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Body;
}

interface Conversations {
  data: { id: number; contact: { name: string }; last_message: { body: string } }[];
}

const url = (path: string): string => `http://127.0.0.1:${port}${path}`;
const phone = (path: string): string => `http://127.0.0.1:${simulatorPort}${path}`;
const website = (path: string): string => `http://127.0.0.1:${websitePort}${path}`;
const signIn = async (): Promise<string> =>
  (
    await call<{ access_token: string }>('POST', url('/auth/login'), {
      username: 'admin',
      password: 'admin123',
    })
  ).access_token;

it('says what runs where; a customer writes, an agent answers; after Ctrl-C and a new start it is all still there', async () => {
  const first = demo();
  await runs(first);
  for (const fact of [
    phone(''),
    url(''),
    website(''),
    'admin / admin123',
    'supervisor / supervisor123',
    'employer / employer123',
  ])
    expect(first.stdout).toContain(fact);
  expect(first.stderr).toBe('');
  // Told once, in words, without logs in between.
  expect(first.stdout).not.toMatch(/^\{/m);
  expect(first.stdout.match(/Everything runs/g)).toHaveLength(1);

  await call('POST', phone('/control/customer-message'), {
    from: { phone: '5491155550002', name: 'Bruno' },
    text: 'Hola',
  });
  const token = await signIn();
  const [conversation] = (await call<Conversations>('GET', url('/conversations'), undefined, token)).data;
  expect(conversation).toMatchObject({ contact: { name: 'Bruno' }, last_message: { body: 'Hola' } });
  await call(
    'POST',
    url('/messages'),
    { conversation_id: conversation!.id, body: 'Hello from the shop' },
    token,
  );
  await eventually(async () => {
    const state = await call<{ accepted: { body: { text: { body: string } } }[] }>(
      'GET',
      phone('/control/state'),
    );
    return state.accepted.some(({ body }) => body.text.body === 'Hello from the shop');
  });

  const asVisitor = await (await fetch(website('/'))).text();
  expect(asVisitor).toContain(`<script src="${url('/chat-widget.js')}"`);
  expect(asVisitor).not.toContain('data-token');
  const script = await fetch(url('/chat-widget.js'), { headers: { origin: website('') } });
  expect([script.status, await script.text()]).toEqual([200, expect.stringContaining('ApiCeChat')]);
  const chatToken = /data-token="([^"]+)"/.exec(await (await fetch(website('/jane'))).text())?.[1];
  expect(await call('GET', url('/api/chat/sessions/current'), undefined, chatToken)).toMatchObject({
    data: { username: 'jane', account_name: 'Jane Doe', visitor: false },
  });
  first.interrupt();
  expect(await first.exited).toEqual({ code: 0, signal: null });
  expect(first.stdout).toContain('Stopped. Accounts and conversations are kept');
  expect(first.stderr).toBe('');
  await nothingRunsOn(dataDir, 3_000);

  const second = demo();
  await runs(second);
  const kept = (await call<Conversations>('GET', url('/conversations'), undefined, await signIn())).data;
  expect(kept).toMatchObject([{ id: conversation!.id, last_message: { body: 'Hello from the shop' } }]);
  second.kill('SIGTERM');
  expect(await second.exited).toEqual({ code: 0, signal: null });
});

it('killed with -9, it takes server, simulator and PostgreSQL with it within seconds', async () => {
  const process = demo();
  await runs(process);
  const children = await childrenOf(process.pid);
  expect(children).toHaveLength(2);
  process.kill('SIGKILL');
  await process.exited;
  await nothingRunsOn(dataDir, 8_000);
  expect(children.filter((pid) => processAlive(pid))).toEqual([]);
});

it('whose server is killed ends as a whole, and says so', async () => {
  const demonstration = demo();
  await runs(demonstration);
  const running = await childrenOf(demonstration.pid);
  process.kill(Math.max(...running), 'SIGKILL'); // the simulator was started first
  expect(await demonstration.exited).toEqual({ code: 1, signal: null });
  expect(demonstration.stderr).toMatch(/^The server has ended unexpectedly \(SIGKILL\)\.$/m);
});

it.each(['PORT', 'SIMULATOR_PORT'])(
  'where the port of %s is in use it says so in one line and leaves nothing running',
  async (name) => {
    const taken = name === 'PORT' ? port : simulatorPort;
    const listener = createServer();
    await new Promise<void>((ready) => listener.listen(taken, '127.0.0.1', ready));
    try {
      const process = demo({ HOST: '127.0.0.1' });
      expect(await process.exited).toEqual({ code: 1, signal: null });
      expect(process.stderr.trim().split('\n')).toEqual([
        expect.stringMatching(
          new RegExp(`cannot start: port ${taken} is already in use: .* set ${name} to another one`),
        ),
      ]);
      expect(process.stdout).not.toContain('Everything');
      await nothingRunsOn(dataDir, 5_000);
    } finally {
      listener.close();
    }
  },
);

it('with PORT=0 takes any free port, and the phone reaches the server there', async () => {
  const process = demo({ PORT: '0', SIMULATOR_PORT: '0' });
  const line = await process.waitForLine(/The customer's phone\s+(\S+)\s+The server\s+(\S+)/, 30_000);
  const [, page, server] = line;
  await call('POST', `${page}/control/customer-message`, {
    from: { phone: '5491155550009' },
    text: 'Any port',
  });
  const { access_token: token } = await call<{ access_token: string }>('POST', `${server}/auth/login`, {
    username: 'admin',
    password: 'admin123',
  });
  const { data } = await call<Conversations>('GET', `${server}/conversations`, undefined, token);
  expect(data.map((each) => each.last_message.body)).toContain('Any port');
});
