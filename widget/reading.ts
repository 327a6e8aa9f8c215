import type { Api } from './api';
import type { History } from './history';
import type { Session } from './session';
import type { WireMessage } from './wire';

/** Messages that one request may mark. */
const MOST_MARKED = 500;

/** What has been read: everything, while somebody looks. */
export class Reading {
  private isWatched = false;
  private isMarking = false;

  constructor(
    private readonly api: Api,
    private readonly session: Session,
    private readonly history: History,
    private readonly onChange: () => void,
  ) {}

  watch(isWatched: boolean): void {
    this.isWatched = isWatched;
    void this.mark();
  }

  unread(): number[] {
    return this.history.timeline
      .list()
      .filter(isUnread)
      .map(({ id }) => id);
  }

  /** What the server cannot be told now, it is told after the next message or connection. */
  async mark(): Promise<void> {
    const ids = this.isWatched ? this.unread().slice(0, MOST_MARKED) : [];
    const { conversation } = this.history;
    const token = this.session.current();
    if (this.isMarking || ids.length === 0 || conversation === null || token === null) return;
    this.isMarking = true;
    try {
      await this.api.markRead(token, conversation.id, ids);
      this.history.timeline.advance(ids, 'read');
    } catch {
      return;
    } finally {
      this.isMarking = false;
    }
    this.onChange();
    void this.mark();
  }
}

/** By those who answer, and not read yet. */
export function isUnread(message: WireMessage): boolean {
  return (
    message.sender_role === 'admin' &&
    message.message_type !== 'system' &&
    message.status !== 'read' &&
    message.deleted_at === null
  );
}
