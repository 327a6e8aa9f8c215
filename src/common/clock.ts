/** Less, in ms, is no difference. */
const RESOLUTION_MS = 2;

/** The time at which `performance.now()` was 0: at first what the machine says, then what the database does. */
let origin = performance.timeOrigin;

/**
 * The time by the database's clock. What one process writes down another one compares with the time that it sees, and
 * the clocks of machines differ, and jump: so none of them counts. Between two looks at the database's clock this one
 * goes on evenly, whatever is done to the machine's.
 */
export const clock = {
  /** In whole ms since 1970. */
  now: (): number => Math.floor(origin + performance.now()),

  date: (): Date => new Date(clock.now()),

  /** What the database said between two moments of `performance.now()`. Where that does not contradict it, nothing changes. */
  compare(databaseMs: number, [asked, answered]: readonly [number, number]): void {
    const seen = databaseMs - (asked + answered) / 2;
    if (Math.abs(seen - origin) > (answered - asked) / 2 + RESOLUTION_MS) origin = seen;
  },
};
