import type { Store } from './store';

/** A message that was written and that the server has not acknowledged. */
export interface Waiting {
  /** The `client_message_id` under which it is sent, however often. */
  id: string;
  /** Messages go out in the order of their places. */
  place: string;
  text: string;
  /** Into which it was written; null: whichever is open, or a new one. */
  conversation: number | null;
  at: number;
  /** Why the server will not have it; null while it is worth trying. */
  problem: string | null;
}

/**
 * What was written stays here until the server has acknowledged it. Each message has a key of its own: tabs that write
 * at the same time would otherwise overwrite one another's list.
 */
export class Outbox {
  constructor(
    private readonly store: Store,
    private prefix: string,
    private readonly newId: () => string,
    private readonly now: () => number = Date.now,
  ) {}

  add(text: string, conversation: number | null = null): Waiting {
    const [id, place, at] = [this.newId(), this.nextPlace(), this.now()];
    const message = { id, place, text, conversation, at, problem: null };
    this.write(message);
    return message;
  }

  /** In the order in which they were written. */
  list(): Waiting[] {
    const keys = this.store.keys().filter((key) => key.startsWith(this.prefix));
    return keys.sort().flatMap((key) => read(this.store.get(key), key.slice(this.prefix.length)) ?? []);
  }

  find(id: string): Waiting | null {
    return this.list().find((message) => message.id === id) ?? null;
  }

  /** A place behind everything that waits, also where the clock was turned back. */
  nextPlace(): string {
    const last = this.list().at(-1)?.place ?? '';
    return (
      String(Math.max(this.now(), Number(last.split('-', 1)[0]) + 1)).padStart(15, '0') + `-${this.newId()}`
    );
  }

  /** The server will not have it. It no longer holds up the others, and is kept for its author to decide. */
  refuse(id: string, problem: string): void {
    this.change(id, problem);
  }

  retry(id: string): void {
    this.change(id, null);
  }

  remove(id: string): void {
    const message = this.find(id);
    if (message !== null) this.store.remove(this.prefix + message.place);
  }

  /** Whose messages these are has turned out, or it is somebody else's turn. */
  useOwner(prefix: string, bring: boolean): void {
    const brought = bring ? this.list() : [];
    const before = this.prefix;
    this.prefix = prefix;
    for (const message of brought) {
      this.write(message);
      this.store.remove(before + message.place);
    }
  }

  private change(id: string, problem: string | null): void {
    const message = this.find(id);
    if (message !== null) this.write({ ...message, problem });
  }

  private write({ place, ...rest }: Waiting): void {
    this.store.set(this.prefix + place, JSON.stringify(rest));
  }
}

/** Null for what is not one of ours: the page may write what it likes. */
function read(json: string | null, place: string): Waiting | null {
  try {
    const { id, text, at, conversation, problem } = JSON.parse(json ?? 'null') as Record<string, unknown>;
    if (typeof id !== 'string' || typeof text !== 'string' || typeof at !== 'number') return null;
    return {
      id,
      text,
      at,
      place,
      conversation: typeof conversation === 'number' ? conversation : null,
      problem: typeof problem === 'string' ? problem : null,
    };
  } catch {
    return null;
  }
}
