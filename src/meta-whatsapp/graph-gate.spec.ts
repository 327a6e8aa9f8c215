import { GraphGate } from './graph-gate';

const NUMBER = 1;
const TOKEN = 'sealed token';

let now: number;
let gate: GraphGate;

beforeEach(() => {
  now = 1_000_000;
  gate = new GraphGate(() => now);
});

const enter = (message: number, token = TOKEN, number = NUMBER): number | null => {
  const closed = gate.enter(number, token, message);
  return closed === null ? null : closed.until.getTime() - now;
};
const seconds = (n: number): void => void (now += n * 1_000);

describe('where nothing vouches for a number', () => {
  test('one message goes ahead, and the others wait for it', () => {
    expect(enter(1)).toBeNull();
    expect(enter(2)).toBe(2_000);
    expect(enter(3)).toBe(2_000);
  });

  test('the one that goes ahead may prepare twice', () => {
    enter(1);
    expect(enter(1)).toBeNull();
  });

  test('a good answer lets all others go, and says that they wait', () => {
    enter(1);
    enter(2);
    expect(gate.passed(NUMBER, TOKEN)).toBe(true);
    expect([enter(2), enter(3), enter(4)]).toEqual([null, null, null]);
    expect(gate.passed(NUMBER, TOKEN)).toBe(false);
  });

  test('the next one goes when the first one takes long', () => {
    enter(1);
    seconds(2);
    expect(enter(2)).toBeNull();
    expect(enter(3)).toBe(2_000);
  });
});

test('a good answer vouches for a minute', () => {
  enter(1);
  gate.passed(NUMBER, TOKEN);
  seconds(59);
  expect([enter(2), enter(3)]).toEqual([null, null]);
  seconds(1);
  expect(enter(4)).toBeNull();
  expect(enter(5)).toBe(2_000);
});

describe('a failure', () => {
  test('closes the number at once, with its reason, and longer each time', () => {
    for (const rest of [1, 2, 4, 5, 5]) {
      enter(1);
      const until = gate.failed(NUMBER, TOKEN, 'Nobody answers.').getTime() - now;
      expect(until / 1_000 / rest).toBeGreaterThanOrEqual(0.8);
      expect(until / 1_000 / rest).toBeLessThanOrEqual(1.2);
      expect(gate.enter(NUMBER, TOKEN, 2)).toEqual({
        until: new Date(now + until),
        reason: 'Nobody answers.',
      });
      now += until;
    }
  });

  test('of several that were under way counts once, and their good answers do not open it', () => {
    enter(1);
    gate.passed(NUMBER, TOKEN);
    const first = gate.failed(NUMBER, TOKEN, 'Too fast.');
    expect(gate.failed(NUMBER, TOKEN, 'Too fast.')).toEqual(first);
    expect(gate.passed(NUMBER, TOKEN)).toBe(false);
    expect(enter(2)).not.toBeNull();
  });

  test('is forgotten after a good answer', () => {
    enter(1);
    now = gate.failed(NUMBER, TOKEN, 'Nobody answers.').getTime();
    enter(1);
    expect(enter(2)).toBe(10_000);
    expect(gate.passed(NUMBER, TOKEN)).toBe(true);
    expect([enter(2), enter(3)]).toEqual([null, null]);
  });

  test('does not touch other numbers', () => {
    enter(1);
    gate.failed(NUMBER, TOKEN, 'Nobody answers.');
    expect(enter(2, TOKEN, 2)).toBeNull();
  });
});

describe('an unclear answer', () => {
  test('lets the next one try, and says that it waits', () => {
    enter(1);
    enter(2);
    expect(gate.unclear(NUMBER, TOKEN, 'Silence.')).toBe(true);
    expect(enter(2)).toBeNull();
    expect(enter(3)).not.toBeNull();
  });

  test('the tenth in a row closes the number, and so does each one after it', () => {
    enter(1);
    gate.passed(NUMBER, TOKEN);
    for (let i = 0; i < 9; i++) gate.unclear(NUMBER, TOKEN, 'Silence.');
    expect(enter(2)).toBeNull();
    gate.unclear(NUMBER, TOKEN, 'Silence.');
    expect(enter(3)).toBeGreaterThan(0);
    seconds(2);
    expect(enter(3)).toBeNull();
    gate.unclear(NUMBER, TOKEN, 'Silence.');
    expect(enter(4)).toBeGreaterThan(1_000);
  });

  test('is forgotten after a good one', () => {
    enter(1);
    for (let i = 0; i < 9; i++) gate.unclear(NUMBER, TOKEN, 'Silence.');
    gate.passed(NUMBER, TOKEN);
    gate.unclear(NUMBER, TOKEN, 'Silence.');
    expect(enter(2)).toBeNull();
  });
});

test('a new token starts afresh, and what becomes of the old one changes nothing', () => {
  enter(1);
  gate.failed(NUMBER, TOKEN, 'Expired.');
  expect(enter(2, 'new token')).toBeNull();
  gate.passed(NUMBER, 'new token');

  gate.failed(NUMBER, TOKEN, 'Expired.');
  gate.unclear(NUMBER, TOKEN, 'Silence.');
  gate.passed(NUMBER, TOKEN);

  expect([enter(3, 'new token'), enter(4, 'new token')]).toEqual([null, null]);
});
