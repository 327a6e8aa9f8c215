import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { killAll, type NodeProcess, spawnNode } from '../support/processes';
import {
  DIST,
  freePort,
  MAIN,
  newDataDir,
  nothingRunsOn,
  serverEnvironment,
  startServer,
} from '../support/server-process';

const asRoot = process.getuid?.() === 0;

let home: string;
let listeners: Server[];

// Folders of databases that are wanted take their time to make, so the tests share one.
const dataDir = newDataDir();

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'apicechat-refusals-'));
  chmodSync(home, 0o755);
  listeners = [];
});
afterEach(async () => {
  for (const listener of listeners) listener.close();
  await killAll();
  await nothingRunsOn(dataDir);
  await nothingRunsOn(home);
  await rm(home, { recursive: true, force: true });
});
afterAll(() => rm(dirname(dataDir), { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }));

async function occupiedPort(): Promise<number> {
  const port = await freePort();
  await new Promise<void>((ready) => listeners.push(createServer().listen(port, '127.0.0.1', ready)));
  return port;
}

const startWith = (
  env: Record<string, string | undefined>,
  more: { uid?: number; gid?: number; cwd?: string } = {},
): NodeProcess => spawnNode(MAIN, { env: { ...serverEnvironment(dataDir), ...env }, ...more });

/** One line on standard error that says why, exit code 1, and nothing left running. */
async function refuses(server: NodeProcess, reason: RegExp): Promise<void> {
  expect(await server.exited).toEqual({ code: 1, signal: null });
  const lines = server.stderr.trimEnd().split('\n');
  expect(lines).toEqual([expect.stringMatching(/^The server cannot start: /)]);
  expect(lines[0]).toMatch(reason);
  expect(server.stdout).not.toContain('"stack"');
}

describe('the server refuses to start, in one line, with exit code 1 and nothing left running,', () => {
  it('on a port that is in use', async () => {
    const port = await occupiedPort();
    await refuses(startWith({ PORT: `${port}` }), new RegExp(`port ${port} is already in use: .* set PORT`));
    await nothingRunsOn(dataDir, 3_000);
  });

  it('on an address of another machine', async () => {
    await refuses(
      startWith({ HOST: '192.0.2.1' }),
      /192\.0\.2\.1 is not an address of this machine: set HOST/,
    );
  });

  it('on the folder of another server, which it leaves alone', async () => {
    const first = await startServer(dataDir);
    await refuses(
      startWith({}),
      new RegExp(`${dataDir} is already in use by process ${first.process.pid}; stop it, or set DATA_DIR`),
    );
    expect((await fetch(`${first.url}/health/ready`)).status).toBe(200);
    first.process.kill('SIGTERM');
    await first.process.exited;
  });

  it('in a folder that it cannot make', async () => {
    writeFileSync(join(home, 'file'), '');
    const secrets = {
      JWT_SECRET: 'x'.repeat(32),
      ENCRYPTION_KEY: 'x'.repeat(32),
      WHATSAPP_WEBHOOK_VERIFY_TOKEN: 'x'.repeat(8),
      CHAT_APP_SECRET: 'x'.repeat(16),
    };
    await refuses(
      startWith({ DATA_DIR: join(home, 'file', 'data'), ...secrets }),
      /The embedded PostgreSQL could not be started: ENOTDIR.*Set DATABASE_URL/,
    );
  });

  it.each([
    [
      'where nobody listens',
      'postgres://me:hunter2@127.0.0.1:9/shop',
      /the database \(DATABASE_URL or DB_\*\) cannot be reached: .*ECONNREFUSED/,
    ],
    [
      'of a host that does not exist',
      'postgres://me:hunter2@nowhere.invalid/shop',
      /cannot be reached: .*nowhere\.invalid/,
    ],
  ])('with a database %s, and keeps its password to itself', async (_, url, reason) => {
    const server = startWith({ DATABASE_URL: url });
    await refuses(server, reason);
    expect(server.stderr + server.stdout).not.toContain('hunter2');
  });

  it('with a database that lets it in not, or does not exist', async () => {
    const url = new URL(process.env.TEST_POSTGRES_URL!);
    url.pathname = '/no_such_database';
    await refuses(
      startWith({ DATABASE_URL: url.href }),
      /refuses: database "no_such_database" does not exist/,
    );
    url.password = 'hunter2';
    await refuses(startWith({ DATABASE_URL: url.href }), /refuses: password authentication failed/);
  });

  it('with migrations to be run and nobody allowed to', async () => {
    await refuses(
      startWith({ DATA_DIR: join(home, 'data'), DB_SYNC: 'false' }),
      /DB_SYNC is false: run `npm run db:migrate` first/,
    );
  });
});

