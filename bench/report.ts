import { BATCHED_FLOOR, OUR_SERVER, TRANSACTION_FLOOR, WITHOUT_STATISTICS } from './contenders';
import { type Spread, spread, spreadOf } from './figures';
import type { Machine } from './machine';
import type { RunFigures } from './run';
import type { StartTimes } from './start-times';

/** What the server must reach. */
const GOALS = {
  ofBatchedFloor: 0.6,
  ofTransactionFloor: 2,
  p99Ms: 100,
  residentMb: 200,
  emptyFolderSeconds: 10,
  fullFolderSeconds: 3,
};

export interface Goal {
  what: string;
  wanted: string;
  /** Null where it was not measured. */
  reached: Spread | null;
  met: boolean | null;
}

export function judge(runs: RunFigures[], starts: StartTimes[]): Goal[] {
  const server = runs.filter((run) => run.contender === OUR_SERVER.name);
  const seconds = (pick: (times: StartTimes) => number): Spread | null => spreadOf(starts.map(pick));
  return [
    atLeast(
      `acks/s, server / ${BATCHED_FLOOR.name}`,
      GOALS.ofBatchedFloor,
      ratio(runs, OUR_SERVER.name, BATCHED_FLOOR.name),
    ),
    atLeast(
      `acks/s, server / ${TRANSACTION_FLOOR.name}`,
      GOALS.ofTransactionFloor,
      ratio(runs, OUR_SERVER.name, TRANSACTION_FLOOR.name),
    ),
    atMost('p99 of the server, ms', GOALS.p99Ms, spreadOf(server.map((run) => run.p99Ms))),
    atMost(
      'memory of the server process after the run, MB',
      GOALS.residentMb,
      spreadOf(server.map((run) => run.residentMb)),
    ),
    atMost(
      'start on an empty data folder, s',
      GOALS.emptyFolderSeconds,
      seconds((times) => times.emptyFolder),
    ),
    atMost(
      'start on a full data folder, s',
      GOALS.fullFolderSeconds,
      seconds((times) => times.fullFolder),
    ),
  ];
}

/** Everything as lines of text. */
export function report(machine: Machine, runs: RunFigures[], goals: Goal[]): string {
  const names = [...new Set(runs.map((run) => run.contender))];
  const withoutStatistics = ratio(runs, WITHOUT_STATISTICS.name, BATCHED_FLOOR.name);
  return [
    table([
      [
        '',
        'acks/s',
        'p50 ms',
        'p99 ms',
        'stored',
        'server µs/msg',
        'PostgreSQL µs/msg',
        'load µs/msg',
        'RSS MB',
      ],
      ...names.map((name) => row(name, runs)),
    ]),
    '',
    ...(withoutStatistics === null
      ? []
      : [
          `acks/s, ${WITHOUT_STATISTICS.name} / ${BATCHED_FLOOR.name} with them: ${shown(withoutStatistics, 2)}`,
          '',
        ]),
    ...(goals.length === 0 ? [] : [table(goals.map(verdict)), '']),
    `${machine.processor}, ${machine.cores} cores, ${machine.memoryGb} GB, ${machine.platform}; ` +
      `Node ${machine.node}, PostgreSQL ${machine.postgres}; a durable write takes ${machine.syncMs.toFixed(2)} ms.`,
  ].join('\n');
}

/** One line about a run that has just ended. */
export function progress(run: RunFigures): string {
  const cost = [run.serverUs, run.postgresUs, run.loadUs].map((us) => us?.toFixed(0) ?? 'n/a').join(' + ');
  const line =
    `${String(run.repetition).padStart(3)}  ${run.contender.padEnd(22)} ${run.acksPerSecond.toFixed(0).padStart(6)} acks/s  ` +
    `p99 ${run.p99Ms.toFixed(1)} ms  ${cost} µs/msg`;
  return [line, ...run.faults.map((fault) => `     WRONG: ${fault}`)].join('\n');
}

function verdict(goal: Goal): string[] {
  const word = goal.met === null ? '-' : goal.met ? 'PASS' : 'FAIL';
  return [word, goal.what, goal.wanted, shown(goal.reached, 2)];
}

function row(name: string, all: RunFigures[]): string[] {
  const runs = all.filter((run) => run.contender === name);
  const of = (pick: (run: RunFigures) => number | null, digits = 0): string =>
    shown(spreadOf(runs.map(pick)), digits);
  const stored = runs.every((run) => run.faults.length === 0) ? 'all, once' : 'WRONG';
  return [
    name,
    of((run) => run.acksPerSecond),
    of((run) => run.p50Ms, 1),
    of((run) => run.p99Ms, 1),
    stored,
    of((run) => run.serverUs),
    of((run) => run.postgresUs),
    of((run) => run.loadUs),
    of((run) => run.residentMb),
  ];
}

/** Of the figures that two contenders had in the same repetition: what disturbs one disturbs the other. */
function ratio(runs: RunFigures[], name: string, over: string): Spread | null {
  const of = (contender: string): Map<number, number> =>
    new Map(
      runs.filter((run) => run.contender === contender).map((run) => [run.repetition, run.acksPerSecond]),
    );
  const [ours, theirs] = [of(name), of(over)];
  const ratios = [...ours].flatMap(([repetition, rate]) => {
    const other = theirs.get(repetition);
    return other === undefined ? [] : [rate / other];
  });
  return ratios.length === 0 ? null : spread(ratios);
}

function atLeast(what: string, wanted: number, reached: Spread | null): Goal {
  return { what, wanted: `>= ${wanted}`, reached, met: reached && reached.median >= wanted };
}

function atMost(what: string, wanted: number, reached: Spread | null): Goal {
  return { what, wanted: `<= ${wanted}`, reached, met: reached && reached.median <= wanted };
}

function shown(value: Spread | null, digits: number): string {
  if (value === null) return 'n/a';
  const [median, min, max] = [value.median, value.min, value.max].map((each) => each.toFixed(digits));
  return min === max ? median! : `${median} [${min}..${max}]`;
}

function table(rows: string[][]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((cells) => cells[column]!.length)));
  return rows
    .map((cells) =>
      cells
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
