import { BATCHED_FLOOR, type Contender, OUR_SERVER, TRANSACTION_FLOOR } from '../contenders';
import { SERVER_TABLES } from '../stored';
import { run, type RunFigures } from '../run';
import type { Bench } from './bench';
import { type Findings, line, number } from './line';
import { startOurServer } from './our-server';

const PART = 'intake';
/** A copy of a longer history takes minutes. */
const COPIED_OFTEN = 1_000_000;

/** Signed webhooks, as fast as they are acknowledged. */
export async function intakePart(bench: Bench): Promise<Findings> {
  const { size } = bench;
  const runs: RunFigures[] = [];
  for (let repetition = 1; repetition <= size.repetitions; repetition++) {
    runs.push(
      await measured(bench, OUR_SERVER, repetition),
      await measured(bench, BATCHED_FLOOR, repetition),
      await measured(bench, TRANSACTION_FLOOR, repetition),
    );
    if (repetition === 1 || size.history <= COPIED_OFTEN)
      runs.push(await measured(bench, serverOn(bench), repetition, await bench.history.database(bench)));
  }
  const of = (name: string, pick: (figures: RunFigures) => number): number[] =>
    runs.filter((each) => each.contender === name).map(pick);
  const rates = (name: string): number[] => of(name, (each) => each.acksPerSecond);
  const stored = of(stocked(size.history), (each) => each.acksPerSecond);
  const ours = rates(OUR_SERVER.name);
  const rate = { part: PART, unit: '/s', digits: 0, better: 'higher', tolerance: 0.2 } as const;
  const cost = (name: string): number[] => of(name, (each) => (each.serverUs ?? 0) + (each.postgresUs ?? 0));
  return {
    lines: [
      line({
        ...rate,
        figure: 'webhooks acknowledged',
        ours,
        floor: { name: BATCHED_FLOOR.name, values: rates(BATCHED_FLOOR.name) },
        goal: { of: 'ratio', limit: 0.75 },
      }),
      line({
        ...rate,
        figure: 'the same, over a transaction for each',
        ours,
        floor: { name: TRANSACTION_FLOOR.name, values: rates(TRANSACTION_FLOOR.name) },
      }),
      line({
        ...rate,
        figure: `with ${number(size.history, 0)} messages stored`,
        ours: stored,
        floor: { name: 'itself on empty tables', values: ours },
        goal: { of: 'ratio', limit: 0.8 },
      }),
      line({
        part: PART,
        figure: 'time to the acknowledgement, p99',
        ours: of(OUR_SERVER.name, (each) => each.p99Ms),
        floor: { name: BATCHED_FLOOR.name, values: of(BATCHED_FLOOR.name, (each) => each.p99Ms) },
        unit: 'ms',
        digits: 0,
        better: 'lower',
        tolerance: 0.6,
      }),
      line({
        part: PART,
        figure: 'processor time of a message, server and PostgreSQL',
        ours: cost(OUR_SERVER.name),
        floor: { name: BATCHED_FLOOR.name, values: cost(BATCHED_FLOOR.name) },
        unit: 'µs',
        digits: 0,
        better: 'lower',
        tolerance: 0.2,
      }),
    ],
    faults: runs.flatMap((each) => each.faults.map((fault) => `${each.contender}: ${fault}`)),
  };
}

async function measured(
  { postgres, dir, size, say }: Bench,
  contender: Contender,
  repetition: number,
  template?: string,
): Promise<RunFigures> {
  const figures = await run(contender, {
    postgres,
    dir,
    repetition,
    batch: { messages: size.webhooks, contacts: size.contacts },
    warmUp: size.warmUp,
    connections: 64,
    profile: null,
    ...(template === undefined ? {} : { template }),
  });
  say(
    `${repetition} ${PART}, ${contender.name}: ${figures.acksPerSecond.toFixed(0)}/s, p99 ${figures.p99Ms.toFixed(1)} ms, ` +
      `processor time ${[figures.serverUs, figures.postgresUs, figures.loadUs].map((us) => us?.toFixed(0)).join(' + ')} µs`,
  );
  return figures;
}

const stocked = (messages: number): string => `server, ${number(messages, 0)} stored`;

/** The server on a copy of the long history. */
function serverOn({ size, history }: Bench): Contender {
  return {
    name: stocked(size.history),
    analyze: true,
    async start({ databaseUrl, log }) {
      const { environment } = history;
      const server = await startOurServer({ url: databaseUrl, log, environment });
      return { ...server, tables: SERVER_TABLES };
    },
  };
}
