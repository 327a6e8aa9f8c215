import { Injectable } from '@nestjs/common';
import { PlatformDatabase } from '../platform/database/connections';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { type ConversationCountsDto, OPEN_STATUSES } from './conversations.types';
import type { InboxFilter } from './inbox.repository';

/** Numbers of conversations, by what the tally distinguishes. */
type Tallied = Pick<
  InboxFilter,
  'visibleOnlyTo' | 'assignedUser' | 'unassigned' | 'statuses' | 'unread' | 'channel'
>;

/** Conversations as they are at this moment. */
export interface TallyOfNow {
  conversations: number;
  /** Of these on: open ones. */
  open: number;
  unread: number;
  /** Neither a person's nor a bot's. */
  unassigned: number;
  mine: number;
}

const TALLIED: ReadonlySet<string> = new Set<keyof Tallied>([
  'visibleOnlyTo',
  'assignedUser',
  'unassigned',
  'statuses',
  'unread',
  'channel',
]);

const SEEN = '($1::bigint is null or assigned_user is null or assigned_user = $1)';

const COLUMNS = 'channel, assigned_user, has_bot, status, read';

/**
 * How many conversations there are, summed up from what each change of any of them has added to the tally in its own
 * transaction: exact at every moment, and no dearer with a million conversations than with ten.
 */
@Injectable()
export class ConversationTallyRepository {
  constructor(
    private readonly work: UnitOfWork,
    private readonly platform: PlatformDatabase,
  ) {}

  /** Whether the filter asks for nothing else than what the tally distinguishes. */
  knows(filter: InboxFilter): boolean {
    return Object.entries(filter).every(([name, value]) => value === undefined || TALLIED.has(name));
  }

  /** Within an open unit of work. */
  async count({
    visibleOnlyTo,
    assignedUser,
    unassigned,
    statuses,
    unread,
    channel,
  }: Tallied): Promise<number> {
    const [row] = await this.work.current.prepared<{ count: number }>(
      'tally_count',
      `select coalesce(sum(conversations), 0)::int as count from conversation_tally
       where ${SEEN} and ($2::bigint is null or assigned_user = $2)
         and ($3::boolean is null or (assigned_user is null and not has_bot) = $3)
         and ($4::text[] is null or status = any ($4)) and ($5::boolean is null or read <> $5)
         and ($6::text is null or channel = $6)`,
      [
        visibleOnlyTo,
        assignedUser ?? null,
        unassigned ?? null,
        statuses ?? null,
        unread ?? null,
        channel ?? null,
      ],
    );
    return row!.count;
  }

  /** Of open conversations. Within an open unit of work. */
  async counts(userId: number, visibleOnlyTo: number | null): Promise<ConversationCountsDto> {
    const sum = (condition: string): string =>
      `coalesce(sum(conversations) filter (where ${condition}), 0)::int`;
    const [row] = await this.work.current.prepared<ConversationCountsDto>(
      'tally_counts',
      `select ${sum('assigned_user = $2')} as mine, ${sum('assigned_user is null and not has_bot')} as unassigned,
         ${sum('has_bot')} as bots, ${sum('true')} as "all", ${sum('not read')} as unread
       from conversation_tally where ${SEEN} and status = any ($3)`,
      [visibleOnlyTo, userId, OPEN_STATUSES],
    );
    return row!;
  }

  /** Of one channel, or of all; `mine`: this user's. Within an open unit of work. */
  async now(userId: number, visibleOnlyTo: number | null, channel: string | null): Promise<TallyOfNow> {
    const sum = (condition: string): string =>
      `coalesce(sum(conversations) filter (where ${condition}), 0)::int`;
    const [row] = await this.work.current.prepared<TallyOfNow>(
      'tally_now',
      `select ${sum('true')} as conversations, ${sum('open')} as open, ${sum('open and not read')} as unread,
         ${sum('open and assigned_user is null and not has_bot')} as unassigned,
         ${sum('open and assigned_user = $2')} as mine
       from (select *, status = any ($3) as open from conversation_tally) t
       where ${SEEN} and ($4::text is null or channel = $4)`,
      [visibleOnlyTo, userId, OPEN_STATUSES, channel],
    );
    return row!;
  }

  /** Unread messages of customers, and in how many conversations. Within an open unit of work. */
  async unread(visibleOnlyTo: number | null): Promise<{ messages: number; conversations: number }> {
    const [row] = await this.work.current.prepared<{ messages: number; conversations: number }>(
      'tally_unread',
      `select coalesce(sum(unread_messages), 0)::bigint as messages, coalesce(sum(unread_conversations), 0)::bigint as conversations
       from conversation_tally where ${SEEN}`,
      [visibleOnlyTo],
    );
    return row!;
  }

  /** The workspaces with more rows than this. */
  async grown(beyond: number): Promise<number[]> {
    const rows = await this.platform.query<{ workspace_id: number }>(
      'select workspace_id from conversation_tally group by workspace_id having count(*) > $1',
      [beyond],
    );
    return rows.map((row) => row.workspace_id);
  }

  /**
   * One row for each kind instead of one for each change, of the oldest rows; whoever reads sees all before it or all
   * after it.
   */
  async sumUp(most: number): Promise<void> {
    await this.work.current.query(
      `with gone as (
         delete from conversation_tally where id = any (array(select id from conversation_tally order by id limit $1)) returning *)
       insert into conversation_tally (${COLUMNS}, conversations, unread_conversations, unread_messages)
       select ${COLUMNS}, sum(conversations), sum(unread_conversations), sum(unread_messages) from gone group by ${COLUMNS}
       having sum(conversations) <> 0 or sum(unread_conversations) <> 0 or sum(unread_messages) <> 0`,
      [most],
    );
  }
}
