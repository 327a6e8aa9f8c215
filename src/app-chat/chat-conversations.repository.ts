import { Injectable } from '@nestjs/common';
import { type ConversationStatus, OPEN_STATUSES } from '../conversations/conversations.types';
import { ofAnyLength } from '../platform/database/parameters';
import { UnitOfWork } from '../platform/database/unit-of-work';
import type { ChatConversation, ChatOwner } from './chat-conversation.types';

const FROM = 'from chat_conversation x join conversation c on c.id = x.conversation_id';

const COLUMNS = `c.id, x.chat_user_id as "chatUserId", x.subject, x.user_read_up_to as "userReadUpTo", c.status, c.priority,
  c.assigned_user as "assignedUser", c.assigned_bot as "assignedBot", c.unread_count as "unreadCount",
  c.last_message_id as "lastMessageId", c.last_message_at as "lastMessageAt", c.created_at as "createdAt",
  c.updated_at as "updatedAt", case when c.status in ('closed', 'archived') then (
    select s.at from conversation_status_change s where s.conversation_id = c.id and s.from_status = any (array['queue', 'active', 'transferred'])
    order by s.id desc limit 1) end as "closedAt"`;

const VISIBLE = `${FROM} where ($1::bigint is null or c.assigned_user is null or c.assigned_user = $1)
  and ($2::bigint is null or x.chat_user_id = any (array(select u.id from chat_user u where u.user_id = $2)))
  and ($3::text[] is null or c.status = any ($3))`;

/** All SQL of what conversations of the live chat have beside what every conversation has. Within an open unit of work. */
@Injectable()
export class ChatConversationsRepository {
  constructor(private readonly work: UnitOfWork) {}

  async insert(conversationId: number, chatUserId: number, subject: string | null): Promise<void> {
    await this.work.current.query(
      'insert into chat_conversation (conversation_id, chat_user_id, subject) values ($1, $2, $3)',
      [conversationId, chatUserId, subject],
    );
  }

  async findMany(ids: number[]): Promise<ChatConversation[]> {
    if (ids.length === 0) return [];
    return await this.work.current.prepared<ChatConversation>(
      'chat_conversation_find_many',
      `select ${COLUMNS} ${FROM} where x.conversation_id = any (${ofAnyLength('$1')})`,
      [ids],
    );
  }

  /** Whose these are; those that are none of the live chat are left out. */
  async owners(ids: number[]): Promise<ChatOwner[]> {
    return await this.work.current.prepared<ChatOwner>(
      'chat_conversation_owners',
      `select x.conversation_id as "conversationId", u.id as "chatUserId", u.user_id as "userId", u.uuid
       from chat_conversation x join chat_user u on u.id = x.chat_user_id where x.conversation_id = any (${ofAnyLength('$1')})`,
      [ids],
    );
  }

  /** How far a user has read those of their conversations in which something was said since. */
  async readMarks(chatUserId: number): Promise<{ conversationId: number; upToId: number }[]> {
    return await this.work.current.prepared<{ conversationId: number; upToId: number }>(
      'chat_conversation_read_marks',
      `select c.id as "conversationId", x.user_read_up_to as "upToId" ${FROM}
       where x.chat_user_id = $1 and c.last_message_id > x.user_read_up_to`,
      [chatUserId],
    );
  }

  /** Of one user; the one with the newest message first. */
  async list(
    chatUserId: number,
    statuses: readonly ConversationStatus[] | null,
    limit: number,
    offset: number,
  ): Promise<ChatConversation[]> {
    return await this.work.current.query<ChatConversation>(
      `select ${COLUMNS} ${FROM} where x.chat_user_id = $1 and ($2::text[] is null or c.status = any ($2))
       order by c.active_at desc, c.id desc limit $3 offset $4`,
      [chatUserId, statuses, limit, offset],
    );
  }

  async count(chatUserId: number, statuses: readonly ConversationStatus[] | null): Promise<number> {
    const [row] = await this.work.current.query<{ count: number }>(
      `select count(*)::int as count ${FROM} where x.chat_user_id = $1 and ($2::text[] is null or c.status = any ($2))`,
      [chatUserId, statuses],
    );
    return row!.count;
  }

  /**
   * As staff see them, those with the newest message first.
   *
   * @param visibleOnlyTo as `visibleOnlyTo` of the conversations' policy says
   */
  async listVisible(
    visibleOnlyTo: number | null,
    filter: { userId: number | undefined; statuses: readonly ConversationStatus[] | null },
    limit: number,
    offset: number,
  ): Promise<ChatConversation[]> {
    return await this.work.current.query<ChatConversation>(
      `select ${COLUMNS} ${VISIBLE} order by c.active_at desc, c.id desc limit $4 offset $5`,
      [visibleOnlyTo, filter.userId ?? null, filter.statuses, limit, offset],
    );
  }

  async countVisible(
    visibleOnlyTo: number | null,
    filter: { userId: number | undefined; statuses: readonly ConversationStatus[] | null },
  ): Promise<number> {
    const [row] = await this.work.current.query<{ count: number }>(
      `select count(*)::int as count ${VISIBLE}`,
      [visibleOnlyTo, filter.userId ?? null, filter.statuses],
    );
    return row!.count;
  }

  /** The user's newest, open or not; null where there is none. */
  async newest(chatUserId: number): Promise<number | null> {
    const [row] = await this.work.current.prepared<{ id: number }>(
      'chat_conversation_newest',
      `select c.id ${FROM} where x.chat_user_id = $1 order by c.active_at desc, c.id desc limit 1`,
      [chatUserId],
    );
    return row?.id ?? null;
  }

  /** The conversation that a user writes into who names none: the newest that is open. */
  async newestOpen(chatUserId: number): Promise<number | null> {
    const [row] = await this.work.current.prepared<{ id: number }>(
      'chat_conversation_newest_open',
      `select c.id ${FROM} where x.chat_user_id = $1 and c.status = any ($2) order by c.active_at desc, c.id desc limit 1`,
      [chatUserId, OPEN_STATUSES],
    );
    return row?.id ?? null;
  }

  /** Only ever forward. */
  async readUpTo(conversationId: number, messageId: number): Promise<void> {
    await this.work.current.query(
      `update chat_conversation set user_read_up_to = $2 where conversation_id = $1 and user_read_up_to < $2`,
      [conversationId, messageId],
    );
  }
}
