import { type Contender, OUR_SERVER, TELLING_FLOOR } from '../contenders';
import { percentile } from '../figures';
import { Listener } from '../listener';
import { Load } from '../load';
import { type Batch, signedRequests } from '../webhooks';
import { type Bench, execute, inTurn, onFreshDatabase } from './bench';
import { type Findings, line } from './line';
import { faultsOf, sendPaced } from './paced-load';

const PART = 'webhook → socket';
const CONNECTIONS = 64;
const HEAR_LIMIT_MS = 10_000;

/** Of messages that came in at a steady rate, in ms. */
export interface Latencies {
  p50: number;
  p99: number;
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
  return (['p50', 'p99'] as const).map((which, n) => {
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
}

async function measured(bench: Bench, contender: Contender): Promise<Latencies> {
  return await onFreshDatabase(bench, async ({ url, log }) => {
    const { process, webhookUrl, token } = await contender.start({ databaseUrl: url, log, nodeArgs: [] });
    try {
      const found = await paced(bench, { url, webhookUrl, socketUrl: process.url, token: token ?? '' });
      bench.say(`${PART}, ${contender.name}: p50 ${found.p50.toFixed(1)} ms, p99 ${found.p99.toFixed(1)} ms`);
      return { ...found, faults: found.faults.map((fault) => `${contender.name}: ${fault}`) };
    } finally {
      await process.stop();
    }
  });
}

async function paced(
  { size }: Bench,
  at: { url: string; webhookUrl: string; socketUrl: string; token: string },
): Promise<Latencies> {
  const { contacts, itemsPerSecond: perSecond, pacedSeconds } = size;
  const warmUp: Batch = { run: 'warm', messages: size.warmUp, contacts };
  const batch: Batch = { run: 'paced', messages: perSecond * pacedSeconds, contacts };
  await (await Load.prepare(warmUp, at.webhookUrl, CONNECTIONS)).run();
  await execute(at.url, 'analyze');
  const listener = await Listener.connect(at.socketUrl, at.token, batch);
  const requests = signedRequests(batch, at.webhookUrl);
  const sent = await sendPaced(requests, { url: at.webhookUrl, perSecond, status: 200 });
  await listener.heardAll(HEAR_LIMIT_MS);
  listener.close();
  const { heardOnce } = listener;
  return {
    ...latenciesOf(sent.wanted, listener.heardAt),
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
