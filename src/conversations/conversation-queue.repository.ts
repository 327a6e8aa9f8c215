import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { CONVERSATION_COLUMNS } from './conversations.repository';
import { type Conversation, CONVERSATION_PRIORITIES } from './conversations.types';

const URGENCY = `array_position(array['${CONVERSATION_PRIORITIES.join("', '")}'], priority::text)`;

/** The queue: conversations that are open and nobody's. Within an open unit of work. */
@Injectable()
export class ConversationQueueRepository {
  constructor(private readonly work: UnitOfWork) {}

  /** The most urgent first, of equal ones whoever has waited longest. */
  async waiting(longerThanSeconds: number, limit: number): Promise<number[]> {
    const rows = await this.work.current.query<{ id: number }>(
      `select id from conversation where status = 'queue' and queued_at <= now() - $1 * interval '1 second'
       order by ${URGENCY} desc, queued_at, id limit $2`,
      [longerThanSeconds, limit],
    );
    return rows.map(({ id }) => id);
  }

  /** How many open conversations each of these users has; who has none is left out. */
  async openCounts(userIds: number[]): Promise<Map<number, number>> {
    // By what is open, which is little beside all that somebody ever had.
    const rows = await this.work.current.query<{ id: number; count: number }>(
      `select assigned_user as id, count(*)::int as count from conversation
       where status in ('active', 'transferred') and assigned_user = any ($1) group by assigned_user`,
      [userIds],
    );
    return new Map(rows.map(({ id, count }) => [id, count]));
  }

  /** Those that still wait, locked in the order of their ids; whoever holds one just now is about to change it. */
  async lockWaiting(ids: number[]): Promise<Conversation[]> {
    return await this.work.current.query<Conversation>(
      `select ${CONVERSATION_COLUMNS} from conversation where id = any ($1) and status = 'queue'
       order by id for no key update skip locked`,
      [ids],
    );
  }
}
