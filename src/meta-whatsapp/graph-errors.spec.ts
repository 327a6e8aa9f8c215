import {
  type GraphErrorClass,
  type GraphErrorInput,
  classifyGraphError,
  pairWaitSeconds,
} from './graph-errors';
import { retryHintSeconds } from './retry-hint';

const CODES: Record<GraphErrorClass, number[]> = {
  account: [
    0, 3, 10, 33, 104, 190, 200, 205, 299, 368, 131005, 131031, 131037, 131042, 131044, 131045, 131048,
    131064, 133005, 133006, 133008, 133009, 133010, 133016, 134011, 134102,
  ],
  slow_number: [4, 613, 80007, 130429, 131057, 131208],
  slow_pair: [131056],
  reconcile: [1, 2, 131000, 131016],
  retry: [133000, 133004, 133015, 134101],
  window: [131047],
  permanent: [
    100, 130403, 130472, 130497, 131008, 131009, 131020, 131021, 131026, 131030, 131035, 131036, 131041,
    131049, 131050, 131051, 131052, 131053, 131055, 131059, 131062, 131063, 131201, 131207, 131215, 132000,
    132001, 132005, 132007, 132008, 132012, 132015, 132016, 132018, 132068, 132069, 134100, 135000, 137000,
    138001, 139000, 139103, 147001,
  ],
};

describe('classifyGraphError', () => {
  const cases = Object.entries(CODES).flatMap(([kind, codes]) => codes.map((code) => [code, kind] as const));

  it.each(cases)('%d is %s, whatever the HTTP status', (code, kind) => {
    for (const httpStatus of [400, 429, 500]) {
      const error = classifyGraphError({ httpStatus, code });
      expect(error).toMatchObject({ class: kind, code, alert: kind === 'account' });
      expect(error.reason).toMatch(/^[A-Z].{30,}\.? \(WhatsApp: \d+\)$/);
    }
  });

  it.each<[GraphErrorInput, GraphErrorClass, boolean]>([
    [{ httpStatus: 400, code: 999_999 }, 'permanent', true],
    [{ httpStatus: 404, code: null }, 'permanent', true],
    [{ httpStatus: 302 }, 'permanent', true],
    [{ httpStatus: 401 }, 'account', true],
    [{ httpStatus: 403, code: 999_999 }, 'account', true],
    [{ httpStatus: 408 }, 'retry', true],
    [{ httpStatus: 429 }, 'slow_number', false],
    [{ httpStatus: 429, code: 999_999 }, 'slow_number', false],
    [{ httpStatus: 500, code: 999_999 }, 'reconcile', true],
    [{ httpStatus: 200, code: 999_999 }, 'reconcile', true],
    [{ httpStatus: 400, code: 999_999, isTransient: true }, 'reconcile', true],
    [{ httpStatus: 400, code: 100, isTransient: true }, 'permanent', false],
    [{ code: 999_999 }, 'permanent', true],
    [{ code: 131000 }, 'retry', false],
    [{ code: 131026 }, 'permanent', false],
    [{}, 'permanent', true],
  ])('%j is %s', (input, kind, alert) => {
    expect(classifyGraphError(input)).toMatchObject({ class: kind, alert });
  });

  it('tries what may have been accepted at most three times', () => {
    expect(classifyGraphError({ httpStatus: 500, code: 131000 }).maxAttempts).toBe(3);
    expect(classifyGraphError({ httpStatus: 503 }).maxAttempts).toBe(3);
    expect(classifyGraphError({ httpStatus: 400, code: 130429 }).maxAttempts).toBeUndefined();
  });

  it('waits as long as Meta asks, and not less than we know', () => {
    const wait = (code: number, retryAfterSeconds?: number): number | undefined =>
      classifyGraphError({ httpStatus: 400, code, retryAfterSeconds }).retryAfterSeconds;
    expect(wait(130429)).toBeUndefined();
    expect(wait(130429, 7)).toBe(7);
    expect(wait(80007, 7)).toBe(300);
    expect(wait(80007, 900)).toBe(900);
    expect(wait(131026, 900)).toBeUndefined();
    expect(wait(131049)).toBe(86_400);
  });

  it('ends with the words of Meta, most telling first and cut', () => {
    const words = { title: 'T', message: 'M', details: `D\u0000${'x'.repeat(900)}` };
    const { reason } = classifyGraphError({ httpStatus: 400, code: 100, subcode: 33, ...words });
    expect(reason).toMatch(/ \(WhatsApp: 100\/33: D␀x{298}\)$/);
    expect(classifyGraphError({ httpStatus: 400, code: 100, message: 'M' }).reason).toMatch(/100: M\)$/);
    expect(classifyGraphError({ httpStatus: 418 }).reason).toMatch(/HTTP 418\)$/);
  });
});

describe('pairWaitSeconds', () => {
  it('is 4 to the power of n, up to 4,096', () => {
    expect([-1, 0, 1, 2, 3, 6, 7, 1e9].map(pairWaitSeconds)).toEqual([1, 1, 4, 16, 64, 4096, 4096, 4096]);
  });
});

describe('retryHintSeconds', () => {
  it.each<[Record<string, string>, number | null]>([
    [{}, null],
    [{ 'retry-after': '12' }, 12],
    [{ 'retry-after': '0' }, null],
    [{ 'retry-after': '-5' }, null],
    [{ 'retry-after': 'soon' }, null],
    [{ 'retry-after': 'Sat, 21 Nov 2026 10:01:00 GMT', date: 'Sat, 21 Nov 2026 10:00:00 GMT' }, 60],
    [{ 'retry-after': 'Sat, 21 Nov 2026 10:01:00 GMT' }, null],
    [{ 'retry-after': '99999999' }, 86_400],
    [{ 'x-app-usage': '{"call_count":100}' }, null],
    [{ 'x-app-usage': '{"call_count":100,"estimated_time_to_regain_access":2}' }, 120],
    [{ 'x-business-use-case-usage': '{"1":[{"type":"whatsapp","estimated_time_to_regain_access":5}]}' }, 300],
    [{ 'x-business-use-case-usage': '{"1":[{"estimated_time_to_regain_access":0}]}', 'retry-after': '3' }, 3],
    [{ 'x-business-use-case-usage': '{"1":[null,7,[]],"2":"x"' }, null],
    [{ 'x-business-use-case-usage': '[null]' }, null],
  ])('%j says %p', (headers, seconds) => {
    expect(retryHintSeconds(new Headers(headers))).toBe(seconds);
  });
});
