import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { eventually } from './eventually';

const run = promisify(execFile);

export interface SpawnOptions {
  args?: string[];
  /** On top of the environment of the tests; undefined removes a variable. */
  env?: Record<string, string | undefined>;
  cwd?: string;
  /** Only root may choose another user. */
  uid?: number;
  gid?: number;
  /** As a terminal starts it: in a process group of its own, which gets Ctrl-C as a whole. */
  ownGroup?: boolean;
  /** A server that ends where the test's process ends, however that ends. */
  tied?: boolean;
}

export interface NodeProcess {
  readonly pid: number;
  /** Everything written so far. */
  readonly stdout: string;
  readonly stderr: string;
  /** The first match in either output, past or to come; rejects with all output when it ends or 15 s pass without. */
  waitForLine(pattern: RegExp, timeoutMs?: number): Promise<RegExpExecArray>;
  kill(signal: NodeJS.Signals): void;
  /** Ctrl-C in a terminal; needs `ownGroup`. */
  interrupt(): void;
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

const spawned = new Set<ChildProcess>();

/** A real node process that runs a JavaScript file. Call killAll() in afterEach. */
export function spawnNode(script: string, options: SpawnOptions = {}): NodeProcess {
  return spawnWith([script], options);
}

/** A real node process that runs the code (CommonJS). Call killAll() in afterEach. */
export function spawnNodeCode(code: string, options: SpawnOptions = {}): NodeProcess {
  return spawnWith(['-e', code, '--'], options);
}

/** Ends, with SIGKILL, all processes that were spawned here and still run. */
export async function killAll(): Promise<void> {
  const running = [...spawned];
  await Promise.all(
    running.map(async (child) => {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      if (child.kill('SIGKILL')) await ended;
      spawned.delete(child);
    }),
  );
}

/** False also for a zombie: it runs no more, only its parent has not asked for its end yet. */
export function processAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  if (process.platform !== 'linux') return true;
  try {
    return !/^[ZX]/.test(statFields(readFileSync(`/proc/${pid}/stat`, 'utf8')));
  } catch {
    return false;
  }
}

/** Processes, other than this one, that name the text in their command line or environment, such as a test's folder. */
export async function processesNaming(text: string): Promise<number[]> {
  const found: number[] = [];
  for (const name of await readdir('/proc').catch(() => [])) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid || !processAlive(pid)) continue;
    const [command, environment] = await Promise.all(
      ['cmdline', 'environ'].map((file) => readFile(`/proc/${name}/${file}`, 'utf8').catch(() => '')),
    );
    if (`${command}${environment}`.includes(text)) found.push(pid);
  }
  return found;
}

/** The direct children of a process. */
export async function childrenOf(pid: number): Promise<number[]> {
  const pairs = existsSync('/proc/self/stat') ? await parentsFromProc() : await parentsFromPs();
  return pairs.filter(([, parent]) => parent === pid).map(([child]) => child);
}

function spawnWith(nodeArgs: string[], options: SpawnOptions): NodeProcess {
  const { args = [], env, cwd, uid, gid, ownGroup = false, tied = false } = options;
  const child = spawn(process.execPath, [...nodeArgs, ...args], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe', ...(tied ? (['ipc'] as const) : [])],
    detached: ownGroup,
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
  });
  if (child.pid === undefined) throw new Error(`node could not be spawned in ${cwd ?? process.cwd()}`);
  spawned.add(child);
  let [stdout, stderr] = ['', ''];
  let ended = false;
  child.stdout!.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.once('close', () => (ended = true));
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('exit', (code, signal) => {
      spawned.delete(child);
      resolve({ code, signal });
    });
  });

  return {
    pid: child.pid,
    get stdout() {
      return stdout;
    },
    get stderr() {
      return stderr;
    },
    async waitForLine(pattern, timeoutMs = 15_000) {
      const find = (): RegExpExecArray | null => pattern.exec(stdout) ?? pattern.exec(stderr);
      try {
        await eventually(() => ended || find(), { timeoutMs, what: `output matching ${pattern}` });
      } catch (error) {
        throw new Error(`${(error as Error).message}\n${stdout}${stderr}`, { cause: error });
      }
      const match = find();
      if (match) return match;
      throw new Error(`process ${child.pid} ended without output matching ${pattern}\n${stdout}${stderr}`);
    },
    kill: (signal) => void child.kill(signal),
    interrupt: () => void process.kill(-child.pid!, 'SIGINT'),
    exited,
  };
}

async function parentsFromProc(): Promise<[child: number, parent: number][]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const pairs = await Promise.all(
    pids.map(async (pid): Promise<[number, number]> => {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
      return [Number(pid), Number(statFields(stat).split(' ')[1])];
    }),
  );
  return pairs;
}

async function parentsFromPs(): Promise<[child: number, parent: number][]> {
  const { stdout } = await run('ps', ['-A', '-o', 'pid=,ppid=']);
  return stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number) as [number, number]);
}

/** State, parent and so on: what follows the program's name, which may hold spaces and brackets. */
function statFields(stat: string): string {
  return stat.slice(stat.lastIndexOf(')') + 2);
}
