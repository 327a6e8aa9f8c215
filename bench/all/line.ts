import { type Spread, spread } from '../figures';

/** One line of the table. */
export interface Line {
  part: string;
  figure: string;
  ours: string;
  floor: string;
  /** What is compared with the last table; null where there is no floor. */
  ratio: number | null;
  ratioShown: string;
  goal: string;
  /** Null where there is no goal. */
  reached: boolean | null;
  /** Which way a ratio gets worse. */
  better: 'higher' | 'lower';
  /** How much worse than in the last table a ratio may be, as a part of it. */
  tolerance: number;
}

/** What a part has found: its lines, and whatever was not as promised. */
export interface Findings {
  lines: Line[];
  faults: string[];
}

export interface Goal {
  /** Of the ratio to the floor, or of the figure itself. */
  of: 'ratio' | 'figure';
  limit: number;
}

interface Figure {
  part: string;
  figure: string;
  /** One of each repetition. */
  ours: number[];
  floor: { name: string; values: number[] } | null;
  unit: string;
  digits: number;
  better: 'higher' | 'lower';
  goal?: Goal;
  tolerance: number;
}

/**
 * A figure beside its floor. What two contenders do in one repetition is done within seconds, so their ratios are
 * taken by repetition: what disturbs one disturbs the other as well.
 */
export function line({ ours, floor, unit, digits, goal, ...rest }: Figure): Line {
  const found = spread(ours);
  const ratios = floor === null ? null : spread(ours.map((value, n) => value / floor.values[n]!));
  const { part, figure, better, tolerance } = rest;
  return {
    part,
    figure,
    ours: shown(found, digits, unit),
    floor: floor === null ? '' : `${shown(spread(floor.values), digits, unit)}, ${floor.name}`,
    ratio: ratios?.median ?? null,
    ratioShown: ratios === null ? '' : shown(ratios, 2),
    goal: goal === undefined ? '' : goalShown(goal, better, unit),
    reached: goal === undefined ? null : isReached(goal, better, found, ratios),
    better,
    tolerance,
  };
}

function isReached(
  { of, limit }: Goal,
  better: 'higher' | 'lower',
  found: Spread,
  ratios: Spread | null,
): boolean {
  const value = of === 'ratio' ? ratios!.median : found.median;
  return better === 'higher' ? value >= limit : value <= limit;
}

export function goalShown({ of, limit }: Goal, better: 'higher' | 'lower', unit: string): string {
  const sign = better === 'higher' ? '≥' : '≤';
  return of === 'ratio' ? `ratio ${sign} ${limit}` : `${sign} ${number(limit, 0)} ${unit}`;
}

/** The middle, and the extremes where they differ. */
export function shown({ median, min, max }: Spread, digits: number, unit = ''): string {
  const [middle, least, most] = [median, min, max].map((value) => number(value, digits));
  const range = least === most ? '' : ` [${least}..${most}]`;
  return `${middle}${unit === '' ? '' : ` ${unit}`}${range}`;
}

export function number(value: number, digits: number): string {
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
