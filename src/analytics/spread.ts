/** Seconds; the same list as `analytics_bounds()` in the database. A time's bucket is how many of them it reaches. */
export const BOUNDS = [
  1, 2, 3, 5, 7, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 300, 420, 600, 900, 1200, 1800, 2700, 3600, 5400,
  7200, 10800, 14400, 21600, 28800, 43200, 64800, 86400, 129600, 172800, 259200, 345600, 432000, 604800,
  864000, 1209600, 1814400, 2592000,
] as const;

/** How many values lie in each of these buckets, in no order, and what all of them add up to. */
export interface Buckets {
  buckets: number[];
  counts: number[];
  sum: number;
}

/** Values of a measure: how many there are, in each bucket too, and what they add up to. */
export interface Spread {
  count: number;
  sum: number;
  inBucket: readonly number[];
}

export function spreadOf(parts: Buckets[]): Spread {
  const inBucket = Array.from({ length: BOUNDS.length + 1 }, () => 0);
  let [count, sum] = [0, 0];
  for (const part of parts) {
    sum += part.sum;
    part.buckets.forEach((bucket, i) => {
      inBucket[bucket]! += part.counts[i]!;
      count += part.counts[i]!;
    });
  }
  return { count, sum, inBucket };
}

/**
 * The seconds below which this share of the values lies, from 0 to 1: somewhere in the right bucket, as if its values
 * were spread evenly over it. Null where there are none.
 */
export function quantile({ count: all, inBucket }: Spread, share: number): number | null {
  const wanted = all * share;
  let below = 0;
  for (const [bucket, count] of inBucket.entries()) {
    if (count > 0 && below + count >= wanted) {
      const low = bucket === 0 ? 0 : BOUNDS[bucket - 1]!;
      const high = BOUNDS[bucket] ?? low;
      return low + ((wanted - below) / count) * (high - low);
    }
    below += count;
  }
  return null;
}
