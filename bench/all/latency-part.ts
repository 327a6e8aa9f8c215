import { type Contender, OUR_SERVER, TELLING_FLOOR } from '../contenders';
import { percentile } from '../figures';
import { Listener } from '../listener';
import { Load } from '../load';
import { cpuMicros, cpuMicrosWithChildren } from '../machine';
import type { ServerProcess } from '../processes';
import { type Batch, signedRequests } from '../webhooks';
import { type Bench, inTurn, onFreshDatabase } from './bench';
import { execute } from '../database';
import { type Findings, line } from './line';
import { faultsOf, sendPaced } from './paced-load';

const PART = 'webhook → socket';
const CONNECTIONS = 64;
const HEAR_LIMIT_MS = 10_000;

/** Of messages that came in at a steady rate, in ms. */
export interface Latencies {
  p50: number;
  p99: number;
  /** Processor time of server and PostgreSQL for each, in µs. */
  costUs: number;
  faults: string[];
}

/** From sending a webhook to an agent's socket, at a rate that a server has to keep up with. */
export async function latencyPart(bench: Bench): Promise<Findings> {
  const [ours, floors] = await inTurn(
    bench.size.repetitions,
    () => measured(bench, OUR_SERVER),
    () => measured(bench, TELLING_FLOOR),
  );
  const rate = `at ${bench.size.itemsPerSecond} items/s`;
  return {
    lines: latencyLines(
      { part: PART, figure: rate, ours: ours!, floors: floors! },
      TELLING_FLOOR.name,
      15,
      100,
    ),
    faults: [...ours!, ...floors!].flatMap(({ faults }) => faults),
  };
}

export function latencyLines(
  { part, figure, ours, floors }: { part: string; figure: string; ours: Latencies[]; floors: Latencies[] },
  floor: string,
  ...goals: (number | null)[]
) {
  const times = (['p50', 'p99'] as const).map((which, n) => {
    const limit = goals[n] ?? null;
    return line({
      part,
      figure: `${which} ${figure}`,
      ours: ours.map((each) => each[which]),
      floor: { name: floor, values: floors.map((each) => each[which]) },
      unit: 'ms',
      digits: 1,
      better: 'lower',
      ...(limit === null ? {} : { goal: { of: 'figure' as const, limit } }),
      tolerance: which === 'p50' ? 0.5 : 1.5,
    });
  });
  const cost = line({
    part,
    figure: 'processor time of each, server and PostgreSQL',
    ours: ours.map((each) => each.costUs),
    floor: { name: floor, values: floors.map((each) => each.costUs) },
    unit: 'µs',
    digits: 0,
    better: 'lower',
    tolerance: 0.3,
  });
  return [...times, cost];
}

/** Of these processes so far. */
export function processorTime(server: ServerProcess, { postgres }: Bench): number {
  return (cpuMicros(server.pid) ?? 0) + (cpuMicrosWithChildren(postgres.pid) ?? 0);
}

export function told(part: string, name: string, { p50, p99, costUs }: Latencies): string {
  return `${part}, ${name}: p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, processor time ${costUs.toFixed(0)} µs`;
}

async function measured(bench: Bench, contender: Contender): Promise<Latencies> {
  return await onFreshDatabase(bench, async ({ url, log }) => {
    const { process, webhookUrl, token } = await contender.start({
      databaseUrl: url,
      log,
      nodeArgs: contender === OUR_SERVER ? bench.nodeArgs : [],
    });
    try {
      const found = await paced(bench, { url, webhookUrl, process, token: token ?? '' });
      bench.say(told(PART, contender.name, found));
      return { ...found, faults: found.faults.map((fault) => `${contender.name}: ${fault}`) };
    } finally {
      await process.stop();
    }
  });
}

async function paced(
  bench: Bench,
  at: { url: string; webhookUrl: string; process: ServerProcess; token: string },
): Promise<Latencies> {
  const { contacts, itemsPerSecond: perSecond, pacedSeconds } = bench.size;
  const warmUp: Batch = { run: 'warm', messages: bench.size.warmUp, contacts };
  const batch: Batch = { run: 'paced', messages: perSecond * pacedSeconds, contacts };
  await (await Load.prepare(warmUp, at.webhookUrl, CONNECTIONS)).run();
  await execute(at.url, 'analyze');
  const listener = await Listener.connect(at.process.url, at.token, batch);
  const requests = signedRequests(batch, at.webhookUrl);
  const before = processorTime(at.process, bench);
  const sent = await sendPaced(requests, { url: at.webhookUrl, perSecond, status: 200 });
  await listener.heardAll(HEAR_LIMIT_MS);
  const costUs = (processorTime(at.process, bench) - before) / batch.messages;
  listener.close();
  const { heardOnce } = listener;
  return {
    ...latenciesOf(sent.wanted, listener.heardAt),
    costUs,
    faults: [
      ...faultsOf(sent),
      ...(heardOnce === batch.messages ? [] : [`${heardOnce} of ${batch.messages} messages were heard once`]),
    ],
  };
}

/** Of what arrived at all; arrivals are zero where nothing did. */
export function latenciesOf(wanted: Float64Array, arrived: Float64Array): { p50: number; p99: number } {
  const times = arrived.map((at, n) => at - wanted[n]!).filter((_, n) => arrived[n]! > 0);
  times.sort();
  return { p50: percentile(times, 0.5), p99: percentile(times, 0.99) };
}
