import { Injectable } from '@nestjs/common';
import type { Period } from '../common/period';
import { UnitOfWork } from '../platform/database/unit-of-work';
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

/** How many times something took, and how long all of them together. */
export interface Sum {
  count: number;
  ms: number;
}

export interface AgentCounts {
  userId: number;
  messages: number;
  closed: number;
  reopened: number;
  first: Sum;
  later: Sum;
  resolution: Sum;
  ratings: number;
  ratingSum: number;
}

const SUM = (count: string, ms: string): string =>
  `json_build_object('count', coalesce(sum(${count}), 0), 'ms', coalesce(sum(${ms}), 0))`;
const CHANNEL = (parameter: string): string => `(${parameter}::text is null or channel = ${parameter})`;

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
    return await this.work.current.prepared<AgentCounts>(
      'analytics_agents',
      `select user_id as "userId", sum(outbound_people)::int as messages, sum(closed)::int as closed, sum(reopened)::int as reopened,
         ${SUM('first_responses', 'first_response_ms')} as first, ${SUM('later_responses', 'later_response_ms')} as later,
         ${SUM('resolutions', 'resolution_ms')} as resolution, sum(ratings)::int as ratings, sum(rating_sum)::int as "ratingSum"
       from analytics_day where user_id > ${EVERYBODY} and day between $1::date and $2::date and ${CHANNEL('$3')}
       group by user_id order by user_id limit $4 offset $5`,
      [period.from, period.to, channel, limit, offset],
    );
  }

  async countAgents(period: Period, channel: string | null): Promise<number> {
    const [row] = await this.work.current.prepared<{ count: number }>(
      'analytics_count_agents',
      `select count(distinct user_id)::int as count
       from analytics_day where user_id > ${EVERYBODY} and day between $1::date and $2::date and ${CHANNEL('$3')}`,
      [period.from, period.to, channel],
    );
    return row!.count;
  }

  /** All answers of people in the period, first and later ones. */
  async answers({ from, to, channel, userId }: ReportFilter): Promise<Sum> {
    const [row] = await this.work.current.prepared<{ answers: Sum }>(
      'analytics_answers',
      `select ${SUM('first_responses + later_responses', 'first_response_ms + later_response_ms')} as answers
       from analytics_day where user_id = $1 and day between $2::date and $3::date and ${CHANNEL('$4')}`,
      [userId, from, to, channel],
    );
    return row!.answers;
  }
}
