import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ServerProcess } from '../../bench/processes';
import type { Patch, PreloadOrders, SocketsNow } from './patches';

const SERVER = join(__dirname, '../../src/main.js');
export const PRELOAD = join(__dirname, 'preload.js');
export const BLOCK_MS = 5_000;
/** A supervisor's pause before it starts a process again, in ms. */
const RESTART_PAUSE_MS = 100;

export interface NodeSettings {
  name: string;
  role: 'api' | 'worker';
  port: number;
  dir: string;
  environment: Record<string, string>;
  patches: Patch[];
  /** Takes the names of crash points that were reached. */
  crashReport: string;
}

/** A process that ended without being told to, and when it was ready again. */
export interface Death {
  at: number;
  readyAt: number | null;
  /** Of the time in between, how long the new process waited for a processor that others used, in ms. */
  waitedMs: number;
}

/** One server process under a supervisor that starts it again, on the same port, whenever it dies. */
export class Node {
  readonly deaths: Death[] = [];
  private process: ServerProcess | null = null;
  private wanted = false;
  private crash: PreloadOrders['crash'] = null;
  private starting: Promise<void> | null = null;
  private readonly clockFile: string;
  private readonly connectingFile: string;
  private build: readonly Patch[] = [];

  constructor(private readonly settings: NodeSettings) {
    this.clockFile = join(settings.dir, `${settings.name}.clock`);
    this.clockIsWrongBy(0);
    this.connectingFile = join(settings.dir, `${settings.name}.connecting`);
    this.reachesMetaAfter(0);
  }

  get name(): string {
    return this.settings.name;
  }

  get role(): 'api' | 'worker' {
    return this.settings.role;
  }

  get url(): string {
    return `http://127.0.0.1:${this.settings.port}`;
  }

  get log(): string {
    return join(this.settings.dir, `${this.settings.name}.log`);
  }

  async start(change: Record<string, string> = {}): Promise<void> {
    Object.assign(this.settings.environment, change);
    this.wanted = true;
    await (this.starting = this.launch());
  }

  /** Where the process ends next; taken up at its next start, and at that one only: a point may lie in the start itself. */
  arm(crash: PreloadOrders['crash']): void {
    this.crash = crash;
  }

  kill(signal: NodeJS.Signals): void {
    this.process?.signal(signal);
  }

  /** How long the process has waited for a processor that others used, in ms. */
  get waitedMs(): number {
    return waitedForProcessorMs(this.process!.pid);
  }

  /** What it keeps for its sockets. */
  async sockets(): Promise<SocketsNow> {
    return await this.process!.ask<SocketsNow>('sockets');
  }

  /** From now on, or from its start. */
  clockIsWrongBy(ms: number): void {
    writeFileSync(this.clockFile, String(ms));
    this.process?.signal('SIGHUP');
  }

  /** From now on, with each connection: a send has begun then, and nothing of it has left. */
  reachesMetaAfter(ms: number): void {
    writeFileSync(this.connectingFile, String(ms));
  }

  /** Another build from its next start on: with these changes besides those that all have. */
  isBuiltWith(more: readonly Patch[]): void {
    this.build = more;
  }

  /** It is not started again. */
  abandon(): void {
    this.wanted = false;
  }

  /** Told to stop, and not started again. */
  async stop(): Promise<void> {
    this.wanted = false;
    await this.starting?.catch(() => undefined);
    await this.process?.stop();
    this.process = null;
  }

  /** As an operator restarts it: SIGTERM, then a new process. Answers how long the old one took to end, in ms. */
  async restart(change: Record<string, string> = {}): Promise<number> {
    const started = performance.now();
    await this.stop();
    const drainedMs = performance.now() - started;
    await this.start(change);
    return drainedMs;
  }

  async ready(): Promise<void> {
    while (this.starting !== null) {
      const { starting } = this;
      await starting;
      if (this.starting === starting) return;
    }
  }

  private async launch(): Promise<void> {
    const orders = join(this.settings.dir, `${this.settings.name}.orders.json`);
    const { patches, crashReport: report } = this.settings;
    writeFileSync(
      orders,
      JSON.stringify({
        patches: [...patches, ...this.build],
        crash: this.crash,
        report,
        blockMs: BLOCK_MS,
        clock: this.clockFile,
        connecting: this.connectingFile,
      } satisfies PreloadOrders),
    );
    this.crash = null;
    const process = await ServerProcess.start(SERVER, {
      nodeArgs: ['-r', PRELOAD],
      environment: {
        ...this.settings.environment,
        ROLE: this.settings.role,
        PORT: String(this.settings.port),
        FAULTS_ORDERS: orders,
      },
      log: this.log,
    });
    this.process = process;
    void process.gone().then(() => this.died(process));
  }

  private died(process: ServerProcess): void {
    if (!this.wanted || this.process !== process) return;
    const death: Death = { at: performance.now(), readyAt: null, waitedMs: 0 };
    this.deaths.push(death);
    this.starting = this.again(death);
    this.starting.catch(() => undefined); // whoever waits for it hears
  }

  private async again(death: Death): Promise<void> {
    for (;;) {
      await new Promise((ok) => setTimeout(ok, RESTART_PAUSE_MS));
      if (!this.wanted) return;
      try {
        await this.launch();
        break;
      } catch {
        // The database may be away, or the process was killed while it started: as a supervisor does, again.
      }
    }
    death.readyAt = performance.now();
    death.waitedMs = waitedForProcessorMs(this.process!.pid);
  }
}

/** As far as the system tells: Linux does. */
function waitedForProcessorMs(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6;
  } catch {
    return 0;
  }
}
