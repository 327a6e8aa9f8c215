import type { Line } from './line';

const BEGIN = '<!-- bench: begin -->';
const END = '<!-- bench: end -->';
const HEAD = ['Part', 'Figure', 'ApiCeChat', 'Floor', 'Ratio', 'Goal', 'Reached', 'May be worse by'];

/** A line as it stands in the document. */
type Row = string[];

export function rowOf(line: Line): Row {
  const reached = line.reached === null ? '' : line.reached ? 'yes' : '**no**';
  const tolerance = line.ratio === null ? '' : `${Math.round(line.tolerance * 100)} %`;
  return [line.part, line.figure, line.ours, line.floor, line.ratioShown, line.goal, reached, tolerance];
}

/** As Markdown, padded as the formatter wants it. */
export function tableOf(rows: Row[]): string {
  const all = [HEAD, ...rows];
  const widths = HEAD.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  const text = (row: Row): string => `| ${row.map((cell, n) => cell.padEnd(widths[n]!)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [text(HEAD), rule, ...rows.map(text)].join('\n');
}

/** The document with this between its markers. */
export function written(document: string, between: string): string {
  const [begin, end] = marks(document);
  return `${document.slice(0, begin)}\n\n${between}\n\n${document.slice(end)}`;
}

/** The rows of the table between the markers. */
export function rowsIn(document: string): Row[] {
  const [begin, end] = marks(document);
  return document
    .slice(begin, end)
    .split('\n')
    .filter((text) => text.startsWith('| '))
    .slice(2)
    .map((text) =>
      text
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    );
}

/** New lines in place of the old ones of the same parts, and the other old ones as they were. */
export function merged(old: Row[], fresh: Row[]): Row[] {
  const parts = new Set(fresh.map(([part]) => part));
  const order = [...new Set([...old, ...fresh].map(([part]) => part!))];
  const all = [...old.filter(([part]) => !parts.has(part)), ...fresh];
  return all.toSorted((a, b) => order.indexOf(a[0]!) - order.indexOf(b[0]!));
}

/** What has become worse than the document says by more than it may, in words. */
export function fallen(document: string, lines: Line[]): string[] {
  const rows = rowsIn(document);
  if (rows.length === 0) throw new Error('There is no table to compare with yet; --write makes one.');
  const before = new Map(rows.map((row) => [`${row[0]}: ${row[1]}`, row]));
  return lines.flatMap((line) => {
    const name = `${line.part}: ${line.figure}`;
    const row = before.get(name);
    if (line.ratio === null || row === undefined) return [];
    const was = Number.parseFloat(row[4]!.replaceAll(',', ''));
    const limit = line.better === 'higher' ? was * (1 - line.tolerance) : was * (1 + line.tolerance);
    const fell = line.better === 'higher' ? line.ratio < limit : line.ratio > limit;
    const way = line.better === 'higher' ? 'at least' : 'at most';
    return fell
      ? [
          `${name}: the ratio is ${line.ratio.toFixed(2)}; it was ${was}, and may be ${way} ${limit.toFixed(2)}`,
        ]
      : [];
  });
}

function marks(document: string): [begin: number, end: number] {
  const [begin, end] = [document.indexOf(BEGIN), document.indexOf(END)];
  if (begin === -1 || end < begin) throw new Error(`The document has no ${BEGIN} before an ${END}.`);
  return [begin + BEGIN.length, end];
}
