import type { WireMessage } from './wire';

const RANK = { sent: 0, delivered: 1, read: 2 } as const;

/** The messages of one conversation, each once, whichever way and however often it came. */
export class Timeline {
  private readonly messages = new Map<number, WireMessage>();

  /** Answers those that were not known. */
  put(messages: WireMessage[]): WireMessage[] {
    return messages.filter((message) => {
      const known = this.messages.get(message.id);
      this.messages.set(message.id, known === undefined ? message : newer(known, message));
      return known === undefined;
    });
  }

  /** They have come at least this far. */
  advance(ids: number[], status: 'delivered' | 'read'): void {
    for (const id of ids) {
      const known = this.messages.get(id);
      if (known !== undefined) this.messages.set(id, newer(known, { ...known, status }));
    }
  }

  has(id: number): boolean {
    return this.messages.has(id);
  }

  /** By id, which is the order in which they were said. */
  list(): WireMessage[] {
    return [...this.messages.values()].sort((a, b) => a.id - b.id);
  }

  oldestId(): number | null {
    return this.list()[0]?.id ?? null;
  }

  newestId(): number {
    return this.list().at(-1)?.id ?? 0;
  }

  clear(): void {
    this.messages.clear();
  }
}

/** Answers overtake one another: nothing becomes unread, unedited or undeleted again. */
function newer(known: WireMessage, message: WireMessage): WireMessage {
  const isStale =
    (known.deleted_at !== null && message.deleted_at === null) ||
    (known.deleted_at === null && (known.edited_at ?? '') > (message.edited_at ?? ''));
  const status = RANK[known.status] > RANK[message.status] ? known.status : message.status;
  return { ...(isStale ? known : message), status };
}
