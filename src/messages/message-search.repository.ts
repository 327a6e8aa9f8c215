import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { MESSAGE_COLUMNS } from './messages.repository';
import type { Message } from './messages.types';

export interface Search {
  words: string;
  visibleOnlyTo: number | null;
  conversationId: number | null;
  /** Only messages with smaller ids. */
  before: number;
}

export interface Found {
  /** Newest first. */
  messages: Message[];
  /** All messages from this id on are looked through; 0 where that is all there are. */
  searchedTo: number;
}

/** How long a search may look, in ms, before it shows what it has and where to go on. */
const BUDGET_MS = 1_000;
/** The same for each of several conversations; nearly all of them are looked through in a fraction of it. */
const BUDGET_EACH_MS = 50;

/** The full-text search. Within an open unit of work. */
@Injectable()
export class MessageSearchRepository {
  constructor(private readonly work: UnitOfWork) {}

  async search(search: Search, limit: number): Promise<Found> {
    const rows = await this.work.current.prepared<Message & { searchedTo: number }>(
      'message_search',
      `select found.searched_to as "searchedTo", m.* from search_messages($1, $2, $3, $4, $5, $6) found
       left join lateral (select ${MESSAGE_COLUMNS} from message where id = any (found.ids)) m on true order by m.id desc`,
      [search.words, search.visibleOnlyTo, search.conversationId, search.before, limit, BUDGET_MS],
    );
    const none = (rows[0]!.id as number | null) === null;
    return { messages: none ? [] : rows, searchedTo: rows[0]!.searchedTo };
  }

  /** In several conversations, newest first; at most so many in each. */
  async searchEach(conversationIds: number[], words: string, mostEach: number): Promise<Message[]> {
    return await this.work.current.query<Message>(
      `select ${MESSAGE_COLUMNS} from message where id = any (array(
         select unnest(found.ids) from unnest($1::bigint[]) as place(conversation),
           lateral search_messages($2, null, place.conversation, $3, $4, $5) found)) order by id desc`,
      [conversationIds, words, Number.MAX_SAFE_INTEGER, mostEach, BUDGET_EACH_MS],
    );
  }
}
