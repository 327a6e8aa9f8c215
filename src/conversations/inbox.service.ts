import { Injectable } from '@nestjs/common';
import type { StaffActor } from '../common/actor';
import { AppError } from '../common/app-error';
import { searchWords } from '../contacts/contact-search.policy';
import { ContactsService } from '../contacts/contacts.service';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { ConversationPresenter } from './conversation-presenter';
import { visibleOnlyTo } from './conversation.policy';
import type { ConversationCountsDto, ConversationPage } from './conversations.types';
import type { ConversationQuery } from './inbox.dto';
import { cursorToPlace, type InboxPlace, orderOf, placeToCursor } from './inbox-place';
import { type InboxFilter, InboxRepository, type ListedConversation } from './inbox.repository';

/** Up to so many contacts, their conversations are looked up by them. */
const FEW_CONTACTS = 5_000;

/** The conversations a member of staff may see, in pages. */
@Injectable()
export class InboxService {
  constructor(
    private readonly work: UnitOfWork,
    private readonly inbox: InboxRepository,
    private readonly presenter: ConversationPresenter,
    private readonly contacts: ContactsService,
  ) {}

  /**
   * By number (`page`), or from a place on (`cursor`), which stays the same place while conversations move.
   *
   * @param among only these
   */
  async list(actor: StaffActor, query: ConversationQuery, among?: number[]): Promise<ConversationPage> {
    const place = query.cursor === undefined ? null : cursorToPlace(query.sort, query.cursor);
    if (place !== null && (query.page !== 1 || query.with_total === true))
      throw new AppError('VALIDATION_FAILED', 'A cursor goes with no page and no total.');
    const counted = place === null && query.with_total !== false;
    return await this.work.read(actor, async () => {
      const filter = { ...filterOf(actor, query), ...(await this.searched(query.search)), ids: among };
      const [found, total] = await Promise.all([
        this.inbox.list(filter, orderOf(query.sort), { place, offset: query.offset }, query.limit + 1),
        counted ? this.inbox.count(filter) : null,
      ]);
      const rows = found.slice(0, query.limit);
      if (place?.direction === 'prev') rows.reverse();
      return {
        data: await this.presenter.toDtos(rows),
        ...(total === null ? {} : { meta: metaOf(query, total) }),
        ...cursorsOf(query, place, rows, found.length > query.limit),
      };
    });
  }

  /** By the contacts that the words find, or where those are many by looking at each conversation's contact. */
  private async searched(text: string | undefined): Promise<Partial<InboxFilter>> {
    if (text === undefined) return {};
    const words = searchWords(text);
    const contactIds = await this.contacts.search(words, FEW_CONTACTS);
    return contactIds === null ? { words } : { contactIds };
  }

  async counts(actor: StaffActor): Promise<ConversationCountsDto> {
    return await this.work.read(actor, () => this.inbox.counts(actor.userId, visibleOnlyTo(actor)));
  }
}

function filterOf(actor: StaffActor, query: ConversationQuery): Omit<InboxFilter, 'ids'> {
  return {
    visibleOnlyTo: visibleOnlyTo(actor),
    assignedUser: query.assigned_user === 'me' ? actor.userId : query.assigned_user,
    assignedBot: query.assigned_bot,
    unassigned: query.unassigned,
    statuses: query.status,
    priorities: query.priority,
    unread: query.unread,
    contactId: query.contact_id,
    integrationId: query.integration_id,
    channel: query.channel,
    updatedSince: query.updated_since === undefined ? undefined : new Date(query.updated_since),
    tagId: query.tag_id,
    contactIds: undefined,
    words: undefined,
  };
}

function metaOf({ page, limit }: ConversationQuery, total: number): ConversationPage['meta'] {
  return { page, limit, total, pages: Math.ceil(total / limit) };
}

function cursorsOf(
  query: ConversationQuery,
  place: InboxPlace | null,
  rows: ListedConversation[],
  further: boolean,
): { next_cursor: string | null; prev_cursor: string | null } {
  const back = place?.direction === 'prev';
  const after = back || further;
  const before = back ? further : place !== null || query.page > 1;
  const cursor = (key: ListedConversation | undefined, direction: InboxPlace['direction']): string | null =>
    key === undefined ? null : placeToCursor(query.sort, { key, direction });
  return {
    next_cursor: after ? cursor(rows.at(-1), 'next') : null,
    prev_cursor: before ? cursor(rows[0], 'prev') : null,
  };
}
