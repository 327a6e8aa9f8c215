import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readlinkSync } from 'node:fs';
import { readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { EmbeddedPostgresError, errorCode } from './embedded-postgres-error';
import { readText } from './embedded-postgres-folder';

const run = promisify(execFile);
const HEARTBEAT_MS = 1_000;
/** How long a holder that we cannot look up (another container or host) may be silent before it counts as dead. */
const SILENCE_MS = 6_000;

/** Who holds a folder: a process number alone is given out again, with its time of start it is unique. */
interface Holder {
  pid: number;
  started: string;
  host: string;
  token: string;
}

export interface FolderLock {
  /** The holder before us died without releasing. */
  readonly takenOver: boolean;
  release(): Promise<void>;
}

/**
 * Makes this process the only one that works on the folder, through a file in it. A dead holder's lock is
 * taken over; a living holder's is an error that names its process.
 */
export async function lockFolder(file: string, folder: string): Promise<FolderLock> {
  const mine = await describeMyself();
  let takenOver = false;
  for (;;) {
    try {
      await writeFile(file, JSON.stringify(mine), { flag: 'wx', mode: 0o644 });
      return holdLock(file, mine, takenOver);
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error;
    }
    takenOver = (await removeIfDead(file, folder)) || takenOver;
  }
}

/**
 * When the process began, in a form that is only good for comparing; null when there is no such process
 * or it is a zombie, which holds nothing any more.
 */
export async function processStart(pid: number): Promise<string | null> {
  try {
    if (process.platform === 'linux') {
      const line = await readFile(`/proc/${pid}/stat`, 'utf8');
      const fields = line.slice(line.lastIndexOf(')') + 2).split(' '); // the name before ')' may hold spaces
      return fields[0] === 'Z' || fields[0] === 'X' ? null : (fields[19] ?? null);
    }
    const { stdout } = await run('ps', ['-o', 'stat=,lstart=', '-p', String(pid)]);
    const [state = 'Z', ...start] = stdout.trim().split(/\s+/);
    return state.startsWith('Z') ? null : start.join(' ');
  } catch {
    return null;
  }
}

async function describeMyself(): Promise<Holder> {
  return {
    pid: process.pid,
    started: (await processStart(process.pid)) ?? '',
    host: `${hostname()} ${processNamespace()}`.trim(),
    token: randomBytes(9).toString('base64url'),
  };
}

/** Process numbers mean something only within their namespace: containers may share a folder, not numbers. */
function processNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

function holdLock(file: string, mine: Holder, takenOver: boolean): FolderLock {
  const beat = (): void => void utimes(file, new Date(), new Date()).catch(() => undefined);
  const heartbeat = setInterval(beat, HEARTBEAT_MS).unref();
  return {
    takenOver,
    async release() {
      clearInterval(heartbeat);
      const content = await readText(file);
      if (parseHolder(content)?.token === mine.token) await rm(file, { force: true });
    },
  };
}

/** True when a dead holder's lock was removed, false when it vanished by itself; throws for a living holder. */
async function removeIfDead(file: string, folder: string): Promise<boolean> {
  const content = await readText(file);
  if (content === null) return false;
  if (await isAlive(file, parseHolder(content))) throw inUse(folder, parseHolder(await readText(file)));

  // Others may have judged the same holder. Without a lock for removing it, the slowest of them would
  // remove the lock that the quickest has put there since.
  const guard = await lockFolder(`${file}.takeover`, folder);
  try {
    if ((await readText(file)) !== content) return false;
    await rm(file);
    return true;
  } finally {
    await guard.release();
  }
}

async function isAlive(file: string, holder: Holder | null): Promise<boolean> {
  if (holder?.host === `${hostname()} ${processNamespace()}`.trim()) {
    return (await processStart(holder.pid)) === holder.started;
  }
  const before = await modifiedAt(file);
  for (let waited = 0; waited < SILENCE_MS; waited += HEARTBEAT_MS / 2) {
    await delay(HEARTBEAT_MS / 2);
    const now = await modifiedAt(file);
    if (now === null) return false;
    if (now !== before) return true;
  }
  return false;
}

async function modifiedAt(file: string): Promise<number | null> {
  return stat(file).then(
    ({ mtimeMs }) => mtimeMs,
    () => null,
  );
}

/** Null for what a process that died in the middle of writing, or a full disk, leaves behind. */
function parseHolder(content: string | null): Holder | null {
  try {
    const value: unknown = JSON.parse(content ?? '');
    return typeof value === 'object' && value !== null && 'token' in value ? (value as Holder) : null;
  } catch {
    return null;
  }
}

function inUse(folder: string, holder: Holder | null): EmbeddedPostgresError {
  const elsewhere =
    holder && holder.host.split(' ')[0] !== hostname() ? ` on ${holder.host.split(' ')[0]}` : '';
  const who = holder ? `process ${holder.pid}${elsewhere}` : 'another process';
  return new EmbeddedPostgresError(
    `The embedded database in ${folder} is already in use by ${who}; stop it, or set DATA_DIR/DATABASE_URL.`,
  );
}
