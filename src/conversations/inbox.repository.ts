import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { CONVERSATION_COLUMNS } from './conversations.repository';
import {
  type Conversation,
  CONVERSATION_PRIORITIES,
  type ConversationCountsDto,
  type ConversationPriority,
  type ConversationStatus,
  OPEN_STATUSES,
} from './conversations.types';
import type { InboxKey, InboxOrder, InboxPlace } from './inbox-place';

/** Which conversations; what is undefined does not matter. */
export interface InboxFilter {
  /** The user whose own conversations, the bots' and nobody's are seen; null: all. */
  visibleOnlyTo: number | null;
  assignedUser: number | undefined;
  assignedBot: number | undefined;
  unassigned: boolean | undefined;
  statuses: ConversationStatus[] | undefined;
  priorities: ConversationPriority[] | undefined;
  unread: boolean | undefined;
  contactId: number | undefined;
  integrationId: number | undefined;
  channel: string | undefined;
  /** It is one of these. */
  ids: number[] | undefined;
  updatedSince: Date | undefined;
  /** The contact has this tag. */
  tagId: number | undefined;
  /** The contact is one of these. */
  contactIds: number[] | undefined;
  /** All these words occur in the contact; for words that find many contacts. */
  words: string[] | undefined;
}

export type ListedConversation = Conversation & InboxKey;

/** The time in each order; an order without one is that of the ids, which is that of creation. */
const TIMES = {
  last_message_at: 'active_at',
  priority: 'active_at',
  updated_at: 'updated_at',
  created_at: null,
} as const;

/** Values of a statement, each named where it is used. */
class Values {
  readonly all: unknown[] = [];

  add(value: unknown): string {
    this.all.push(value);
    return `$${this.all.length}`;
  }
}

/** Conditions of a statement; what they compare with is added to its values. */
type Conditions = (values: Values) => string[];

/** A part of the inbox that an index has in the order of the inbox. */
interface Part {
  conditions: Conditions;
  /** All of it is one user's, or no user's. */
  ofOneUser: boolean;
}

/**
 * The SQL of the inbox. Within an open unit of work. Statements are put together from the conditions that are asked
 * for, and are planned anew each time: what finds a rare thing quickly is not what finds a common one quickly. Only
 * the first page without any filter, which everybody opens, is prepared, with its length in the text.
 *
 * No index has "mine or nobody's", several statuses or priorities in the order of the inbox, but each of them alone.
 * So each is asked for its first rows, and the first of those are the page.
 */
@Injectable()
export class InboxRepository {
  constructor(private readonly work: UnitOfWork) {}

  /** In the order asked for; before a place, in the opposite one. */
  async list(
    filter: InboxFilter,
    order: InboxOrder,
    from: { place: InboxPlace | null; offset: number },
    limit: number,
  ): Promise<ListedConversation[]> {
    const backwards = from.place?.direction === 'prev';
    const way = order.descending === backwards ? 'asc' : 'desc';
    const time = TIMES[order.by];
    const keys = time === null ? `id ${way}` : `${time} ${way}, id ${way}`;
    const values = new Values();
    const plain = isPlain(filter) && from.place === null && from.offset === 0;
    const enough = plain ? limit : values.add(limit + from.offset);
    const lists = sectionsOf(order, way, from.place).flatMap((section, rank) =>
      partsOf(filter).map(({ conditions, ofOneUser }) => {
        const all = [
          ...conditions(values),
          ...section.conditions,
          ...(section.passed ? [beyond(from.place!.key, time, way, values)] : []),
        ];
        // The user is the same everywhere, but for "is null" the planner has to be told.
        const ordered = ofOneUser && time === 'active_at' ? `assigned_user ${way}, ${keys}` : keys;
        return `(select id, ${rank} as rank, ${time ?? 'null::timestamptz'} as place from conversation
          ${where(all)} order by ${ordered} limit ${enough})`;
      }),
    );
    if (lists.length === 0) return [];
    const statement = `select c.*, coalesce((extract(epoch from place) * 1000000)::bigint, 0) as micros
       from (select * from (${lists.join(' union all ')}) parts
             order by rank, place ${way}, id ${way}
             limit ${plain ? limit : values.add(limit)} offset ${plain ? 0 : values.add(from.offset)}) found
       cross join lateral (select ${CONVERSATION_COLUMNS} from conversation where id = found.id limit 1) c
       order by rank, place ${way}, found.id ${way}`;
    if (!plain) return await this.work.current.query<ListedConversation>(statement, values.all);
    const name = `inbox ${filter.visibleOnlyTo === null ? 'all' : 'seen'} ${order.by} ${way} ${limit}`;
    return await this.work.current.prepared<ListedConversation>(name, statement, values.all);
  }

  async count(filter: InboxFilter): Promise<number> {
    const values = new Values();
    const counts = partsOf(filter).map(
      ({ conditions }) => `(select count(*) from conversation ${where(conditions(values))})`,
    );
    if (counts.length === 0) return 0;
    const [row] = await this.work.current.query<{ count: number }>(
      `select (${counts.join(' + ')})::int as count`,
      values.all,
    );
    return row!.count;
  }

