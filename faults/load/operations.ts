/** What came of one try to do something. */
export type Outcome =
  /** It was said to be done. */
  | 'answered'
  /** It was said not to be done: 503, with a time to try again. */
  | 'refused'
  /** The connection broke, or no answer came: it may be done, or not. */
  | 'unknown';

/** A customer's message: asked for when it first went out, acknowledged with the first 200 for any webhook with it. */
export interface InboundOperation {
  wamid: string;
  phone: string;
  body: string;
  askedAt: number;
  acknowledgedAt: number | null;
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
  readonly tries: Record<Outcome, number> = { answered: 0, refused: 0, unknown: 0 };
  /** Answers that are neither: a 500, a 503 without Retry-After. By their words. */
  readonly wrongAnswers = new Map<string, number>();
  slowestMs = 0;

  get operations(): number {
    return this.tries.answered + this.tries.refused + this.tries.unknown;
  }

  /** Counts a try and says what it was. `status` 0: no answer. */
  note(what: string, startedAt: number, status: number, retryAfter: string | null): Outcome {
    const tookMs = performance.now() - startedAt;
    this.slowestMs = Math.max(this.slowestMs, tookMs);
    const outcome = status === 200 || status === 201 ? 'answered' : status === 0 ? 'unknown' : 'refused';
    this.tries[outcome]++;
    if (outcome === 'refused' && (status !== 503 || retryAfter === null))
      this.wrong(`${what}: ${status}${status === 503 ? ' without Retry-After' : ''}`);
    return outcome;
  }

  wrong(what: string): void {
    this.wrongAnswers.set(what, (this.wrongAnswers.get(what) ?? 0) + 1);
  }
}
