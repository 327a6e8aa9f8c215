import { Injectable } from '@nestjs/common';
import { OPEN_STATUSES } from '../conversations/conversations.types';
import { UnitOfWork } from '../platform/database/unit-of-work';

/** Messages of a conversation are counted no further. */
const MOST_COUNTED = 10_000;

/** What staff see beside conversations of the live chat. Within an open unit of work. */
@Injectable()
export class AdminConversationsRepository {
  constructor(private readonly work: UnitOfWork) {}

  /** Of everybody whom an app of the workspace knows by this number and by this name, as far as they are given. */
  async idsOf({ userId, username }: { userId?: number; username?: string }): Promise<number[]> {
    const rows = await this.work.current.query<{ id: number }>(
      `select x.conversation_id as id from chat_user u join chat_conversation x on x.chat_user_id = u.id
       where ($1::bigint is null or u.user_id = $1) and ($2::text is null or lower(u.username) = lower($2))`,
      [userId ?? null, username ?? null],
    );
    return rows.map(({ id }) => id);
  }

  /** How many messages each has, as far as they are counted. One probe of an index for each. */
  async totals(ids: number[]): Promise<Map<number, number>> {
    const rows = await this.work.current.prepared<{ id: number; total: number }>(
      'admin_chat_totals',
      `select c.id, counted.total from unnest($1::bigint[]) as c(id) cross join lateral (
         select count(*)::int as total from (
           select from message m where m.conversation_id = c.id limit ${MOST_COUNTED}) few) counted`,
      [ids],
    );
    return new Map(rows.map(({ id, total }) => [id, total]));
  }

  /**
   * Who closed each, of those that a member of staff closed. The closing and what is logged of it have the time of one
   * transaction.
   */
  async closedBy(conversations: { id: number; closedAt: Date | null }[]): Promise<Map<number, number>> {
    const closed = conversations.filter(({ closedAt }) => closedAt !== null);
    if (closed.length === 0) return new Map();
    const rows = await this.work.current.query<{ id: number; admin: number }>(
      `select c.id, entry.admin_id as admin from unnest($1::bigint[]) as c(id) cross join lateral (
         select at from conversation_status_change s
         where s.conversation_id = c.id and s.from_status = any ($2) order by s.id desc limit 1) change
       cross join lateral (
         select admin_id from admin_activity_log a
         where a.target_type = 'conversation' and a.target_id = c.id and a.action = 'conversation.status'
           and a.created_at = change.at and admin_id is not null order by a.id desc limit 1) entry`,
      [closed.map(({ id }) => id), OPEN_STATUSES],
    );
    return new Map(rows.map(({ id, admin }) => [id, admin]));
  }
}
