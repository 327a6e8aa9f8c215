import { Injectable } from '@nestjs/common';
import { ofAnyLength } from '../platform/database/parameters';
import { UnitOfWork } from '../platform/database/unit-of-work';
import type { Assignment } from './conversation.policy';
import { OPEN_OF_THREAD } from './conversation-threads.policy';
import {
  type Conversation,
  type ConversationPriority,
  type ConversationStatus,
  OPEN_STATUSES,
  type ReadMark,
  type Thread,
} from './conversations.types';

/** An open conversation, as far as whoever adds to it needs to know. */
export interface OpenThread extends Thread, Assignment {
  id: number;
}

/** What a conversation begins with. */
export interface NewConversation extends Thread, Assignment {
  status: ConversationStatus;
  priority: ConversationPriority;
}

const OPEN = `status in ('${OPEN_STATUSES.join("', '")}')`;

export const CONVERSATION_COLUMNS = `id, contact_id as "contactId", channel, integration_id as "integrationId", status, priority,
  assigned_user as "assignedUser", assigned_bot as "assignedBot", transfer_note as "transferNote",
  unread_count as "unreadCount", read, read_up_to_id as "readUpToId", read_at as "readAt",
  last_message_id as "lastMessageId", last_message_at as "lastMessageAt",
  window_expires_at as "windowExpiresAt", parallel, created_at as "createdAt", updated_at as "updatedAt"`;

/** The window is between the customer and our number: a new conversation has that of the ones before it. */
function earlierWindow(contactId: string, channel: string, integrationId: string): string {
  return `(select max(earlier.window_expires_at) from conversation earlier
           where earlier.contact_id = ${contactId} and earlier.channel = ${channel}
             and earlier.integration_id is not distinct from ${integrationId})`;
}

/** All SQL of conversations. Within an open unit of work. */
@Injectable()
export class ConversationsRepository {
  constructor(private readonly work: UnitOfWork) {}

  /** The open conversations of these threads, locked in the order of their ids until the transaction ends. */
  async lockOpen(threads: Thread[]): Promise<OpenThread[]> {
    return await this.work.current.prepared<OpenThread>(
      'conversation_lock_open',
      // "is true" hides a condition of which the planner, not knowing that the list is short, expects many probes: it
      // would rather read all that these contacts ever had, closed ones and all, than use the index of what is open.
      `select id, contact_id as "contactId", channel, integration_id as "integrationId",
         assigned_user as "assignedUser", assigned_bot as "assignedBot"
       from conversation
       where contact_id = any ($1) and (channel = any ($2)) is true and ${OPEN_OF_THREAD}
       order by id for no key update`,
      [threads.map((t) => t.contactId), [...new Set(threads.map((t) => t.channel))]],
    );
  }

  /** New conversations for threads that have none open; one that appeared meanwhile is left out. */
  async insertOpen(threads: Thread[]): Promise<number[]> {
    const rows = await this.work.current.query<{ id: number }>(
      `insert into conversation (contact_id, channel, integration_id, window_expires_at)
       select t.*, ${earlierWindow('t.contact_id', 't.channel', 't.integration_id')}
       from unnest($1::bigint[], $2::text[], $3::bigint[]) as t(contact_id, channel, integration_id)
       order by contact_id, channel, integration_id
       on conflict (workspace_id, contact_id, channel, integration_id) where ${OPEN_OF_THREAD}
       do nothing returning id`,
      [threads.map((t) => t.contactId), threads.map((t) => t.channel), threads.map((t) => t.integrationId)],
    );
    return rows.map((row) => row.id);
  }

  async lock(id: number): Promise<Conversation | null> {
    const [row] = await this.work.current.prepared<Conversation>(
      'conversation_lock',
      `select ${CONVERSATION_COLUMNS} from conversation where id = $1 for no key update`,
      [id],
    );
    return row ?? null;
  }

  async find(id: number): Promise<Conversation | null> {
    const [row] = await this.work.current.prepared<Conversation>(
      'conversation_find',
      `select ${CONVERSATION_COLUMNS} from conversation where id = $1`,
      [id],
    );
    return row ?? null;
  }

  async findMany(ids: number[]): Promise<Conversation[]> {
    return await this.work.current.prepared<Conversation>(
      'conversation_find_many',
      `select ${CONVERSATION_COLUMNS} from conversation where id = any (${ofAnyLength('$1')})`,
      [ids],
    );
  }

  /** Null where the thread has an open conversation already. */
  async insert(conversation: NewConversation): Promise<Conversation | null> {
    const [row] = await this.work.current.query<Conversation>(
      `insert into conversation (contact_id, channel, integration_id, status, priority, assigned_user, assigned_bot,
                                 window_expires_at)
       values ($1, $2::text, $3, $4, $5, $6, $7, ${earlierWindow('$1', '$2::text', '$3')})
       on conflict (workspace_id, contact_id, channel, integration_id) where ${OPEN_OF_THREAD} do nothing
       returning ${CONVERSATION_COLUMNS}`,
      [
        conversation.contactId,
        conversation.channel,
        conversation.integrationId,
        conversation.status,
        conversation.priority,
        conversation.assignedUser,
        conversation.assignedBot,
      ],
    );
    return row ?? null;
  }