  /** Of open conversations only: closed ones gather for ever. */
  async counts(userId: number, visibleOnlyTo: number | null): Promise<ConversationCountsDto> {
    const [row] = await this.work.current.query<ConversationCountsDto>(
      `select count(*) filter (where assigned_user = $1)::int as mine,
         count(*) filter (where assigned_user is null and assigned_bot is null)::int as unassigned,
         count(*) filter (where assigned_bot is not null)::int as bots,
         count(*)::int as "all",
         count(*) filter (where not read)::int as unread
       from conversation
       where status in ('${OPEN_STATUSES.join("', '")}') and ($2 or assigned_user is null or assigned_user = $1)`,
      [userId, visibleOnlyTo === null],
    );
    return row!;
  }
}

/** All that the actor may see. */
function isPlain(filter: InboxFilter): boolean {
  return Object.entries(filter).every(([name, value]) => name === 'visibleOnlyTo' || value === undefined);
}

/** The conversations that pass the filter, in parts that have none in common. */
function partsOf(filter: InboxFilter): Part[] {
  const { statuses } = filter;
  return handsOf(filter).flatMap(({ conditions, ofOneUser }) => {
    const oneByOne = !ofOneUser && statuses !== undefined;
    return (oneByOne ? statuses : [null]).map((status) => ({
      ofOneUser,
      conditions: (values) => [
        ...conditions(values),
        ...(status === null ? [] : [`status = '${status}'`]),
        ...conditionsOf(oneByOne ? { ...filter, statuses: undefined } : filter, values),
      ],
    }));
  });
}

/** Whose conversations are asked for; no part where nothing can be found. */
function handsOf({ visibleOnlyTo, assignedUser, assignedBot, unassigned }: InboxFilter): Part[] {
  const of = (user: number): Part => ({
    conditions: (values) => [`assigned_user = ${values.add(user)}`],
    ofOneUser: true,
  });
  const noUsers = (...more: string[]): Part => ({
    conditions: () => ['assigned_user is null', ...more],
    ofOneUser: true,
  });
  const all = (...conditions: string[]): Part => ({ conditions: () => conditions, ofOneUser: false });

  if (assignedUser !== undefined) {
    const none = assignedBot !== undefined || unassigned === true;
    const unseen = visibleOnlyTo !== null && visibleOnlyTo !== assignedUser;
    return none || unseen ? [] : [of(assignedUser)];
  }
  if (assignedBot !== undefined) {
    const bots: Conditions = (values) => [`assigned_bot = ${values.add(assignedBot)}`];
    return unassigned === true ? [] : [{ conditions: bots, ofOneUser: false }];
  }
  if (unassigned === true) return [noUsers('assigned_bot is null')];
  const bots = noUsers('assigned_bot is not null');
  if (visibleOnlyTo !== null) return [of(visibleOnlyTo), unassigned === false ? bots : noUsers()];
  return unassigned === false ? [all('assigned_user is not null'), bots] : [all()];
}

function conditionsOf(filter: InboxFilter, values: Values): string[] {
  const conditions: string[] = [];
  const given = (value: unknown, condition: (parameter: string) => string): void => {
    if (value !== undefined) conditions.push(condition(values.add(value)));
  };
  given(filter.statuses, (statuses) => `status = any (${statuses})`);
  given(filter.priorities, (priorities) => `priority = any (${priorities})`);
  given(filter.unread, (unread) => `read <> ${unread}`);
  given(filter.contactId, (id) => `contact_id = ${id}`);
  given(filter.integrationId, (id) => `integration_id = ${id}`);
  given(filter.channel, (channel) => `channel = ${channel}`);
  given(filter.ids, (ids) => `id = any (${ids})`);
  given(filter.updatedSince, (time) => `updated_at >= ${time}`);
  given(filter.tagId, (id) => `contact_id in (select contact_id from contact_tag where tag_id = ${id})`);
  given(filter.contactIds, (ids) => `contact_id = any (${ids})`);
  // Asked of one contact after the other: what many have is found soon.
  given(
    filter.words,
    (words) =>
      `(select search_text like all ((select contact_patterns(${words}::text[]))::text[]) from contact where contact.id = contact_id)`,
  );
  return conditions;
}

/** The parts of a list that come one after the other, and whether the place lies in them. */
function sectionsOf(
  order: InboxOrder,
  way: 'asc' | 'desc',
  place: InboxPlace | null,
): { conditions: string[]; passed: boolean }[] {
  if (order.by !== 'priority') return [{ conditions: [], passed: place !== null }];
  const priorities = way === 'asc' ? CONVERSATION_PRIORITIES : CONVERSATION_PRIORITIES.toReversed();
  const first = place === null ? 0 : priorities.indexOf(place.key.priority);
  return priorities
    .slice(first)
    .map((priority, i) => ({ conditions: [`priority = '${priority}'`], passed: place !== null && i === 0 }));
}

function beyond(key: InboxKey, time: string | null, way: 'asc' | 'desc', values: Values): string {
  const sign = way === 'asc' ? '>' : '<';
  if (time === null) return `id ${sign} ${values.add(key.id)}`;
  const moment = `timestamptz 'epoch' + ${values.add(key.micros)}::bigint * interval '1 microsecond'`;
  return `(${time}, id) ${sign} (${moment}, ${values.add(key.id)})`;
}

function where(conditions: string[]): string {
  return conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`;
}
