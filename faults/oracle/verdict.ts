export const COUNTS = [
  'lost',
  'duplicated',
  'unexpected',
  'disordered',
  'statuses',
  'counters',
  'overheard',
] as const;
export type Count = (typeof COUNTS)[number];

/** How often each promise was broken; all zeros where none was. */
export type Counts = Record<Count, number>;

const EXAMPLES_OF_EACH = 3;

/** What was found wrong so far. */
export class Verdict {
  readonly counts: Counts = {
    lost: 0,
    duplicated: 0,
    unexpected: 0,
    disordered: 0,
    statuses: 0,
    counters: 0,
    overheard: 0,
  };
  /** The first of each kind, in words. */
  readonly examples: string[] = [];

  add(count: Count, example: string): void {
    if (++this.counts[count] <= EXAMPLES_OF_EACH) this.examples.push(`${count}: ${example}`);
  }
}
