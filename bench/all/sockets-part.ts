import { join } from 'node:path';
import { Load } from '../load';
import { cpuMicros } from '../machine';
import { ServerProcess } from '../processes';
import { Crowd, type Heard } from '../sockets/crowd';
import { type Bench, inTurn, onFreshDatabase } from './bench';
import { type Findings, line, number } from './line';
import { makeAgents, startOurServer } from './our-server';

const FLOOR = 'bare Socket.IO';
const FLOOR_FILE = join(__dirname, '../floors/bare-sockets.js');
/** For both: a way to ask for the memory that is in use. */
const NODE_ARGS = ['--expose-gc', `--require=${join(__dirname, '../sockets/tell-memory.js')}`];
/** Nothing came for this long: all has come. */
const QUIET_MS = 700;
/** Few, so that the server tells what it has before it takes in more. */
const CONNECTIONS = 16;
const SENDINGS = 5;

/** A server with its sockets. */
interface Stage {
  process: ServerProcess;
  tokens: string[];
  crowd: Crowd;
}

/** What a crowd of one size heard in a counted run. */
interface Told {
  perSecond: number;
  /** Processor time of the server for a delivery, in µs. */
  serverUs: number;
  events: number;
  kept: string[];
  faults: string[];
}

/** How many deliveries a second, where everybody is told everything. */
export async function fanOutPart(bench: Bench): Promise<Findings> {
  const { repetitions, crowds } = bench.size;
  // What the server told is told again by the floor, event by event.
  let script: Told[] = [];
  const [ours, floors] = await inTurn(
    repetitions,
    async () => (script = await withOurs(bench, (stage, say) => tellByWebhooks(bench, stage, say))),
    async () => await withFloor(bench, (stage) => tellAgain(bench, stage, script)),
  );
  return {
    lines: crowds.flatMap((sockets, n) => {
      const of = (all: Told[][], pick: (told: Told) => number): number[] =>
        all.map((tolds) => pick(tolds[n]!));
      const both = { part: 'fan-out', floor: FLOOR };
      return [
        line({
          ...both,
          figure: `deliveries to ${number(sockets, 0)} sockets`,
          ours: of(ours!, (told) => told.perSecond),
          floor: { name: FLOOR, values: of(floors!, (told) => told.perSecond) },
          unit: '/s',
          digits: 0,
          better: 'higher',
          goal: { of: 'ratio', limit: 0.9 },
          tolerance: 0.25,
        }),
        line({
          ...both,
          figure: `processor time of a delivery to ${number(sockets, 0)}`,
          ours: of(ours!, (told) => told.serverUs),
          floor: { name: FLOOR, values: of(floors!, (told) => told.serverUs) },
          unit: 'µs',
          digits: 1,
          better: 'lower',
          tolerance: 0.25,
        }),
      ];
    }),
    faults: [...ours!, ...floors!].flat().flatMap(({ faults }) => faults),
  };
}

/** What an idle socket holds, by what a server grows from the smaller to the larger crowd. */
export async function memoryPart(bench: Bench): Promise<Findings> {
  const [ours, floors] = await inTurn(
    bench.size.repetitions,
    () => withOurs(bench, (stage) => memoryOfSocket(bench, stage, 'server')),
    () => withFloor(bench, (stage) => memoryOfSocket(bench, stage, FLOOR)),
  );
  const memory = (figure: string, which: 'rss' | 'heapUsed', goal: boolean) =>
    line({
      part: 'memory',
      figure,
      ours: ours!.map((each) => each[which]),
      floor: { name: FLOOR, values: floors!.map((each) => each[which]) },
      unit: 'KiB',
      digits: 1,
      better: 'lower',
      ...(goal ? { goal: { of: 'ratio' as const, limit: 2 } } : {}),
      tolerance: 0.25,
    });
  return {
    lines: [
      memory('an idle socket, resident', 'rss', true),
      memory('an idle socket, in the heap', 'heapUsed', false),
    ],
    faults: [],
  };
}

type Webhooks = (count: number, run: string) => Promise<void>;

