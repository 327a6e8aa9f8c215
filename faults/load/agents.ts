import { setTimeout as delay } from 'node:timers/promises';
import { post } from './http';
import type { OperationJournal, ReplyOperation } from './operations';

const WAIT_AFTER_REFUSAL_MS = 250;

export interface AgentsOptions {
  journal: OperationJournal;
  urls: string[];
  token: string;
  run: string;
  conversations: number[];
  /** For each conversation, one after the other. */
  replies: number;
  /** Conversations answered at a time. */
  writers: number;
  pauseMs?: number;
}

/** Agents who answer customers, in each conversation one reply after the other, asked for again until it is answered. */
export class Agents {
  private done = 0;
  private over: () => boolean = () => false;

  constructor(private readonly options: AgentsOptions) {}

  get progress(): number {
    const { conversations, replies } = this.options;
    const all = conversations.length * replies;
    return all === 0 ? 1 : this.done / all;
  }

  /** Nothing new is written once this holds. */
  stopWhen(over: () => boolean): void {
    this.over = over;
  }

  async run(): Promise<void> {
    const { writers, conversations } = this.options;
    const left = [...conversations];
    await Promise.all(
      Array.from({ length: writers }, async () => {
        for (let id = left.shift(); id !== undefined; id = left.shift()) await this.answer(id);
      }),
    );
  }

  private async answer(conversationId: number): Promise<void> {
    const { replies, run, journal, pauseMs = 0 } = this.options;
    for (let n = 1; n <= replies && !this.over(); n++) {
      const clientMessageId = `${run}-${conversationId}-${n}`;
      const operation: ReplyOperation = {
        clientMessageId,
        conversationId,
        body: `reply ${clientMessageId}`,
        askedAt: performance.now(),
        acknowledgedAt: null,
        messageId: null,
      };
      journal.replies.set(clientMessageId, operation);
      await this.say(operation, n);
      this.done++;
      if (pauseMs > 0) await delay(pauseMs);
    }
  }

  private async say(operation: ReplyOperation, turn: number): Promise<void> {
    const { journal, urls, token } = this.options;
    const { conversationId, body, clientMessageId } = operation;
    for (let attempt = 0; ; attempt++) {
      const startedAt = performance.now();
      const answer = await post(
        `${urls[(turn + attempt) % urls.length]!}/messages`,
        JSON.stringify({ conversation_id: conversationId, body, client_message_id: clientMessageId }),
        { authorization: `Bearer ${token}` },
      );
      if (journal.note('reply', startedAt, answer) === 'answered') {
        operation.acknowledgedAt = performance.now();
        operation.messageId = (JSON.parse(answer.body) as { id: number }).id;
        return;
      }
      // Its connection broke or it was told to come again; with the same id that is safe.
      await delay(WAIT_AFTER_REFUSAL_MS);
      if (answer.status !== 0 && answer.status < 500 && attempt > 5) return; // never: it is counted as wrong
    }
  }
}
