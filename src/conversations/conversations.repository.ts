import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../platform/database/unit-of-work';
import type { Assignment } from './conversation.policy';
import { type Conversation, type ConversationStatus, OPEN_STATUSES } from './conversations.types';

/** A customer on one number of ours. */
export interface Thread {
  contactId: number;
  channel: string;
  integrationId: number | null;
}

/** An open conversation, as far as whoever adds to it needs to know. */
export interface OpenThread extends Thread, Assignment {
  id: number;
}

/** How far a conversation is read. */
export interface ReadMark {
  conversationId: number;
  upToId: number;
  /** Messages of the customer after it. */
  unreadCount: number;
}

export interface ConversationFilter {
  visibleOnlyTo: number | null;
  status?: ConversationStatus;
  assignedUser?: number;
  unread?: boolean;
}

const COLUMNS = `id, contact_id as "contactId", channel, integration_id as "integrationId", status,
  assigned_user as "assignedUser", assigned_bot as "assignedBot", unread_count as "unreadCount", read,
  read_up_to_id as "readUpToId", read_at as "readAt",
  last_message_id as "lastMessageId", last_message_at as "lastMessageAt", window_expires_at as "windowExpiresAt",
  created_at as "createdAt", updated_at as "updatedAt"`;

const FILTER = `($1::bigint is null or assigned_user is null or assigned_user = $1)
  and ($2::text is null or status = $2)
  and ($3::bigint is null or assigned_user = $3)
  and ($4::boolean is null or read <> $4)`;

/** All SQL of conversations. Within an open unit of work. */
@Injectable()
export class ConversationsRepository {
  constructor(private readonly work: UnitOfWork) {}

  /** The open conversations of these threads, locked in the order of their ids until the transaction ends. */
  async lockOpen(threads: Thread[]): Promise<OpenThread[]> {
    return await this.work.current.prepared<OpenThread>(
      'conversation_lock_open',
      `select id, contact_id as "contactId", channel, integration_id as "integrationId",
         assigned_user as "assignedUser", assigned_bot as "assignedBot"
       from conversation
       where contact_id = any ($1) and channel = any ($2) and status in ('${OPEN_STATUSES.join("', '")}')
       order by id for no key update`,
      [threads.map((t) => t.contactId), [...new Set(threads.map((t) => t.channel))]],
    );
  }

  /** New conversations for threads that have none open; one that appeared meanwhile is left out. */
  async insertOpen(threads: Thread[]): Promise<number[]> {
    const rows = await this.work.current.query<{ id: number }>(
      `insert into conversation (contact_id, channel, integration_id)
       select * from unnest($1::bigint[], $2::text[], $3::bigint[]) as t(contact_id, channel, integration_id)
       order by contact_id, channel, integration_id
       on conflict (workspace_id, contact_id, channel, integration_id) where status in ('queue', 'active', 'transferred')
       do nothing returning id`,
      [threads.map((t) => t.contactId), threads.map((t) => t.channel), threads.map((t) => t.integrationId)],
    );
    return rows.map((row) => row.id);
  }

  async lock(id: number): Promise<Conversation | null> {
    const [row] = await this.work.current.prepared<Conversation>(
      'conversation_lock',
      `select ${COLUMNS} from conversation where id = $1 for no key update`,
      [id],
    );
    return row ?? null;
  }

  async find(id: number): Promise<Conversation | null> {
    const [row] = await this.work.current.prepared<Conversation>(
      'conversation_find',
      `select ${COLUMNS} from conversation where id = $1`,
      [id],
    );
    return row ?? null;
  }

  async findMany(ids: number[]): Promise<Conversation[]> {
    return await this.work.current.query<Conversation>(
      `select ${COLUMNS} from conversation where id = any ($1)`,
      [ids],
    );
  }

  async list(filter: ConversationFilter, limit: number, offset: number): Promise<Conversation[]> {
    return await this.work.current.query<Conversation>(
      `select ${COLUMNS} from conversation where ${FILTER}
       order by last_message_at desc nulls last, id desc limit $5 offset $6`,
      [...filterValues(filter), limit, offset],
    );
  }

  async count(filter: ConversationFilter): Promise<number> {
    const [row] = await this.work.current.query<{ count: number }>(
      `select count(*)::int as count from conversation where ${FILTER}`,
      filterValues(filter),
    );
    return row!.count;
  }

  /** Whose the conversation becomes; the conversation must be locked. */
  async assign(id: number, to: Assignment, status: ConversationStatus): Promise<Conversation> {
    const [row] = await this.work.current.query<Conversation>(
      `update conversation set assigned_user = $2, assigned_bot = $3, status = $4, unread_count = 0, read = true, updated_at = now()
       where id = $1 returning ${COLUMNS}`,
      [id, to.assignedUser, to.assignedBot, status],
    );
    return row!;
  }

  async unassign(id: number): Promise<Conversation> {
    const [row] = await this.work.current.query<Conversation>(
      `update conversation set assigned_user = null, assigned_bot = null, status = 'queue', updated_at = now()
       where id = $1 returning ${COLUMNS}`,
      [id],
    );
    return row!;
  }

  async setRead(id: number, read: boolean): Promise<Conversation> {
    const [row] = await this.work.current.query<Conversation>(
      `update conversation set read = $2, unread_count = case when $2 then 0 else greatest(unread_count, 1) end, updated_at = now()
       where id = $1 returning ${COLUMNS}`,
      [id, read],
    );
    return row!;
  }

  /** Locked in the order of their ids, whoever may see them. */
  async lockMany(ids: number[]): Promise<Conversation[]> {
    return await this.work.current.query<Conversation>(
      `select ${COLUMNS} from conversation where id = any ($1) order by id for no key update`,
      [ids],
    );
  }

  /** How far each is read and what that leaves unread; the conversations must be locked. */
  async readOn(marks: ReadMark[]): Promise<Conversation[]> {
    return await this.work.current.query<Conversation>(
      `update conversation set read_up_to_id = m.up_to_id, unread_count = m.remaining, read = m.remaining = 0, updated_at = now()
       from unnest($1::bigint[], $2::bigint[], $3::int[]) as m(conversation_id, up_to_id, remaining)
       where id = conversation_id and id = any ($1)
       returning ${COLUMNS}`,
      [marks.map((m) => m.conversationId), marks.map((m) => m.upToId), marks.map((m) => m.unreadCount)],
    );
  }

  /** A message that counted as unread is gone; the conversation must be locked. In two steps: nobody has read it. */
  async countOneLess(id: number): Promise<Conversation> {
    this.work.current.send(
      'conversation_count_one_less',
      'update conversation set unread_count = greatest(unread_count - 1, 0), updated_at = now() where id = $1',
      [id],
    );
    const [row] = await this.work.current.query<Conversation>(
      `update conversation set read = (unread_count = 0) where id = $1 returning ${COLUMNS}`,
      [id],
    );
    return row!;
  }

  /** A message of ours is the newest one; the conversation must be locked. */
  async setLastMessage(id: number, messageId: number): Promise<Conversation> {
    const [row] = await this.work.current.prepared<Conversation>(
      'conversation_set_last_message',
      `update conversation set last_message_id = $2, last_message_at = now(), updated_at = now()
       where id = $1 returning ${COLUMNS}`,
      [id, messageId],
    );
    return row!;
  }
}

function filterValues(filter: ConversationFilter): unknown[] {
  return [filter.visibleOnlyTo, filter.status ?? null, filter.assignedUser ?? null, filter.unread ?? null];
}
