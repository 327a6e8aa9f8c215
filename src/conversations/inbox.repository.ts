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
  updatedSince: Date | undefined;
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

/**
 * The SQL of the inbox. Within an open unit of work. Statements are put together from the conditions that are asked
 * for, and are never prepared: what finds a rare thing quickly is not what finds a common one quickly.
 *
 * What an employer sees is asked for as two lists, their own and what is no user's, each of which an index has in
 * the order of the inbox; one condition with `or` would walk through everybody's conversations. An order by priority
 * is one list for each priority.
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
    const values = new Values();
    const backwards = from.place?.direction === 'prev';
    const way = order.descending === backwards ? 'asc' : 'desc';
    const time = TIMES[order.by];
    const keys = time === null ? `id ${way}` : `${time} ${way}, id ${way}`;
    const enough = values.add(limit + from.offset);
    const shared = conditionsOf(filter, values);
    const lists = sectionsOf(order, way, from.place).flatMap(({ condition, passed }, rank) =>
      handsOf(filter).map(
        (hands) =>
          `(select ${CONVERSATION_COLUMNS}, ${rank} as rank, ${time ?? 'null::timestamptz'} as place from conversation
            ${where([
              ...hands(values),
              ...shared,
              ...condition,
              ...(passed ? [beyond(from.place!.key, time, way, values)] : []),
            ])}
            order by ${keys} limit ${enough})`,
      ),
    );
    if (lists.length === 0) return [];
    return await this.work.current.query<ListedConversation>(
      `select *, coalesce((extract(epoch from place) * 1000000)::bigint, 0) as micros
       from (${lists.join(' union all ')}) list
       order by rank, place ${way}, id ${way} limit ${values.add(limit)} offset ${values.add(from.offset)}`,
      values.all,
    );
  }

  async count(filter: InboxFilter): Promise<number> {
    const values = new Values();
    const shared = conditionsOf(filter, values);
    const counts = handsOf(filter).map(
      (hands) => `(select count(*) from conversation ${where([...hands(values), ...shared])})`,
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
       where status in ('${OPEN_STATUSES.join("', '")}')${visibleOnlyTo === null ? '' : ' and (assigned_user is null or assigned_user = $1)'}`,
      [userId],
    );
    return row!;
  }
}

type Condition = (values: Values) => string[];

/** Whose conversations are asked for, as lists that have none in common; none where nothing can be found. */
function handsOf({ visibleOnlyTo, assignedUser, assignedBot, unassigned }: InboxFilter): Condition[] {
  const users =
    (id: number): Condition =>
    (values) => [`assigned_user = ${values.add(id)}`];
  if (assignedUser !== undefined) {
    const contradicts = assignedBot !== undefined || unassigned === true;
    const hidden = visibleOnlyTo !== null && visibleOnlyTo !== assignedUser;
    return contradicts || hidden ? [] : [users(assignedUser)];
  }
  if (assignedBot !== undefined)
    return unassigned === true
      ? []
      : [(values) => ['assigned_user is null', `assigned_bot = ${values.add(assignedBot)}`]];
  const nobodys = (): string[] => ['assigned_user is null', 'assigned_bot is null'];
  const bots = (): string[] => ['assigned_user is null', 'assigned_bot is not null'];
  if (unassigned === true) return [nobodys];
  if (visibleOnlyTo !== null)
    return [users(visibleOnlyTo), unassigned === false ? bots : () => ['assigned_user is null']];
  return unassigned === false ? [() => ['assigned_user is not null'], bots] : [() => []];
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
  given(filter.updatedSince, (time) => `updated_at >= ${time}`);
  return conditions;
}

/** The parts of a list that come one after the other, and whether the place lies in them. */
function sectionsOf(
  order: InboxOrder,
  way: 'asc' | 'desc',
  place: InboxPlace | null,
): { condition: string[]; passed: boolean }[] {
  if (order.by !== 'priority') return [{ condition: [], passed: place !== null }];
  const priorities = way === 'asc' ? CONVERSATION_PRIORITIES : CONVERSATION_PRIORITIES.toReversed();
  const first = place === null ? 0 : priorities.indexOf(place.key.priority);
  return priorities
    .slice(first)
    .map((priority, i) => ({ condition: [`priority = '${priority}'`], passed: place !== null && i === 0 }));
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
