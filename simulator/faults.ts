import { compact, isObject, type JsonObject } from './json-values';
import { defaultHttpStatus } from './graph-error';
import { HttpProblem } from './http-kit';

/** A fault that counts: `times` is how often it still happens (it counts down to off); absent = until switched off. */
export interface Counted {
  times?: number;
}

/** `true` until switched off, or a number of times. */
export type Switch = boolean | { times: number };

/** Which Graph calls a made-up failure hits. `send` (the default) are new messages only, not read marks. */
export type FaultScope = 'send' | 'read' | 'media' | 'templates' | 'number' | 'account' | 'any';

/** What a made-up failure answers. `html` and `empty` are what gateways in front of Graph produce. */
export interface FailAnswer {
  /** Left out: what Meta's table says for `code`. */
  httpStatus?: number;
  /** Meta's error code; 131016 when left out. */
  code?: number;
  details?: string;
  body?: 'json' | 'html' | 'empty';
  on?: FaultScope;
}

/** Everything that can go wrong on purpose. Change it at any time; `null`, `false` and 0 mean "works". */
export interface FaultSwitches {
  /** Milliseconds before Graph handles a call. */
  latencyMs: number | { ms: number; times: number };
  /** The next call fails (once, unless `times` says how often). */
  failNext: (FailAnswer & Counted) | null;
  /** Calls fail with probability `rate` (0 to 1). */
  failRate: (FailAnswer & Counted & { rate: number }) | null;
  /** 130429. `perSecond`: only what exceeds that many accepted messages within a second. */
  rateLimit: Switch | ({ perSecond: number } & Counted);
  /** 131056. `to`: for that recipient only. `burst`: only beyond that many messages in `windowMs` (6000). */
  pairRateLimit: Switch | ({ to?: string; burst?: number; windowMs?: number } & Counted);
  /** The message is accepted and its statuses flow, but the connection dies instead of an answer. */
  acceptThenDropConnection: Switch;
  /** The message is accepted and its statuses flow, but no answer ever comes. */
  acceptThenHang: Switch;
  /** The connection dies before the request is read: nothing was accepted. */
  refuseConnections: Switch;
  /** Accepted, then a `failed` status instead of delivered and read (131026 when no code is given). */
  failDelivery: ({ code?: number; details?: string; to?: string } & Counted) | null;
  /** Every webhook is posted this many times side by side (1 = once). */
  duplicateWebhooks: number | { copies: number; times: number };
  /** The statuses of a message are posted in another order than they happened. */
  reorderStatuses: Switch;
  /** Messages and statuses gather until `size` or `maxWaitMs` and go out as one POST. */
  batchWebhooks: ({ size: number; maxWaitMs: number } & Counted) | null;
  /** The statuses are posted, and answered, before Graph answers the send. */
  statusesBeforeAnswer: Switch;
  /** No status is ever posted. */
  dropStatuses: Switch;
}

export function noFaults(): FaultSwitches {
  return {
    latencyMs: 0,
    failNext: null,
    failRate: null,
    rateLimit: false,
    pairRateLimit: false,
    acceptThenDropConnection: false,
    acceptThenHang: false,
    refuseConnections: false,
    failDelivery: null,
    duplicateWebhooks: 1,
    reorderStatuses: false,
    batchWebhooks: null,
    statusesBeforeAnswer: false,
    dropStatuses: false,
  };
}

type FaultName = keyof FaultSwitches;

/** What a switch is set to, or undefined when it is off. Uses nothing up. */
export function active<K extends FaultName>(faults: FaultSwitches, name: K): FaultSwitches[K] | undefined {
  const value: unknown = faults[name];
  if (value === null || value === undefined || value === false || value === 0) return undefined;
  if (isObject(value) && typeof value.times === 'number' && value.times <= 0) return undefined;
  return faults[name];
}

/** Uses a switch once: what it was set to, or undefined when it is off. The last use switches it off. */
export function use<K extends FaultName>(faults: FaultSwitches, name: K): FaultSwitches[K] | undefined {
  const value: unknown = active(faults, name);
  if (name === 'failNext' && isObject(value) && value.times === undefined) faults.failNext = null;
  if (!isObject(value) || typeof value.times !== 'number') {
    return value as FaultSwitches[K] | undefined;
  }
  const left = value.times - 1;
  // A fresh object: the caller's own `{ times: 3 }` may be shared between several switches.
  faults[name] = left > 0 ? ({ ...value, times: left } as FaultSwitches[K]) : noFaults()[name];
  return value as FaultSwitches[K];
}

