import { type Bucket, BOUNDS, countOf, quantile, sumOf } from './spread';

/** Buckets as the database keeps them, of these seconds. */
function bucketsOf(seconds: number[]): Bucket[] {
  const all = new Map<number, Bucket>();
  for (const each of seconds) {
    const bucket = BOUNDS.filter((bound) => each >= bound).length;
    const known = all.get(bucket) ?? { bucket, count: 0, sum: 0 };
    all.set(bucket, { bucket, count: known.count + 1, sum: known.sum + each * 1000 });
  }
  return [...all.values()];
}

test('of nothing there is no quantile', () => {
  expect(quantile([], 0.5)).toBeNull();
  expect(quantile([{ bucket: 3, count: 0, sum: 0 }], 0.5)).toBeNull();
});

test.each([0.1, 0.5, 0.9, 0.99])('%f of many times is found within the width of a bucket', (share) => {
  const times = Array.from({ length: 5_000 }, (_, i) => 1.5 * 1.003 ** i).filter((s) => s < 2_592_000);
  const exact = times[Math.ceil(share * times.length) - 1]!;
  const [found, place] = [
    quantile(bucketsOf(times), share)!,
    BOUNDS.filter((bound) => exact >= bound).length,
  ];
  expect(found).toBeGreaterThanOrEqual(BOUNDS[place - 1]!);
  expect(found).toBeLessThanOrEqual(BOUNDS[place]!);
  expect(Math.abs(found / exact - 1)).toBeLessThan(0.2);
});

test('beyond the last bound is that bound', () => {
  expect(quantile(bucketsOf([5_000_000]), 0.9)).toBe(BOUNDS.at(-1));
});

test('they add up', () => {
  const buckets = bucketsOf([1, 2, 2, 40]);
  expect([countOf(buckets), sumOf(buckets)]).toEqual([4, 45_000]);
});
