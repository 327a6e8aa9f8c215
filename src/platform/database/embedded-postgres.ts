import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { type Account, chooseAccount } from './embedded-postgres-account';
import { type Binaries, findBinaries } from './embedded-postgres-binaries';
import { clusterExists, createCluster } from './embedded-postgres-cluster';
import { explain } from './embedded-postgres-error';
import {
  type ServerFolder,
  loadPassword,
  findServerFolder,
  openServerFolder,
  reachablePath,
  readServerInfo,
  readText,
  writeServerInfo,
} from './embedded-postgres-folder';
import { type FolderLock, lockFolder } from './embedded-postgres-lock';
import { FOLDER_SETTING, isRunning, stopOrphan } from './embedded-postgres-postmaster';
import { LaunchFailure, type RunningServer, launchServer } from './embedded-postgres-server';

export interface EmbeddedPostgresOptions {
  /** Folder for everything of the server: `<dataDir>/postgres` (its data) and `<dataDir>/postgres.*`. Made if absent. */
  dataDir: string;
  /** Made if absent. Default `apicechat`. */
  database?: string;
  /** Default true. False (nothing is synced to disk) is for data that may be lost, as in tests. */
  durable?: boolean;
  /** PostgreSQL settings on top of ours, which they override. */
  settings?: Record<string, string>;
  /** Takes what the launcher and the server have to say, line by line. */
  log?: (line: string) => void;
  /** Called once when the server ends without stop(). The folder is free by then: it can be started again at once. */
  onUnexpectedExit?: (reason: string) => void;
}

/** A running server, with the rights of a superuser, on 127.0.0.1. */
export interface EmbeddedPostgres {
  /** Of the database named in the options, with the password. */
  readonly url: string;
  readonly port: number;
  /** The postmaster's. */
  readonly pid: number;
  /** The folder was taken over from an owner that died without stopping its server. */
  readonly adopted: boolean;
  /** Fast shutdown: open transactions are rolled back. Resolves when the process is gone; may be called again. */
  stop(): Promise<void>;
  urlFor(database: string): string;
}

const SETTINGS: Record<string, string> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '100',
  shared_buffers: '128MB',
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_logical_replication_workers: '0',
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
};
const WITHOUT_DURABILITY: Record<string, string> = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
};
const RETRY_MS = 15_000;

/**
 * Starts PostgreSQL from the binaries in node_modules on a folder, of which this process is the only owner
 * until stop() or its end, however it ends. What an earlier owner left behind, orphaned server or half-made
 * data, is put right first. Rejects with an EmbeddedPostgresError that tells the operator what to do.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  try {
    const folder = await openServerFolder(options.dataDir);
    const lock = await lockFolder(folder.lock, folder.root);
    try {
      return await startLocked(folder, lock, options);
    } catch (error) {
      await lock.release();
      throw error;
    }
  } catch (error) {
    throw explain(error);
  }
}

/**
 * A server of ours that is already running on this folder (another process started it), for command-line
 * scripts that work beside a running server; null when none runs.
 */
export async function findRunningPostgres(dataDir: string): Promise<{ url: string } | null> {
  try {
    const folder = await findServerFolder(dataDir);
    const info = folder && (await readServerInfo(folder));
    if (!folder || !info?.pid || !(await isRunning(info.pid))) return null;
    const password = (await readText(info.passwordFile))?.trim();
    if (!password) return null;
    const serves = await servedFolder(urlOf(info.port, password, 'postgres'));
    return serves === folder.root ? { url: urlOf(info.port, password, info.database) } : null;
  } catch (error) {
    throw explain(error, 'cannot be looked up');
  }
}

