import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { CONVERSATION_COLUMNS } from './conversations.repository';
import { type Conversation, OPEN_STATUSES } from './conversations.types';

export interface ThreadFigures {
  conversations: number;
  open: number;
  firstAt: Date | null;
  lastAt: Date | null;
  lastMessageAt: Date | null;
}

/** Conversations as what a contact has. Within an open unit of work. */
@Injectable()
export class ContactThreadsRepository {
  constructor(private readonly work: UnitOfWork) {}

  async figuresOf(contactId: number): Promise<ThreadFigures> {
    const [row] = await this.work.current.query<ThreadFigures>(
      `select count(*)::int as conversations,
         (count(*) filter (where status in ('${OPEN_STATUSES.join("', '")}')))::int as open,
         min(created_at) as "firstAt", max(created_at) as "lastAt", max(last_message_at) as "lastMessageAt"
       from conversation where contact_id = $1`,
      [contactId],
    );
    return row!;
  }

  /** Whose messages opened the latest window. */
  async lastHeardOf(contactIds: number[]): Promise<number | null> {
    const [row] = await this.work.current.query<{ id: number }>(
      `select contact_id as id from conversation where contact_id = any ($1) and window_expires_at is not null
       order by window_expires_at desc, id desc limit 1`,
      [contactIds],
    );
    return row?.id ?? null;
  }

  /** All conversations of these contacts, locked in the order of their ids. */
  async lockAllOf(contactIds: number[]): Promise<Conversation[]> {
    return await this.work.current.query(
      `select ${CONVERSATION_COLUMNS} from conversation where contact_id = any ($1) order by id for no key update`,
      [contactIds],
    );
  }

  /** The conversations must be locked. */
  async moveAll(from: number, to: number): Promise<void> {
    await this.work.current.query(
      'update conversation set contact_id = $2, updated_at = now() where contact_id = $1',
      [from, to],
    );
  }

  /** The conversation must be locked. */
  async extendWindow(id: number, until: Date | null): Promise<void> {
    await this.work.current.query(
      'update conversation set window_expires_at = greatest(window_expires_at, $2) where id = $1',
      [id, until],
    );
  }
}
