import { Turns } from './turns';

test('so many at a time, in the order in which they came, also where one fails', async () => {
  const turns = new Turns(2);
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  const all = Array.from({ length: 5 }, (_, n) =>
    turns.take(async () => {
      begun.push(n);
      await new Promise<void>((end) => ends.push(end));
      if (n === 0) throw new Error('no');
      return n;
    }),
  );
  const outcome = Promise.allSettled(all);
  for (let n = 0; n < 5; n++) {
    await new Promise((tick) => setImmediate(tick));
    expect(begun).toEqual(Array.from({ length: Math.min(5, n + 2) }, (_, i) => i));
    ends[n]!();
  }
  expect((await outcome).map(({ status }) => status)).toEqual([
    'rejected',
    ...Array.from({ length: 4 }, () => 'fulfilled'),
  ]);
});
