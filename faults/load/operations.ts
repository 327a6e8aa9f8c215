import type { Answer } from './http';

/** What came of one try to do something. */
export type Outcome =
  /** It was said to be done. */
  | 'answered'
  /** It was said not to be done: 503, with a time to try again. */
  | 'refused'
  /** The connection broke, or no answer came: it may be done, or not. */
  | 'unknown'
  /** Nobody was there: it is not done. */
  | 'unreached';

/** A customer's message: asked for when it first went out, acknowledged with the first 200 for any webhook with it. */
export interface InboundOperation {
  /** In the live chat: the client's own id. */
  wamid: string;
  phone: string;
  body: string;
  askedAt: number;
  acknowledgedAt: number | null;
  /** What the server says that it is, where it says so. */
  messageId?: number;
}

/** An agent's reply, asked for again with the same id until it was answered. */
export interface ReplyOperation {
  clientMessageId: string;
  conversationId: number;
  body: string;
  askedAt: number;
  acknowledgedAt: number | null;
  /** What the server calls it. */
  messageId: number | null;
}

/** Everything that was asked for, and what was answered. */
export class OperationJournal {
  readonly inbound = new Map<string, InboundOperation>();
  readonly replies = new Map<string, ReplyOperation>();
  readonly tries: Record<Outcome, number> = { answered: 0, refused: 0, unknown: 0, unreached: 0 };
  /** Answers that are neither: a 500, a 503 without Retry-After. By their words. */
  readonly wrongAnswers = new Map<string, number>();
  slowestMs = 0;

  get operations(): number {
    return Object.values(this.tries).reduce((sum, count) => sum + count, 0);
  }

  /** Counts a try and says what it was. */
  note(what: string, startedAt: number, { status, retryAfter, unreached }: Answer): Outcome {
    const tookMs = performance.now() - startedAt;
    this.slowestMs = Math.max(this.slowestMs, tookMs);
    const outcome = outcomeOf(status, unreached);
    this.tries[outcome]++;
    if (outcome === 'refused' && (status !== 503 || retryAfter === null))
      this.wrong(`${what}: ${status}${status === 503 ? ' without Retry-After' : ''}`);
    return outcome;
  }

  wrong(what: string): void {
    this.wrongAnswers.set(what, (this.wrongAnswers.get(what) ?? 0) + 1);
  }
}

function outcomeOf(status: number, unreached: boolean): Outcome {
  if (status === 200 || status === 201) return 'answered';
  if (status !== 0) return 'refused';
  return unreached ? 'unreached' : 'unknown';
}
