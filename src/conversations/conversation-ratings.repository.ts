import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../platform/database/unit-of-work';
import type { ConversationRating } from './conversation-ratings.types';

const COLUMNS = 'score, comment, created_at as "createdAt"';

/** All SQL of ratings. Within an open unit of work. */
@Injectable()
export class ConversationRatingsRepository {
  constructor(private readonly work: UnitOfWork) {}

  async find(conversationId: number): Promise<ConversationRating | null> {
    const [row] = await this.work.current.prepared<ConversationRating>(
      'conversation_rating_find',
      `select ${COLUMNS} from conversation_rating where conversation_id = $1`,
      [conversationId],
    );
    return row ?? null;
  }

  /** The conversation must be locked. Null where an older rating stands. */
  async save(
    conversationId: number,
    ratedUser: number | null,
    { score, comment }: Pick<ConversationRating, 'score' | 'comment'>,
  ): Promise<ConversationRating | null> {
    const [row] = await this.work.current.query<ConversationRating>(
      `insert into conversation_rating as r (conversation_id, score, comment, rated_user) values ($1, $2, $3, $4)
       on conflict (workspace_id, conversation_id) do update set score = excluded.score, comment = excluded.comment
         where r.created_at > now() - interval '24 hours'
       returning ${COLUMNS}`,
      [conversationId, score, comment, ratedUser],
    );
    return row ?? null;
  }
}