describe('a configuration with problems', () => {
  const listed = ({ stderr }: NodeProcess): string[] =>
    [...stderr.matchAll(/^ {2}- (\w+)/gm)].map(([, name]) => name!);

  it('in production lists every secret that is missing, makes none, and ends with exit code 1', async () => {
    const data = join(home, 'data');
    const server = startWith({ NODE_ENV: 'production', DATA_DIR: data, WHATSAPP_APP_SECRET: undefined });
    expect(await server.exited).toEqual({ code: 1, signal: null });
    expect(server.stderr).toMatch(/^The configuration has 4 problems:\n/);
    expect(listed(server)).toEqual([
      'JWT_SECRET',
      'ENCRYPTION_KEY',
      'WHATSAPP_WEBHOOK_VERIFY_TOKEN',
      'WHATSAPP_APP_SECRET',
    ]);
    expect(server.stderr).not.toContain('    at ');
    expect(readdirSync(home)).toEqual([]);
  });

  it('lists them all, whatever their kind, and prints no secret', async () => {
    const server = startWith({
      PORT: 'http',
      DB_SYNC: 'maybe',
      JWT_SECRET: 'hunter2',
      DATABASE_URL: 'mysql://me:hunter2@h/d',
    });
    expect(await server.exited).toEqual({ code: 1, signal: null });
    expect(listed(server)).toEqual(['PORT', 'DATABASE_URL', 'DB_SYNC', 'JWT_SECRET']);
    expect(server.stderr + server.stdout).not.toContain('hunter2');
  });

  it('tells of a folder for secrets that cannot be made, and of a damaged file in it', async () => {
    writeFileSync(join(home, 'file'), '');
    const unmade = startWith({ DATA_DIR: join(home, 'file', 'data') });
    expect(await unmade.exited).toEqual({ code: 1, signal: null });
    expect(unmade.stderr).toContain(
      `${join(home, 'file', 'data', 'development-secrets.json')} cannot be read: ENOTDIR`,
    );
    writeFileSync(join(home, 'development-secrets.json'), '{');
    const damaged = startWith({ DATA_DIR: home });
    expect(await damaged.exited).toEqual({ code: 1, signal: null });
    expect(damaged.stderr).toContain(`${join(home, 'development-secrets.json')} is damaged`);
    expect(damaged.stderr).not.toContain('    at ');
  });
});

(asRoot ? describe : describe.skip)('the server of an ordinary user', () => {
  const [uid, gid] = [65_534, 65_534]; // nobody

  it('runs in a folder of theirs, and nothing in it belongs to anybody else', async () => {
    const own = join(home, 'nobodys');
    mkdirSync(own);
    chownSync(own, uid, gid);
    const server = await startServer(join(own, 'data'), { uid, gid, cwd: own });
    server.process.kill('SIGTERM');
    expect(await server.process.exited).toEqual({ code: 0, signal: null });
    expect(readdirSync(join(own, 'data'))).toContain('development-secrets.json');
  });

  it('is told that it may not write in a folder of somebody else', async () => {
    const server = startWith({ DATA_DIR: join(home, 'data') }, { uid, gid, cwd: DIST });
    expect(await server.exited).toEqual({ code: 1, signal: null });
    expect(server.stderr).toMatch(/Secrets cannot be kept in .*: EACCES: permission denied/);
  });
});
