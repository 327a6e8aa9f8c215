import { Injectable } from '@nestjs/common';
import type { StaffActor } from '../common/actor';
import { pageOf } from '../common/page';
import { visibleOnlyTo } from '../conversations/conversation.policy';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { UsersService } from '../users/users.service';
import type { AgentsQuery, ReportQuery, SummaryQuery } from './analytics.dto';
import {
  type AgentBucket,
  type AgentCounts,
  AnalyticsRepository,
  EVERYBODY,
  type Measure,
  type ReportFilter,
} from './analytics.repository';
import type {
  AgentNumbersDto,
  AgentsReport,
  ReportHead,
  ResolutionReport,
  ResponseTimesReport,
  SatisfactionReport,
  SummaryDto,
  VolumeReport,
} from './analytics.types';
import { averageOf, resolutionOf, satisfactionOf, timesOf, volumeOf } from './figures';
import { dayOf, daysUpTo, partsOf, periodOf } from './period';
import type { Bucket } from './spread';

const RESPONSES: Measure[] = ['first_response', 'later_response'];
const AVERAGE_DAYS = 7;

/** The numbers of the desk, all of them kept: no answer counts messages or conversations. What each means: docs/analytics.md. */
@Injectable()
export class AnalyticsService {
  constructor(
    private readonly work: UnitOfWork,
    private readonly rows: AnalyticsRepository,
    private readonly users: UsersService,
  ) {}

  /**
   * Of the conversations that the actor may see.
   *
   * @param of whose `assigned_to_me` are, where not the actor's; who may know is for the caller to decide
   */
  async summary(
    actor: StaffActor,
    { channel = null }: { channel?: string | null } | SummaryQuery = {},
    of = actor.userId,
  ): Promise<SummaryDto> {
    const only = visibleOnlyTo(actor);
    const now = new Date();
    const today = dayOf(now.getTime());
    const answers = {
      ...daysUpTo(now, AVERAGE_DAYS),
      channel,
      userId: only ?? EVERYBODY,
      by: 'day' as const,
    };
    return await this.work.read(actor, async () => {
      const [counts, closed, responses] = await Promise.all([
        this.rows.now(channel, of, only),
        this.rows.closedOn(today, channel, only),
        this.rows.spreads(answers, RESPONSES),
      ]);
      return {
        total_conversations: counts.conversations,
        active_conversations: counts.open,
        unread_conversations: counts.unread,
        assigned_to_me: counts.mine,
        unassigned: counts.unassigned,
        closed_today: closed,
        average_response_seconds: averageOf(responses),
        average_response_seconds_today: averageOf(responses.filter(({ part }) => part === today)),
      };
    });
  }

  async responseTimes(actor: StaffActor, query: ReportQuery): Promise<ResponseTimesReport> {
    return await this.report(query, async (filter, shared) => {
      const all = await this.work.read(actor, () => this.rows.spreads(filter, RESPONSES));
      const shown = (buckets: typeof all): ResponseTimesReport['totals'] => ({
        first: timesOf(buckets.filter(({ measure }) => measure === 'first_response')),
        later: timesOf(buckets.filter(({ measure }) => measure === 'later_response')),
      });
      const of = byPart(all);
      return {
        ...shared.head,
        totals: shown(all),
        periods: shared.parts.map((starts_on) => ({ starts_on, ...shown(of(starts_on)) })),
      };
    });
  }

  async volume(actor: StaffActor, query: ReportQuery): Promise<VolumeReport> {
    return await this.report(query, async (filter, { head, parts }) => {
      const all = await this.work.read(actor, () => this.rows.counts(filter));
      const isOfAll = filter.userId === EVERYBODY;
      const of = byPart(all);
      return {
        ...head,
        totals: volumeOf(all, isOfAll),
        periods: parts.map((starts_on) => ({ starts_on, ...volumeOf(of(starts_on), isOfAll) })),
      };
    });
  }

  async resolution(actor: StaffActor, query: ReportQuery): Promise<ResolutionReport> {
    return await this.report(query, async (filter, { head, parts }) => {
      const [counts, times] = await this.work.read(actor, () =>
        Promise.all([this.rows.counts(filter), this.rows.spreads(filter, ['resolution'])]),
      );
      const isOfAll = filter.userId === EVERYBODY;
      const [countsOf, timesIn] = [byPart(counts), byPart(times)];
      return {
        ...head,
        totals: resolutionOf(counts, times, isOfAll),
        periods: parts.map((starts_on) => ({
          starts_on,
          ...resolutionOf(countsOf(starts_on), timesIn(starts_on), isOfAll),
        })),
      };
    });
  }

  async satisfaction(actor: StaffActor, query: ReportQuery): Promise<SatisfactionReport> {
    return await this.report(query, async (filter, { head, parts }) => {
      const all = await this.work.read(actor, () => this.rows.spreads(filter, ['rating']));
      const of = byPart(all);
      return {
        ...head,
        totals: satisfactionOf(all),
        periods: parts.map((starts_on) => ({ starts_on, ...satisfactionOf(of(starts_on)) })),
      };
    });
  }

  async agents(actor: StaffActor, query: AgentsQuery): Promise<AgentsReport> {
    const period = periodOf(query, new Date());
    const channel = query.channel ?? null;
    return await this.work.read(actor, async () => {
      const [agents, total] = await Promise.all([
        this.rows.agents(period, channel, query.limit, query.offset),
        this.rows.countAgents(period, channel),
      ]);
      const ids = agents.map(({ userId }) => userId);
      const buckets = ids.length === 0 ? [] : await this.rows.spreadsOf(ids, period, channel);
      const names = new Map((await this.users.all(actor.workspaceId)).map(({ id, name }) => [id, name]));
      const data = agents.map((agent) =>
        agentOf(
          agent,
          names.get(agent.userId) ?? null,
          buckets.filter(({ userId }) => userId === agent.userId),
        ),
      );
      return { ...period, time_zone: 'UTC', ...pageOf(data, total, query) };
    });
  }

  private async report<T>(
    query: ReportQuery,
    make: (filter: ReportFilter, shared: { head: ReportHead; parts: string[] }) => Promise<T>,
  ): Promise<T> {
    const { by } = query;
    const period = periodOf(query, new Date());
    const filter = { ...period, by, channel: query.channel ?? null, userId: query.user_id ?? EVERYBODY };
    return await make(filter, { head: { ...period, by, time_zone: 'UTC' }, parts: partsOf(period, by) });
  }
}

function byPart<T extends { part: string }>(rows: T[]): (part: string) => T[] {
  const parts = new Map<string, T[]>();
  for (const row of rows) {
    const known = parts.get(row.part);
    if (known === undefined) parts.set(row.part, [row]);
    else known.push(row);
  }
  return (part) => parts.get(part) ?? [];
}

function agentOf(agent: AgentCounts, name: string | null, buckets: AgentBucket[]): AgentNumbersDto {
  const of = (wanted: Measure): Bucket[] => buckets.filter(({ measure }) => measure === wanted);
  const { ratings, average_score } = satisfactionOf(of('rating'));
  return {
    user_id: agent.userId,
    name,
    messages: agent.messages,
    closed: agent.closed,
    reopened: agent.reopened,
    first_response: timesOf(of('first_response')),
    later_responses: timesOf(of('later_response')),
    resolution: timesOf(of('resolution')),
    ratings,
    average_score,
  };
}
