/** How many values of a measure lie in a bucket, and what they add up to. */
export interface Bucket {
  bucket: number;
  count: number;
  sum: number;
}

/** Seconds; the same list as `analytics_bounds()` in the database. A time's bucket is how many of them it reaches. */
export const BOUNDS = [
  1, 2, 3, 5, 7, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 300, 420, 600, 900, 1200, 1800, 2700, 3600, 5400,
  7200, 10800, 14400, 21600, 28800, 43200, 64800, 86400, 129600, 172800, 259200, 345600, 432000, 604800,
  864000, 1209600, 1814400, 2592000,
] as const;

export function countOf(buckets: Bucket[]): number {
  return buckets.reduce((sum, { count }) => sum + count, 0);
}

export function sumOf(buckets: Bucket[]): number {
  return buckets.reduce((total, { sum }) => total + sum, 0);
}

/**
 * The seconds below which this share of the values lies, from 0 to 1: somewhere in the right bucket, as if its values
 * were spread evenly over it. Null where there are none.
 */
export function quantile(buckets: Bucket[], share: number): number | null {
  const wanted = countOf(buckets) * share;
  let below = 0;
  for (const { bucket, count } of buckets
    .filter((one) => one.count > 0)
    .toSorted((a, b) => a.bucket - b.bucket)) {
    if (below + count >= wanted) {
      const low = bucket === 0 ? 0 : BOUNDS[bucket - 1]!;
      const high = BOUNDS[bucket] ?? low;
      return low + ((wanted - below) / count) * (high - low);
    }
    below += count;
  }
  return null;
}
