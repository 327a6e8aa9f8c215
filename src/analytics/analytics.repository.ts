import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../platform/database/unit-of-work';
import type { Period } from './period';
import type { Bucket } from './spread';

export type Measure = 'first_response' | 'later_response' | 'resolution' | 'rating';

/** All users together, in the tables of what is kept. */
export const EVERYBODY = 0;

export interface ReportFilter extends Period {
  channel: string | null;
  /** {@link EVERYBODY} or a user. */
  userId: number;
  by: 'day' | 'week';
}

export interface DayCounts {
  inbound: number;
  outboundPeople: number;
  outboundBots: number;
  opened: number;
  closed: number;
  reopened: number;
  archived: number;
}

export interface PartCounts extends DayCounts {
  part: string;
}

export interface PartBucket extends Bucket {
  part: string;
  measure: Measure;
}

export interface AgentCounts {
  userId: number;
  messages: number;
  closed: number;
  reopened: number;
}

export interface AgentBucket extends Bucket {
  userId: number;
  measure: Measure;
}

export interface CurrentCounts {
  conversations: number;
  open: number;
  unread: number;
  unassigned: number;
  mine: number;
}

const PART = `to_char(case when $5 = 'week' then date_trunc('week', day::timestamp)::date else day end, 'YYYY-MM-DD')`;
const CHANNEL = (parameter: string): string => `(${parameter}::text is null or channel = ${parameter})`;


/** Users who did something in the period, and those whose conversations were rated in it. */
const AGENTS = `with did as (
    select user_id, sum(outbound_people)::int as messages, sum(closed)::int as closed, sum(reopened)::int as reopened
    from analytics_day where user_id > ${EVERYBODY} and day between $1::date and $2::date and ${CHANNEL('$3')}
    group by user_id
  ), rated as (
    select distinct user_id from analytics_spread
    where user_id > ${EVERYBODY} and measure = 'rating' and day between $1::date and $2::date and ${CHANNEL('$3')} and count > 0
  )`;

/** All SQL of the numbers that are kept. Within an open unit of work. */
@Injectable()
export class AnalyticsRepository {
  constructor(private readonly work: UnitOfWork) {}

  /** Counts what happened in these conversations since they were counted last. */
  async measure(conversationIds: number[]): Promise<void> {
    const tx = this.work.current;
    // What a crash of PostgreSQL undoes is counted again: the place in the journal was saved later and is undone too.
    tx.send('analytics_async', 'set local synchronous_commit = off', []);
    await tx.prepared('analytics_measure', 'select measure_conversations($1::bigint[])', [conversationIds]);
  }

  /** Conversations as they are; of one user's and nobody's, where one is named. */
  async now(channel: string | null, userId: number, visibleOnlyTo: number | null): Promise<CurrentCounts> {
    const [row] = await this.work.current.prepared<CurrentCounts>(
      'analytics_now',
      `select coalesce(sum(conversations), 0)::int as conversations, coalesce(sum(open), 0)::int as open,
         coalesce(sum(unread), 0)::int as unread, coalesce(sum(unassigned), 0)::int as unassigned,
         coalesce(sum(open) filter (where user_id = $2), 0)::int as mine
       from analytics_now where ${CHANNEL('$1')} and ($3::bigint is null or user_id in (${EVERYBODY}, $3))`,
      [channel, userId, visibleOnlyTo],
    );
    return row!;
  }

  /** Closings of a day; where a user is named, without those of conversations that were another user's. */
  async closedOn(day: string, channel: string | null, visibleOnlyTo: number | null): Promise<number> {
    const [row] = await this.work.current.prepared<{ closed: number }>(
      'analytics_closed_on',
      `select coalesce(sum(case when user_id = ${EVERYBODY} then closed when user_id <> $3 then -closed else 0 end), 0)::int as closed
       from analytics_day where day = $1::date and ${CHANNEL('$2')}`,
      [day, channel, visibleOnlyTo],
    );
    return row!.closed;
  }

  /** What happened in each part of the period in which anything did. */
  async counts({ from, to, channel, userId, by }: ReportFilter): Promise<PartCounts[]> {
    return await this.work.current.prepared<PartCounts>(
      'analytics_counts',
      `select ${PART} as part, sum(inbound)::int as inbound, sum(outbound_people)::int as "outboundPeople",
         sum(outbound_bots)::int as "outboundBots", sum(opened)::int as opened, sum(closed)::int as closed,
         sum(reopened)::int as reopened, sum(archived)::int as archived
       from analytics_day where user_id = $1 and day between $2::date and $3::date and ${CHANNEL('$4')}
       group by 1`,
      [userId, from, to, channel, by],
    );
  }

  /** How the values of these measures are spread in each part of the period. */
  async spreads(filter: ReportFilter, measures: Measure[]): Promise<PartBucket[]> {
    const { from, to, channel, userId, by } = filter;
    return await this.work.current.prepared<PartBucket>(
      'analytics_spreads',
      `select ${PART} as part, measure, bucket, sum(count)::int as count, sum(sum)::bigint as sum
       from analytics_spread where user_id = $1 and day between $2::date and $3::date and ${CHANNEL('$4')} and measure = any ($6)
       group by 1, 2, 3`,
      [userId, from, to, channel, by, measures],
    );
  }

  /** Users with a number in the period, by their ids. */
  async agents(period: Period, channel: string | null, limit: number, offset: number): Promise<AgentCounts[]> {
    return await this.work.current.query<AgentCounts>(
      `${AGENTS}
       select user_id as "userId", coalesce(messages, 0) as messages, coalesce(closed, 0) as closed,
         coalesce(reopened, 0) as reopened
       from did full join rated using (user_id) order by user_id limit $4 offset $5`,
      [period.from, period.to, channel, limit, offset],
    );
  }

  async countAgents(period: Period, channel: string | null): Promise<number> {
    const [row] = await this.work.current.query<{ count: number }>(
      `${AGENTS} select count(*)::int as count from did full join rated using (user_id)`,
      [period.from, period.to, channel],
    );
    return row!.count;
  }

  async spreadsOf(userIds: number[], { from, to }: Period, channel: string | null): Promise<AgentBucket[]> {
    return await this.work.current.query<AgentBucket>(
      `select user_id as "userId", measure, bucket, sum(count)::int as count, sum(sum)::bigint as sum
       from analytics_spread where user_id = any ($1) and day between $2::date and $3::date and ${CHANNEL('$4')}
       group by 1, 2, 3`,
      [userIds, from, to, channel],
    );
  }
}
