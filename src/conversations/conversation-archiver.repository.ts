import { Injectable } from '@nestjs/common';
import { PlatformDatabase } from '../platform/database/connections';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { CONVERSATION_COLUMNS } from './conversations.repository';
import type { Conversation } from './conversations.types';

/** What is old enough to be archived. All but {@link workspaces} within an open unit of work. */
@Injectable()
export class ConversationArchiverRepository {
  constructor(
    private readonly work: UnitOfWork,
    private readonly platform: PlatformDatabase,
  ) {}

  async workspaces(): Promise<number[]> {
    const rows = await this.platform.query<{ id: number }>('select id from workspace order by id');
    return rows.map(({ id }) => id);
  }

  /**
   * Closed conversations, the oldest first, that neither changed nor got a note for so many days; locked. What somebody
   * holds just now is being touched, or archived by another process.
   */
  async lock(days: number, limit: number): Promise<Conversation[]> {
    return await this.work.current.query<Conversation>(
      `select ${CONVERSATION_COLUMNS} from conversation
       where status = 'closed' and updated_at < now() - $1 * interval '1 day' and not exists (
         select from conversation_note n
         where n.conversation_id = conversation.id and n.created_at >= now() - $1 * interval '1 day')
       order by updated_at, id limit $2 for no key update skip locked`,
      [days, limit],
    );
  }
}
