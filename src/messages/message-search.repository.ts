import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../platform/database/unit-of-work';

export interface Search {
  words: string;
  visibleOnlyTo: number | null;
  conversationId: number | null;
  /** Only messages with smaller ids. */
  before: number;
}

export interface Found {
  /** Newest first. */
  ids: number[];
  /** All messages from this id on are looked through; 0 where that is all there are. */
  searchedTo: number;
}

/** How long a search may look, in ms, before it shows what it has and where to go on. */
const BUDGET_MS = 1_000;

/** The full-text search. Within an open unit of work. */
@Injectable()
export class MessageSearchRepository {
  constructor(private readonly work: UnitOfWork) {}

  async search(search: Search, limit: number): Promise<Found> {
    const [row] = await this.work.current.query<Found>(
      'select ids, searched_to as "searchedTo" from search_messages($1, $2, $3, $4, $5, $6)',
      [search.words, search.visibleOnlyTo, search.conversationId, search.before, limit, BUDGET_MS],
    );
    return row!;
  }
}
