import { execFile } from 'node:child_process';
import { readFile, readlink, realpath, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { cannotRun } from './embedded-postgres-error';
import { readText } from './embedded-postgres-folder';
import { processStart } from './embedded-postgres-lock';

const run = promisify(execFile);
const POLL_MS = 20;
const FAST_STOP_MS = 30_000;
const IMMEDIATE_STOP_MS = 5_000;
/** Above every system's largest process number. */
const NOBODYS_PID = 999_999_999;

/** By this setting a server tells which folder it serves: a copied folder comes with a copied password. */
export const FOLDER_SETTING = 'apicechat.folder';

/** The setting as an argument of the server, by which a process is known as a server on this folder. */
export function folderMark(root: string): string {
  return `${FOLDER_SETTING}=${root}`;
}

/** What the server says of itself in its data folder. */
export interface Postmaster {
  pid: number;
  /** Accepts connections. */
  ready: boolean;
}

/** The server that the folder's postmaster.pid names, dead or alive; null when there is none. */
export async function readPostmaster(dataFolder: string): Promise<Postmaster | null> {
  const lines = (await readText(pidFile(dataFolder)))?.split('\n') ?? [];
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid <= 1 || pid === NOBODYS_PID) return null;
  return { pid, ready: lines[7]?.trim() === 'ready' };
}

/**
 * Stops a server that a dead owner left on the folder. Call only while holding the folder's lock.
 * Returns whether there was one.
 */
export async function stopOrphan(dataFolder: string, log: (line: string) => void): Promise<boolean> {
  const orphan = await readPostmaster(dataFolder);
  if (!orphan) return false;
  const running = await servesFolder(orphan.pid, dataFolder);
  if (running) {
    log(`stopping PostgreSQL process ${orphan.pid}, which the last owner of the folder left running`);
    await stopPostmaster(orphan.pid, log);
  }
  await forgetPid(dataFolder);
  return running;
}

/**
 * Ends a server and resolves when it is gone: a fast shutdown (transactions are rolled back, the data
 * checkpointed), and an immediate one (recovery at the next start) when that takes too long.
 */
export async function stopPostmaster(pid: number, log: (line: string) => void): Promise<void> {
  signal(pid, 'SIGINT');
  if (await goneWithin(pid, FAST_STOP_MS)) return;
  log(`PostgreSQL did not stop within ${FAST_STOP_MS / 1000} s, ending it at once`);
  signal(pid, 'SIGQUIT');
  if (await goneWithin(pid, IMMEDIATE_STOP_MS)) return;
  throw cannotRun(`cannot be stopped: process ${pid} does not end`);
}

export async function isRunning(pid: number): Promise<boolean> {
  return (await processStart(pid)) !== null;
}

async function goneWithin(pid: number, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (await isRunning(pid)) {
    if (performance.now() > deadline) return false;
    await delay(POLL_MS);
  }
  return true;
}

export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // gone already
  }
}

/**
 * Whether the process is a server on this folder: a number from an old file may by now belong to any process.
 * Told by its working directory, or, as a container's root may not look at that, by its arguments.
 */
async function servesFolder(pid: number, dataFolder: string): Promise<boolean> {
  if (!(await isRunning(pid))) return false;
  const mark = folderMark(dirname(dataFolder));
  if (process.platform === 'linux') {
    const [cwd, args] = await Promise.all([
      readlink(`/proc/${pid}/cwd`).catch(() => ''),
      readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''),
    ]);
    return (
      args.includes('postgres') && (cwd === (await realpath(dataFolder)) || args.split('\0').includes(mark))
    );
  }
  const { stdout } = await run('ps', ['-ww', '-o', 'command=', '-p', String(pid)]).catch(() => ({
    stdout: '',
  }));
  return stdout.includes(mark);
}

/**
 * PostgreSQL refuses to start when the number in a crashed server's file belongs to any process of its
 * user, which after the restart of a container is likely. The file itself stays: it also names the shared
 * memory by which PostgreSQL notices child processes that outlived the crash.
 */
async function forgetPid(dataFolder: string): Promise<void> {
  const content = await readText(pidFile(dataFolder));
  if (content !== null) await writeFile(pidFile(dataFolder), content.replace(/^.*/, String(NOBODYS_PID)));
}

function pidFile(dataFolder: string): string {
  return join(dataFolder, 'postmaster.pid');
}
