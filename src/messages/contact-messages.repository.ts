import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../platform/database/unit-of-work';

/** What was said with a contact, in all conversations. Within an open unit of work. */
@Injectable()
export class ContactMessagesRepository {
  constructor(private readonly work: UnitOfWork) {}

  /** Removes the oldest messages of a contact; answers how many. */
  async deleteOldest(contactId: number, limit: number): Promise<number> {
    const [row] = await this.work.current.query<{ count: number }>(
      `with gone as (
         delete from message where id = any (array(
           select m.id from conversation c cross join lateral (
             select id from message where conversation_id = c.id order by id limit $2) m
           where c.contact_id = $1 order by m.id limit $2)) returning 1)
       select count(*)::int as count from gone`,
      [contactId, limit],
    );
    return row!.count;
  }
}
