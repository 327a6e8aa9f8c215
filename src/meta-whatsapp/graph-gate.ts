import { clock } from '../common/clock';
/** So long, in ms, a good answer vouches for a number; afterwards one message goes ahead of the others again. */
const VOUCHED_MS = 60_000;
/** So long, in ms, the others wait for the one that went ahead, at peace and after a failure. */
const AHEAD_MS = 2_000;
const AHEAD_AFTER_FAILURE_MS = 10_000;
/** Unclear fates in a row after which a number rests: an outage shall not make everything that waits uncertain. */
const UNCLEAR_LIMIT = 10;
const MAX_REST_SECONDS = 5;

/** Why a message does not go now, and when to ask again at the latest. */
export interface Closed {
  until: Date;
  reason: string | null;
}

interface NumberState {
  /** Of the access token; a new one starts afresh. */
  version: string;
  vouchedUntil: number;
  /** In a row. */
  failures: number;
  unclear: number;
  closedUntil: number;
  reason: string | null;
  /** The message that went ahead, and when its answer is no longer waited for. */
  ahead: { messageId: number; until: number } | null;
  turnedAway: boolean;
}

/**
 * What this process knows of each number's way to Meta. Where nothing vouches for it, one message goes ahead and the
 * others wait for what becomes of it: a dead token, a full number or an unreachable Graph is found out by one
 * request, not by all that waits. Only ever delays; what is right does not rest on it.
 */
export class GraphGate {
  private readonly numbers = new Map<number, NumberState>();

  constructor(private readonly now: () => number = clock.now) {}

  /** Null: go, and tell what became of it. */
  enter(numberId: number, version: string, messageId: number): Closed | null {
    const now = this.now();
    const state = this.stateOf(numberId, version) ?? this.startAfresh(numberId, version);
    if (now < state.vouchedUntil) return null;
    const { ahead } = state;
    const waiting = ahead !== null && ahead.messageId !== messageId ? ahead.until : 0;
    const until = Math.max(state.closedUntil, waiting);
    if (now < until) {
      state.turnedAway = true;
      return { until: new Date(until), reason: state.reason };
    }
    state.ahead = { messageId, until: now + (state.failures === 0 ? AHEAD_MS : AHEAD_AFTER_FAILURE_MS) };
    return null;
  }

  /** Whether a number has just failed: a bad moment for what is not a message. */
  isResting(numberId: number, version: string): boolean {
    const state = this.stateOf(numberId, version);
    return state !== null && this.now() < state.closedUntil;
  }

  /** Meta took a message, or had something against that message alone. True where others wait for this news. */
  passed(numberId: number, version: string): boolean {
    const now = this.now();
    const state = this.stateOf(numberId, version);
    if (state === null || now < state.closedUntil) return false; // a send from before that
    const { turnedAway } = state;
    this.startAfresh(numberId, version).vouchedUntil = now + VOUCHED_MS;
    return turnedAway;
  }

  /** Nothing of the number would go out now: it rests, the longer the more often. Answers until when. */
  failed(numberId: number, version: string, reason: string): Date {
    const now = this.now();
    const state = this.stateOf(numberId, version);
    if (state === null) return new Date(now);
    // Those that were under way when it was closed say nothing new.
    if (now >= state.closedUntil) state.closedUntil = now + restMs(++state.failures);
    Object.assign(state, { vouchedUntil: 0, ahead: null, reason });
    return new Date(state.closedUntil);
  }

  /** The answer was lost, or says nothing clear: once may be chance. True where others wait for this news. */
  unclear(numberId: number, version: string, reason: string): boolean {
    const state = this.stateOf(numberId, version);
    if (state === null) return false;
    if (++state.unclear >= UNCLEAR_LIMIT) {
      this.failed(numberId, version, reason);
      return false;
    }
    const { turnedAway } = state;
    Object.assign(state, { ahead: null, turnedAway: false });
    return turnedAway;
  }

  private stateOf(numberId: number, version: string): NumberState | null {
    const known = this.numbers.get(numberId);
    return known?.version === version ? known : null;
  }

  private startAfresh(numberId: number, version: string): NumberState {
    const state = fresh(version);
    this.numbers.set(numberId, state);
    return state;
  }
}

function fresh(version: string): NumberState {
  return {
    version,
    vouchedUntil: 0,
    failures: 0,
    unclear: 0,
    closedUntil: 0,
    reason: null,
    ahead: null,
    turnedAway: false,
  };
}

/** 1, 2, 4, 5 seconds, a little scattered. */
function restMs(failures: number): number {
  return Math.ceil(Math.min(MAX_REST_SECONDS, 2 ** Math.min(failures - 1, 10)) * (800 + Math.random() * 400));
}
