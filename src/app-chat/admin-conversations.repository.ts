import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../platform/database/unit-of-work';

/** Messages of a conversation are counted no further. */
const MOST_COUNTED = 10_000;

/** How a conversation was closed last. */
export interface Closing {
  conversationId: number;
  at: Date;
  /** Null where it was no person. */
  by: number | null;
}

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

  /** Of those that were ever closed. What closes a conversation and what is logged of it have the time of one transaction. */
  async closings(ids: number[]): Promise<Map<number, Closing>> {
    if (ids.length === 0) return new Map();
    const rows = await this.work.current.query<Closing>(
      `select c.id as "conversationId", closed.at, (
         select admin_id from admin_activity_log a
         where a.target_type = 'conversation' and a.target_id = c.id and a.action = 'conversation.status'
           and a.created_at = closed.at order by a.id desc limit 1) as by
       from unnest($1::bigint[]) as c(id) cross join lateral (
         select at from conversation_status_change s
         where s.conversation_id = c.id and s.to_status = 'closed' order by s.id desc limit 1) closed`,
      [ids],
    );
    return new Map(rows.map((row) => [row.conversationId, row]));
  }
}