  /** Beside whatever else the customer has open on this channel. */
  async insertParallel(
    contactId: number,
    channel: string,
    priority: ConversationPriority,
  ): Promise<Conversation> {
    const [row] = await this.work.current.query<Conversation>(
      `insert into conversation (contact_id, channel, priority, parallel) values ($1, $2, $3, true)
       returning ${CONVERSATION_COLUMNS}`,
      [contactId, channel, priority],
    );
    return row!;
  }

  async findOpen(thread: Thread): Promise<Conversation | null> {
    const [row] = await this.work.current.query<Conversation>(
      `select ${CONVERSATION_COLUMNS} from conversation
       where contact_id = $1 and channel = $2 and integration_id is not distinct from $3 and ${OPEN_OF_THREAD}`,
      [thread.contactId, thread.channel, thread.integrationId],
    );
    return row ?? null;
  }

  /** The open conversations of a user, locked in the order of their ids. */
  async lockOpenOf(userId: number): Promise<Conversation[]> {
    return await this.work.current.query<Conversation>(
      `select ${CONVERSATION_COLUMNS} from conversation where assigned_user = $1 and ${OPEN}
       order by id for no key update`,
      [userId],
    );
  }

  /** Up to `limit` conversations of a bot, open or not, locked in the order of their ids. */
  async lockOfBot(botId: number, limit: number): Promise<Conversation[]> {
    return await this.work.current.query<Conversation>(
      `select ${CONVERSATION_COLUMNS} from conversation where assigned_bot = $1 order by id limit $2 for no key update`,
      [botId, limit],
    );
  }

  /** All of it that staff may change; the conversations must be locked. In the same order. */
  async save(conversations: Conversation[]): Promise<Conversation[]> {
    const rows = await this.work.current.prepared<Conversation>(
      'conversation_save',
      `update conversation set status = new_status, priority = new_priority, assigned_user = new_user,
         queued_at = case when new_status = 'queue' and status <> 'queue' then now() else queued_at end,
         assigned_bot = new_bot, transfer_note = new_note, unread_count = new_count, read = new_read, updated_at = now()
       from unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::text[], $7::int[], $8::boolean[])
         as n(conversation_id, new_status, new_priority, new_user, new_bot, new_note, new_count, new_read)
       where id = conversation_id and id = any ($1)
       returning ${CONVERSATION_COLUMNS}`,
      [
        conversations.map((c) => c.id),
        conversations.map((c) => c.status),
        conversations.map((c) => c.priority),
        conversations.map((c) => c.assignedUser),
        conversations.map((c) => c.assignedBot),
        conversations.map((c) => c.transferNote),
        conversations.map((c) => c.unreadCount),
        conversations.map((c) => c.read),
      ],
    );
    const byId = new Map(rows.map((row) => [row.id, row]));
    return conversations.map(({ id }) => byId.get(id)!);
  }

  /** Messages first, as whoever records deliveries does: the other order would end in deadlocks. */
  async lockToDelete(id: number): Promise<Conversation | null> {
    await this.work.current.query('select 1 from message where conversation_id = $1 order by id for update', [
      id,
    ]);
    return await this.lock(id);
  }

  /** With everything that was said in it. */
  async delete(id: number): Promise<void> {
    await this.work.current.query('delete from conversation where id = $1', [id]);
  }

  /** Locked in the order of their ids, whoever may see them. */
  async lockMany(ids: number[]): Promise<Conversation[]> {
    return await this.work.current.query<Conversation>(
      `select ${CONVERSATION_COLUMNS} from conversation where id = any ($1) order by id for no key update`,
      [ids],
    );
  }

  /** How far each is read and what that leaves unread; the conversations must be locked. */
  async readOn(marks: ReadMark[]): Promise<Conversation[]> {
    return await this.work.current.query<Conversation>(
      `update conversation set read_up_to_id = m.up_to_id, unread_count = m.remaining, read = m.remaining = 0, updated_at = now()
       from unnest($1::bigint[], $2::bigint[], $3::int[]) as m(conversation_id, up_to_id, remaining)
       where id = conversation_id and id = any ($1)
       returning ${CONVERSATION_COLUMNS}`,
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
      `update conversation set read = (unread_count = 0) where id = $1 returning ${CONVERSATION_COLUMNS}`,
      [id],
    );
    return row!;
  }

  /** A message of ours is the newest one; the conversation must be locked. */
  async setLastMessage(id: number): Promise<Conversation> {
    const [row] = await this.work.current.prepared<Conversation>(
      'conversation_set_last_message',
      `update conversation set last_message_at = now(), updated_at = now(),
         last_message_id = (select m.id from message m where m.conversation_id = $1 order by m.id desc limit 1)
       where id = $1 returning ${CONVERSATION_COLUMNS}`,
      [id],
    );
    return row!;
  }
}
