import { Injectable } from '@nestjs/common';
import type { Actor } from '../common/actor';
import { type CursorPage, decodeCursor, encodeCursor } from '../common/cursor-page';
import { visibleOnlyTo } from '../conversations/conversation.policy';
import { ConversationsService } from '../conversations/conversations.service';
import { UnitOfWork } from '../platform/database/unit-of-work';
import type { SearchQuery } from './message-queries.dto';
import type { MessageHitDto } from './message-reads.types';
import { MessageSearchRepository } from './message-search.repository';
import { toMessageDto } from './messages.types';
import { snippetOf } from './snippet';

/** Looks through everything that was ever said, as far as the caller may see it. */
@Injectable()
export class MessageSearchService {
  constructor(
    private readonly work: UnitOfWork,
    private readonly index: MessageSearchRepository,
    private readonly conversations: ConversationsService,
  ) {}

  /** Newest first. A page may be short, even empty, and yet have a `next_cursor`: looking further took too long. */
  async search(
    actor: Actor,
    query: SearchQuery,
    conversationId: number | null = null,
  ): Promise<CursorPage<MessageHitDto>> {
    const before = query.cursor === undefined ? null : decodeCursor(query.cursor, isPlace)[0];
    return await this.work.read(actor, async () => {
      const search = this.index.search(
        {
          words: query.q,
          visibleOnlyTo: visibleOnlyTo(actor),
          conversationId,
          before: before ?? Number.MAX_SAFE_INTEGER,
        },
        query.limit + 1,
      );
      // On the way together; what is found where the actor may not look goes no further than this.
      const [found] = await Promise.all([
        search,
        conversationId === null ? null : this.conversations.requireVisible(actor, conversationId),
      ]);
      const shown = found.messages.slice(0, query.limit);
      const more = found.messages.length > query.limit;
      const place = more ? shown.at(-1)!.id : found.searchedTo;
      return {
        data: shown.map((message) => ({
          ...toMessageDto(message),
          snippet: snippetOf(message.body ?? '', query.q),
        })),
        next_cursor: more || found.searchedTo > 0 ? encodeCursor([place]) : null,
        prev_cursor: null,
      };
    });
  }
}

function isPlace(values: unknown[]): values is [number] {
  return values.length === 1 && Number.isSafeInteger(values[0]) && (values[0] as number) > 0;
}
