import { BOUNDS, type Buckets, quantile, type Spread, spreadOf } from './spread';

/** As the database keeps these seconds. */
function kept(seconds: number[]): Buckets {
  const counts = new Map<number, number>();
  for (const each of seconds) {
    const bucket = BOUNDS.filter((bound) => each >= bound).length;
    counts.set(bucket, (counts.get(bucket) ?? 0) + 1);
  }
  const sum = seconds.reduce((total, each) => total + each * 1000, 0);
  return { buckets: [...counts.keys()], counts: [...counts.values()], sum };
}
const of = (...seconds: number[]): Spread => spreadOf([kept(seconds)]);

test('of nothing there is no quantile', () => {
  expect(quantile(spreadOf([]), 0.5)).toBeNull();
  expect(quantile(spreadOf([{ buckets: [3], counts: [0], sum: 0 }]), 0.5)).toBeNull();
});

test.each([0.1, 0.5, 0.9, 0.99])('%f of many times is found within the width of a bucket', (share) => {
  const times = Array.from({ length: 5_000 }, (_, i) => 1.5 * 1.003 ** i).filter((s) => s < 2_592_000);
  const exact = times[Math.ceil(share * times.length) - 1]!;
  const [found, place] = [quantile(of(...times), share)!, BOUNDS.filter((bound) => exact >= bound).length];
  expect(found).toBeGreaterThanOrEqual(BOUNDS[place - 1]!);
  expect(found).toBeLessThanOrEqual(BOUNDS[place]!);
  expect(Math.abs(found / exact - 1)).toBeLessThan(0.2);
});

test('beyond the last bound is that bound', () => {
  expect(quantile(of(5_000_000), 0.9)).toBe(BOUNDS.at(-1));
});

test('parts add up', () => {
  const { count, sum, inBucket } = spreadOf([kept([1, 2, 40]), kept([2])]);
  expect([count, sum, inBucket.slice(0, 11)]).toEqual([4, 45_000, [0, 1, 2, 0, 0, 0, 0, 0, 0, 1, 0]]);
});
