import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ServerProcess } from '../processes';

const LOOK_MS = 100;
/** Files of a process that are not its sockets. */
const OTHER_FILES = 250;

/** What all sockets have heard since they were last told to forget. */
export interface Heard {
  all: number;
  /** By the socket that heard least. */
  least: number;
  bytes: number;
  /** Milliseconds since 1970. */
  firstAt: number;
  lastAt: number;
  /** The first events that one of them heard, as `["name",…]`. */
  kept: string[];
  /** Processor time of the process since it started, in µs. */
  cpuUs: number;
}

/** Many agents' sockets, in a process of their own. */
export class Crowd {
  private constructor(private readonly process: ServerProcess) {}

  static async start(log: string): Promise<Crowd> {
    return new Crowd(
      await ServerProcess.start(join(__dirname, 'crowd-process.js'), { environment: {}, log }),
    );
  }

  /** So many more, each with the next of the tokens. */
  async open(url: string, tokens: string[], count: number): Promise<void> {
    await this.process.ask('open', { url, tokens, count });
  }

  async heard(): Promise<Heard> {
    return await this.process.ask('heard');
  }

  async forget(): Promise<void> {
    await this.process.ask('forget');
  }

  /** What they have heard once nothing came for this long. */
  async heardWhenQuiet(quietMs: number): Promise<Heard> {
    let before = await this.heard();
    let since = performance.now();
    for (;;) {
      await delay(LOOK_MS);
      const after = await this.heard();
      if (after.all !== before.all) since = performance.now();
      else if (performance.now() - since >= quietMs) return after;
      before = after;
    }
  }

  async stop(): Promise<void> {
    await this.process.stop();
  }
}

/** Why so many sockets cannot be opened here, or null. */
export function tooFewFilesFor(sockets: number): string | null {
  const limit = openFilesLimit();
  const needed = sockets + OTHER_FILES;
  return limit === null || limit >= needed
    ? null
    : `${sockets} sockets need ${needed} open files for a process, and the limit here is ${limit}. ` +
        `Run "ulimit -n ${needed}" first, or leave out the parts with sockets by --only.`;
}

function openFilesLimit(): number | null {
  try {
    // Node raises its own limit to the hard one when it starts, so this is what its children get.
    const limits = readFileSync('/proc/self/limits', 'utf8');
    const soft = /^Max open files\s+(\S+)/m.exec(limits)?.[1];
    return soft === undefined || soft === 'unlimited' ? null : Number(soft);
  } catch {
    return null;
  }
}