async function withOurs<T>(bench: Bench, work: (stage: Stage, webhooks: Webhooks) => Promise<T>): Promise<T> {
  return await onFreshDatabase(bench, async ({ url, log }) => {
    const server = await startOurServer({ url, log, nodeArgs: [...NODE_ARGS, ...bench.nodeArgs] });
    const tokens = await makeAgents(url, server.jwtSecret, bench.size.agents);
    const crowd = await Crowd.start(log);
    const webhooks: Webhooks = async (count, run) => {
      const batch = { run, messages: count, contacts: 20 };
      for (let sending = 1; ; sending++) {
        const { refused } = await (await Load.prepare(batch, server.webhookUrl, CONNECTIONS)).run();
        if (Object.keys(refused).length === 0) return;
        // Whatever was refused is sent again, as WhatsApp would; the others are known already.
        bench.say(`fan-out, server: webhooks were refused: ${JSON.stringify(refused)}`);
        if (sending === SENDINGS) throw new Error('Webhooks are refused again and again.');
      }
    };
    try {
      return await work({ process: server.process, tokens, crowd }, webhooks);
    } finally {
      await crowd.stop();
      await server.process.stop();
    }
  });
}

async function withFloor<T>({ dir }: Bench, work: (stage: Stage) => Promise<T>): Promise<T> {
  const log = join(dir, 'bare-sockets.log');
  const server = await ServerProcess.start(FLOOR_FILE, { environment: {}, log, nodeArgs: NODE_ARGS });
  const crowd = await Crowd.start(log);
  try {
    return await work({ process: server, tokens: [''], crowd });
  } finally {
    await crowd.stop();
    await server.stop();
  }
}

async function tellByWebhooks(bench: Bench, stage: Stage, webhooks: Webhooks): Promise<Told[]> {
  return await grow(bench, stage, 'server', async (sockets, counted) => {
    await webhooks(eventsFor(bench, sockets), `${counted ? 'counted' : 'warm'}${sockets}`);
  });
}

async function tellAgain(bench: Bench, stage: Stage, script: Told[]): Promise<Told[]> {
  return await grow(bench, stage, FLOOR, async (sockets, counted, n) => {
    const { kept: events, events: told } = script[n]!;
    await stage.process.ask('tell', { events, times: counted ? told : eventsFor(bench, sockets) });
  });
}

const eventsFor = ({ size }: Bench, sockets: number): number =>
  Math.max(10, Math.ceil(size.deliveries / sockets));

async function grow(
  { size, say }: Bench,
  { process, tokens, crowd }: Stage,
  name: string,
  tell: (sockets: number, counted: boolean, n: number) => Promise<void>,
): Promise<Told[]> {
  const all: Told[] = [];
  for (const [n, sockets] of size.crowds.entries()) {
    await crowd.open(process.url, tokens, sockets - (size.crowds[n - 1] ?? 0));
    await tell(sockets, false, n);
    await crowd.heardWhenQuiet(QUIET_MS);
    await crowd.forget();
    const before = { server: cpuMicros(process.pid), crowd: (await crowd.heard()).cpuUs };
    const started = performance.timeOrigin + performance.now();
    await tell(sockets, true, n);
    const heard = await crowd.heardWhenQuiet(QUIET_MS);
    const serverUs = ((cpuMicros(process.pid) ?? 0) - (before.server ?? 0)) / heard.all;
    const told = toldBy(name, heard, sockets, started);
    say(
      `fan-out to ${sockets}, ${name}: ${told.perSecond.toFixed(0)}/s, ${told.events} events of ` +
        `${(heard.bytes / heard.all).toFixed(0)} bytes, processor time ${serverUs.toFixed(1)} + ` +
        `${((heard.cpuUs - before.crowd) / heard.all).toFixed(1)} µs`,
    );
    all.push({ ...told, serverUs });
  }
  return all;
}

function toldBy(name: string, heard: Heard, sockets: number, started: number): Omit<Told, 'serverUs'> {
  const events = heard.all / sockets;
  return {
    perSecond: heard.all / ((heard.lastAt - started) / 1000),
    events,
    kept: heard.kept,
    faults: events === heard.least ? [] : [`${name}: not each of ${sockets} sockets heard all events`],
  };
}

/** In KiB. */
async function memoryOfSocket(
  { size, say }: Bench,
  { process, tokens, crowd }: Stage,
  name: string,
): Promise<{ rss: number; heapUsed: number }> {
  const [some, many] = [size.crowds[0]!, size.crowds.at(-1)!];
  const memory = async (sockets: number) => {
    await crowd.open(process.url, tokens, sockets);
    await crowd.heardWhenQuiet(QUIET_MS);
    return await process.ask<{ rss: number; heapUsed: number }>('memory');
  };
  const before = await memory(some);
  const after = await memory(many - some);
  const each = (which: 'rss' | 'heapUsed'): number => (after[which] - before[which]) / 1024 / (many - some);
  say(`memory, ${name}: ${each('rss').toFixed(1)} KiB resident, ${each('heapUsed').toFixed(1)} in the heap`);
  return { rss: each('rss'), heapUsed: each('heapUsed') };
}