async function startLocked(
  folder: ServerFolder,
  lock: FolderLock,
  options: EmbeddedPostgresOptions,
): Promise<EmbeddedPostgres> {
  const log = options.log ?? (() => undefined);
  const orphaned = await stopOrphan(folder.data, log);
  const account = await chooseAccount(folder.data);
  const binaries = await findBinaries(account, folder.root, log);
  const password = await prepareData(folder, account, binaries, options.durable ?? true, log);

  const { server, port } = await launch(folder, account, binaries, options, log);
  const database = options.database ?? 'apicechat';
  const info = { port, database, passwordFile: folder.password };
  try {
    await ensureDatabase(urlOf(port, password, 'postgres'), database);
    await writeServerInfo(folder, { ...info, pid: server.pid });
  } catch (error) {
    await server.stop();
    throw error;
  }

  const released = server.gone.then(async (reason) => {
    // The server is gone either way; a full disk here only costs the next start its favourite port.
    await writeServerInfo(folder, { ...info, pid: null }).catch(() => undefined);
    await lock.release();
    if (reason !== null) options.onUnexpectedExit?.(reason);
  });
  released.catch((error: unknown) => log(explain(error).message));

  return {
    url: urlOf(port, password, database),
    port,
    pid: server.pid,
    adopted: orphaned || lock.takenOver,
    urlFor: (name) => urlOf(port, password, name),
    async stop() {
      await server.stop();
      await released;
    },
  };
}

/** Makes the cluster if there is none; returns the superuser's password. */
async function prepareData(
  folder: ServerFolder,
  account: Account | undefined,
  binaries: Binaries,
  durable: boolean,
  log: (line: string) => void,
): Promise<string> {
  const exists = await clusterExists(folder.data, binaries.major);
  const password = await loadPassword(folder, exists);
  if (!exists) {
    log(`creating a PostgreSQL ${binaries.major} database in ${folder.data}`);
    await createCluster({ dataFolder: folder.data, password, account, binaries, durable });
  }
  const { direct } = await reachablePath(account, folder.data);
  if (!direct)
    log(`user ${account?.uid} cannot enter ${folder.root}; PostgreSQL uses it as its working directory`);
  return password;
}

/** Starts the server on the port of last time if that is free, else on any; again where a race was lost. */
async function launch(
  folder: ServerFolder,
  account: Account | undefined,
  binaries: Binaries,
  options: EmbeddedPostgresOptions,
  log: (line: string) => void,
): Promise<{ server: RunningServer; port: number }> {
  const settings = {
    ...SETTINGS,
    ...(options.durable === false ? WITHOUT_DURABILITY : {}),
    ...options.settings,
    [FOLDER_SETTING]: folder.root,
  };
  const common = { program: binaries.postgres, dataFolder: folder.data, account, settings, log };
  const lastPort = (await readServerInfo(folder))?.port;
  const deadline = performance.now() + RETRY_MS;
  for (let attempt = 0; ; attempt++) {
    const port = await freePort(attempt === 0 ? lastPort : undefined);
    try {
      return { server: await launchServer({ ...common, port }), port };
    } catch (error) {
      if (!isPassing(error) || performance.now() > deadline) throw error;
      await delay(200);
      await stopOrphan(folder.data, log);
    }
  }
}

/** The port was taken meanwhile, or children of a killed server are still about to end. */
function isPassing(error: unknown): boolean {
  return (
    error instanceof LaunchFailure &&
    /could not bind|could not create any TCP|pre-existing shared memory|lock file "postmaster.pid"/.test(
      error.message,
    )
  );
}

/** The preferred port if nobody listens there, else one that the system picks. */
async function freePort(preferred?: number): Promise<number> {
  return (preferred && (await tryPort(preferred))) || (await tryPort(0)) || 0;
}

async function tryPort(wanted: number): Promise<number | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(null));
    server.listen(wanted, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : null));
    });
  });
}

async function ensureDatabase(adminUrl: string, name: string): Promise<void> {
  await withClient(adminUrl, async (client) => {
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [name]);
    if (!rowCount) await client.query(`create database ${client.escapeIdentifier(name)}`);
  });
}

/** The folder that the server behind this address serves; null when there is no server of ours. */
async function servedFolder(url: string): Promise<string | null> {
  try {
    return await withClient(url, async (client) => {
      const { rows } = await client.query<{ folder: string | null }>(
        'select current_setting($1, true) as folder',
        [FOLDER_SETTING],
      );
      return rows[0]?.folder ?? null;
    });
  } catch {
    return null;
  }
}

async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined); // a query under way rejects as well
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end();
  }
}

function urlOf(port: number, password: string, database: string): string {
  return `postgres://postgres:${encodeURIComponent(password)}@127.0.0.1:${port}/${encodeURIComponent(database)}`;
}