/** The HTTP status, code and words of a made-up failure. */
export function completeFailure(answer: FailAnswer): Required<Omit<FailAnswer, 'on'>> {
  const code = answer.code ?? 131016;
  return {
    code,
    httpStatus: answer.httpStatus ?? defaultHttpStatus(code),
    details: answer.details ?? 'A failure switched on in the simulator',
    body: answer.body ?? 'json',
  };
}

type Check = (value: unknown) => string | undefined;

const number =
  (low: number, high: number, whole = true): Check =>
  (value) =>
    typeof value === 'number' && value >= low && value <= high && (!whole || Number.isInteger(value))
      ? undefined
      : `must be ${whole ? 'a whole number' : 'a number'} from ${low} to ${high}`;
const text: Check = (value) => (typeof value === 'string' ? undefined : 'must be a string');
const oneOf =
  (...words: string[]): Check =>
  (value) =>
    typeof value === 'string' && words.includes(value) ? undefined : `must be one of ${words.join(', ')}`;
const times = number(1, 1e9);
const shape =
  (required: Record<string, Check>, optional: Record<string, Check>): Check =>
  (value) => {
    if (!isObject(value)) return 'must be an object';
    for (const key of Object.keys(required)) if (!(key in value)) return `needs "${key}"`;
    for (const [key, item] of Object.entries(value)) {
      const check = required[key] ?? optional[key];
      if (!check) return `has an unknown key "${key}"`;
      const problem = check(item);
      if (problem) return `"${key}" ${problem}`;
    }
    return undefined;
  };
const either =
  (...checks: Check[]): Check =>
  (value) => {
    const problems = checks.map((check) => check(value));
    return problems.includes(undefined) ? undefined : problems.join(', or ');
  };
const flag: Check = (value) => (typeof value === 'boolean' ? undefined : 'must be true or false');
const off: Check = (value) => (value === null ? undefined : 'must be null');
const onOff = either(flag, shape({ times }, {}));
const answer: Record<string, Check> = {
  httpStatus: number(400, 599),
  code: number(0, 99_999_999),
  details: text,
  body: oneOf('json', 'html', 'empty'),
  on: oneOf('send', 'read', 'media', 'templates', 'number', 'account', 'any'),
  times,
};

const CHECKS: Record<FaultName, Check> = {
  latencyMs: either(number(0, 600_000), shape({ ms: number(0, 600_000), times }, {})),
  failNext: either(off, shape({}, answer)),
  failRate: either(off, shape({ rate: number(0, 1, false) }, answer)),
  rateLimit: either(flag, shape({ times }, {}), shape({ perSecond: number(0, 1e6) }, { times })),
  pairRateLimit: either(
    flag,
    shape({}, { to: text, burst: number(0, 1e6), windowMs: number(1, 3_600_000), times }),
  ),
  acceptThenDropConnection: onOff,
  acceptThenHang: onOff,
  refuseConnections: onOff,
  failDelivery: either(off, shape({}, { code: number(0, 99_999_999), details: text, to: text, times })),
  duplicateWebhooks: either(number(1, 100), shape({ copies: number(1, 100), times }, {})),
  reorderStatuses: onOff,
  batchWebhooks: either(off, shape({ size: number(1, 1000), maxWaitMs: number(0, 60_000) }, { times })),
  statusesBeforeAnswer: onOff,
  dropStatuses: onOff,
};

/**
 * Checks a JSON description of faults. Switches that it does not name stay as they are.
 *
 * @throws HttpProblem 400 that names the first wrong key
 */
export function parseFaults(body: JsonObject): Partial<FaultSwitches> {
  for (const [name, value] of Object.entries(body)) {
    const check = Object.hasOwn(CHECKS, name) ? CHECKS[name as FaultName] : undefined;
    if (!check) {
      throw new HttpProblem(400, `Unknown fault "${name}"; known: ${Object.keys(CHECKS).join(', ')}`);
    }
    const problem = check(value);
    if (problem) throw new HttpProblem(400, `"${name}" ${problem}`);
  }
  return compact<Partial<FaultSwitches>>(body);
}
