import { clock } from './clock';

const MINUTE_MS = 60_000;

afterEach(() => {
  const now = performance.now();
  clock.compare(Date.now(), [now, now]);
});

test('it is the machine’s time while nothing else is known', () => {
  expect(Math.abs(clock.now() - Date.now())).toBeLessThan(50);
  expect(Math.abs(clock.date().getTime() - Date.now())).toBeLessThan(50);
});

test('an answer that does not contradict it changes nothing: it says no more than its question took', () => {
  const asked = performance.now();
  const before = clock.now() - asked;
  clock.compare(Date.now() + 900, [asked, asked + 2_000]);
  expect(Math.abs(clock.now() - performance.now() - before)).toBeLessThan(5);
});

test('what the database says counts, in either direction, and goes on evenly where the machine’s clock jumps', () => {
  for (const error of [-MINUTE_MS, MINUTE_MS]) {
    const now = performance.now();
    clock.compare(Date.now() + error, [now, now]);
    expect(Math.abs(clock.now() - Date.now() - error)).toBeLessThan(50);
    const machine = jest.spyOn(Date, 'now').mockReturnValue(0);
    const kept = clock.now();
    machine.mockRestore();
    expect(Math.abs(kept - Date.now() - error)).toBeLessThan(50);
  }
});
