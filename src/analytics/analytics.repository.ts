import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../platform/database/unit-of-work';
import type { Period } from './period';
import type { Buckets } from './spread';

export type Measure = 'first_response' | 'later_response' | 'resolution' | 'rating';

/** All users together, in the tables of what is kept. */
export const EVERYBODY = 0;

export interface ReportFilter extends Period {
  channel: string | null;
  /** {@link EVERYBODY} or a user. */
  userId: number;
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

export interface CountsOfDay extends DayCounts {
  day: string;
}

export interface BucketsOfDay extends Buckets {
  day: string;
  measure: Measure;
}

export interface AgentCounts {
  userId: number;
  messages: number;
  closed: number;
  reopened: number;
}

export interface BucketsOfAgent extends Buckets {
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

  /** What happened on each day of the period on which anything did, of each channel. */
  async counts({ from, to, channel, userId }: ReportFilter): Promise<CountsOfDay[]> {
    return await this.work.current.prepared<CountsOfDay>(
      'analytics_counts',
      `select day::text, inbound, outbound_people as "outboundPeople", outbound_bots as "outboundBots", opened, closed,
         reopened, archived
       from analytics_day where user_id = $1 and day between $2::date and $3::date and ${CHANNEL('$4')}`,
      [userId, from, to, channel],
    );
  }

  /** How the values of these measures are spread on each day of the period. */
  async spreads({ from, to, channel, userId }: ReportFilter, measures: Measure[]): Promise<BucketsOfDay[]> {
    return await this.work.current.prepared<BucketsOfDay>(
      'analytics_spreads',
      `select day::text, measure, to_json(array_agg(bucket)) as buckets, to_json(array_agg(count)) as counts, sum(sum)::bigint as sum
       from analytics_spread
       where user_id = $1 and measure = any ($5) and day between $2::date and $3::date and ${CHANNEL('$4')}
       group by day, measure`,
      [userId, from, to, channel, measures],
    );
  }

  /** Users with a number in the period, by their ids. */
  async agents(
    period: Period,
    channel: string | null,
    limit: number,
    offset: number,
  ): Promise<AgentCounts[]> {
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

  /** The same of each of these users, of the whole period. */
  async spreadsOf(
    userIds: number[],
    { from, to }: Period,
    channel: string | null,
  ): Promise<BucketsOfAgent[]> {
    return await this.work.current.query<BucketsOfAgent>(
      `select user_id as "userId", measure, to_json(array_agg(bucket)) as buckets, to_json(array_agg(count)) as counts, sum(sum)::bigint as sum
       from (select user_id, measure, bucket, sum(count) as count, sum(sum) as sum from analytics_spread
             where user_id = any ($1) and day between $2::date and $3::date and ${CHANNEL('$4')} group by 1, 2, 3) b
       group by user_id, measure`,
      [userIds, from, to, channel],
    );
  }
}
