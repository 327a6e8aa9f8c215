import { type ChildProcess, fork } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** How long a child may take to end, in ms, before it is killed. */
const END_LIMIT_MS = 12_000;
const SHOWN_LINES = 20;

const running = new Set<ChildProcess>();
let questions = 0;

export interface ChildOptions {
  args?: string[];
  nodeArgs?: string[];
  environment: Record<string, string>;
  /** Takes standard output and errors. */
  log: string;
}

/** A server in a process of its own. */
export class ServerProcess {
  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
  ) {}

  /** Resolves when the process says that it listens. */
  static async start(file: string, options: ChildOptions): Promise<ServerProcess> {
    const child = forked(file, options);
    const url = await new Promise<string>((ready, failed) => {
      child.on('message', (message: { type?: string; url?: string }) => {
        if (message.type === 'ready' && message.url !== undefined) ready(message.url);
      });
      child.once('error', failed);
      child.once('exit', (code, signal) => failed(ended(file, signal ?? code, options.log)));
    });
    return new ServerProcess(child, url.replace('localhost', '127.0.0.1'));
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** Resolves when the process has ended, however that came. */
  async gone(): Promise<void> {
    if (hasEnded(this.child)) return;
    await new Promise((done) => this.child.once('exit', done));
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** What the process answers to a question, see questions.ts. */
  async ask<Answer>(question: string, input: unknown = null): Promise<Answer> {
    const id = ++questions;
    return await new Promise<Answer>((answered, failed) => {
      const lost = (): void => failed(new Error(`The process ended before it answered "${question}".`));
      const hear = (message: { id?: number; answer?: Answer; error?: string }): void => {
        if (message.id !== id) return;
        this.child.off('message', hear).off('exit', lost);
        if (message.error === undefined) answered(message.answer as Answer);
        else failed(new Error(message.error));
      };
      this.child.on('message', hear).once('exit', lost);
      this.child.send({ id, question, input });
    });
  }

  /** Lets it end its work. */
  async stop(): Promise<void> {
    await end(this.child, 'SIGTERM');
  }
}

/** Runs a script of ours to its end. */
export async function runScript(file: string, options: ChildOptions): Promise<void> {
  const child = forked(file, options);
  const code = await new Promise<number | null>((done) => child.once('exit', done));
  if (code !== 0) throw ended(file, code, options.log);
}

/** For the end of this program, however it comes. */
export async function killAll(): Promise<void> {
  await Promise.all([...running].map((child) => end(child, 'SIGKILL')));
}

function forked(file: string, { args = [], nodeArgs = [], environment, log }: ChildOptions): ChildProcess {
  const output = openSync(log, 'a');
  const child = fork(file, args, {
    execArgv: nodeArgs,
    cwd: dirname(log), // where no .env file is
    env: { ...outerEnvironment(), ...environment },
    stdio: ['ignore', output, output, 'ipc'],
  });
  closeSync(output);
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

/** What a process needs of the shell it was started from; nothing that would configure the server. */
function outerEnvironment(): Record<string, string> {
  const kept = ['PATH', 'HOME', 'TMPDIR', 'TEMP', 'SystemRoot', 'LANG'];
  return Object.fromEntries(
    kept.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (hasEnded(child)) return;
  const gone = new Promise((done) => child.once('exit', done));
  const limit = setTimeout(() => child.kill('SIGKILL'), END_LIMIT_MS);
  child.kill(signal);
  await gone;
  clearTimeout(limit);
}

function ended(file: string, how: string | number | null, log: string): Error {
  const lines = readFileSync(log, 'utf8').trimEnd().split('\n').slice(-SHOWN_LINES);
  return new Error(`${file} ended by itself (${how}):\n${lines.join('\n')}`);
}
