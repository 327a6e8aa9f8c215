import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Machine } from '../bench/machine';
import type { MutationResult } from './mutations/run';
import type { Form } from './options';
import type { Fault } from './table/fault';
import type { Result } from './trial';

type Table = 'faults' | 'mutations';

export interface Run {
  machine: Machine;
  form: Form;
  factor: number;
  jobHoldSeconds: number;
  seconds: number;
  /** How many processes wanted a processor over the last quarter of an hour; above the cores, others were at work. */
  load: number;
  results: { fault: Fault; result: Result }[];
}

export function table({ machine, form, factor, jobHoldSeconds, seconds, load, results }: Run): string {
  const rows = results.map(({ fault, result }) => {
    const { counts } = result;
    const right = result.recoveryMs === null ? 'never' : `${(result.recoveryMs / 1000).toFixed(1)} s`;
    const figures = [
      result.operations,
      result.unknown,
      counts.lost,
      counts.duplicated,
      counts.unexpected,
      counts.disordered,
      counts.statuses,
      counts.counters,
      counts.overheard,
    ];
    return [
      `\`${result.name}\``,
      fault.does,
      ...figures.map((figure) => figure.toLocaleString('en')),
      right,
      result.checks
        .filter(({ what }) => what !== 'right again')
        .map(({ what, value, unit }) => `${what}: ${shown(value, unit)}`)
        .join('; '),
      result.passed ? 'yes' : '**no**',
    ];
  });
  const size = factor === 1 ? '' : `, its load ${factor} times`;
  return [
    `The ${form} form${size}, ${Math.round(seconds)} s in all, on ${machine.cores} cores (${machine.processor}), ` +
      `${machine.memoryGb} GB, ${machine.platform}, Node ${machine.node}, PostgreSQL ${machine.postgres}; ` +
      `load average ${load.toFixed(0)}; a killed worker's jobs stay its own for ${jobHoldSeconds} s.`,
    '',
    markdown(
      [
        'fault',
        'what is done',
        'operations',
        'unknown',
        'lost',
        'duplicated',
        'unexpected',
        'out of order',
        'wrong status',
        'wrong counter',
        'overheard',
        'right again after',
        'measured',
        'holds',
      ],
      rows,
    ),
  ].join('\n');
}

export function mutationTable(results: readonly MutationResult[]): string {
  return markdown(
    ['bug put in', 'fault', 'must turn red', 'found', 'seen'],
    results.map(({ mutation, found, red }) => [
      mutation.does,
      `\`${mutation.fault}\``,
      mutation.turnsRed.join(' or '),
      red,
      found ? 'yes' : '**no**',
    ]),
  );
}

/** Puts the text into a document, between the two lines that mark its place. */
export function writeInto(path: string, what: Table, text: string): void {
  const begin = `<!-- ${what}: written by npm run test:faults -->`;
  const end = `<!-- end of ${what} -->`;
  const document = existsSync(path) ? readFileSync(path, 'utf8') : `${begin}\n${end}\n`;
  const [before, rest] = split(document, begin, path);
  const [, after] = split(rest, end, path);
  writeFileSync(path, `${before}${begin}\n\n${text}\n\n${end}${after}`);
}

function split(text: string, mark: string, path: string): [string, string] {
  const at = text.indexOf(mark);
  if (at === -1) throw new Error(`${path} has no line ${mark}.`);
  return [text.slice(0, at), text.slice(at + mark.length)];
}

function shown(value: number, unit: string): string {
  if (unit === 'ms') return value === Infinity ? 'never' : `${(value / 1000).toFixed(1)} s`;
  return Math.round(value).toLocaleString('en');
}

function markdown(head: string[], rows: string[][]): string {
  const line = (cells: string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
