import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { type Account, SYSTEM_PATH } from './embedded-postgres-account';
import { reachablePath } from './embedded-postgres-folder';
import { isRunning, readPostmaster, signal, stopPostmaster } from './embedded-postgres-postmaster';

const POLL_MS = 15;
const STILL_STARTING_MS = 10_000;
const FAST_STOP_MS = 30_000;
const KEPT_LINES = 20;

/**
 * Runs the server and, when our end of its standard input closes (whatever ended us, SIGKILL too), stops
 * it. Repeats the signal, because one that comes before the server has set its handlers is lost.
 */
const SUPERVISOR = `
exec 3<&0
trap '' INT HUP
"$@" </dev/null 3<&- &
server=$!
trap 'kill -INT $server 2>/dev/null' TERM
{
  read -r _ <&3
  tries=0
  while [ $tries -lt 40 ] && kill -INT $server; do
    tries=$((tries + 1))
    sleep 0.2 || sleep 1
  done
} 2>/dev/null &
watcher=$!
exec 3<&-
wait $server
status=$?
[ $status -gt 128 ] && wait $server
kill $watcher 2>/dev/null
exit $status
`;

export interface ServerLaunch {
  /** The `postgres` program. */
  program: string;
  dataFolder: string;
  account: Account | undefined;
  port: number;
  settings: Record<string, string>;
  log: (line: string) => void;
}

export interface RunningServer {
  /** The postmaster's. */
  readonly pid: number;
  /** Resolves when the server is gone for good, with the reason if nobody asked for it. */
  readonly gone: Promise<string | null>;
  /** Fast shutdown; resolves when the process is gone. */
  stop(): Promise<void>;
}

/** The server ended before it was ready; the message holds its last log lines. */
export class LaunchFailure extends Error {}

/** Starts a server and waits, through crash recovery if need be, until it accepts connections. */
export async function launchServer(launch: ServerLaunch): Promise<RunningServer> {
  const child = await spawnSupervisor(launch);
  const lastLines = followLog(child, launch.log);
  const exited = exitOf(child);

  const ready = await Promise.race([
    exited.then(() => null),
    untilReady(launch, () => child.exitCode !== null || child.signalCode !== null),
  ]);
  if (ready === null) throw new LaunchFailure(`PostgreSQL ended while starting: ${lastLines().join('\n')}`);
  letProcessEnd(child);

  let stopping: Promise<void> | undefined;
  const gone = exited.then(async (how) => {
    // The supervisor alone was killed: without it nothing would stop the server after us.
    if (await isRunning(ready.pid)) await stopPostmaster(ready.pid, launch.log);
    return stopping ? null : `PostgreSQL ended unexpectedly (${how}): ${lastLines().slice(-5).join('\n')}`;
  });
  gone.catch(() => undefined); // reported by stop(), if anybody calls it

  const stop = async (): Promise<void> => {
    child.ref();
    child.stdin?.end();
    const impatience = setTimeout(() => signal(ready.pid, 'SIGQUIT'), FAST_STOP_MS);
    await gone.finally(() => clearTimeout(impatience));
  };
  return { pid: ready.pid, gone, stop: () => (stopping ??= stop()) };
}

async function spawnSupervisor(launch: ServerLaunch): Promise<ChildProcess> {
  const { path, cwd } = await reachablePath(launch.account, launch.dataFolder);
  const settings = Object.entries(launch.settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const command = [launch.program, '-D', path, '-p', String(launch.port), ...settings];
  const child = spawn('/bin/sh', ['-c', SUPERVISOR, 'sh', ...command], {
    ...launch.account,
    cwd,
    env: { PATH: SYSTEM_PATH, LC_ALL: 'C', TZ: 'UTC' },
    // A terminal's Ctrl-C goes to its whole process group: the application must drain before its database ends.
    detached: true,
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  await new Promise<void>((resolve, reject) => child.once('spawn', resolve).once('error', reject));
  child.stdin?.on('error', () => undefined); // the supervisor may be gone before we close its input
  return child;
}

/** Passes the server's log on, line by line, and keeps the last lines for error messages. */
function followLog(child: ChildProcess, log: (line: string) => void): () => string[] {
  const kept: string[] = [];
  if (!child.stderr) return () => kept;
  createInterface({ input: child.stderr }).on('line', (line) => {
    kept.push(line);
    if (kept.length > KEPT_LINES) kept.shift();
    log(line);
  });
  return () => kept;
}

async function exitOf(child: ChildProcess): Promise<string> {
  const how = await new Promise<string>((resolve) => {
    child.once('exit', (code, name) => resolve(name ?? `status ${code}`));
  });
  // What was logged last may still be in the pipe; children that outlive the server keep it open, so no 'close'.
  await delay(50);
  return how;
}

async function untilReady(launch: ServerLaunch, ended: () => boolean): Promise<{ pid: number } | null> {
  let nextNote = performance.now() + STILL_STARTING_MS;
  while (!ended()) {
    const postmaster = await readPostmaster(launch.dataFolder);
    if (postmaster?.ready) return postmaster;
    if (performance.now() > nextNote) {
      launch.log(
        'PostgreSQL is still starting; after a crash it first replays what was not yet in its files',
      );
      nextNote += STILL_STARTING_MS;
    }
    await delay(POLL_MS);
  }
  return null;
}

/** The server is no reason to keep this process alive. */
function letProcessEnd(child: ChildProcess): void {
  child.unref();
  for (const stream of [child.stdin, child.stderr]) {
    if (stream && 'unref' in stream && typeof stream.unref === 'function') stream.unref();
  }
}
