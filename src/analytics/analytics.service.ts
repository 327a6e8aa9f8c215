import { Injectable } from '@nestjs/common';
import { clock } from '../common/clock';
import type { StaffActor } from '../common/actor';
import { pageOf } from '../common/page';
import { dayOf, daysUpTo, partOf, partsOf, periodOf } from '../common/period';
import { visibleOnlyTo } from '../conversations/conversation.policy';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { ConversationsService } from '../conversations/conversations.service';
import { UsersService } from '../users/users.service';
import type { AgentsQuery, ReportQuery, SummaryQuery } from './analytics.dto';
import {
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
import {
  averageOf,
  averageScoreOf,
  meanTimeOf,
  resolutionOf,
  satisfactionOf,
  timesOf,
  volumeOf,
} from './figures';
import { spreadOf } from './spread';

const RESPONSES: Measure[] = ['first_response', 'later_response'];
const AVERAGE_DAYS = 7;

/** The numbers of the desk, all of them kept: no answer counts messages or conversations. What each means: docs/analytics.md. */
@Injectable()
export class AnalyticsService {
  constructor(
    private readonly work: UnitOfWork,
    private readonly rows: AnalyticsRepository,
    private readonly users: UsersService,
    private readonly conversations: ConversationsService,
  ) {}

  /**
   * Of the conversations that the actor may see.
   *
   * @param of whose `assigned_to_me` are, where not the actor's; who may know is for the caller to decide
   */
  async summary(actor: StaffActor, query: SummaryQuery = {}, of = actor.userId): Promise<SummaryDto> {
    const channel = query.channel ?? null;
    const only = visibleOnlyTo(actor);
    const now = clock.date();
    const today = dayOf(now.getTime());
    const answers = {
      ...daysUpTo(now, AVERAGE_DAYS),
      channel,
      userId: only ?? EVERYBODY,
    };
    return await this.work.read(actor, async () => {
      const [counts, closed, week, ofToday] = await Promise.all([
        this.conversations.tally(actor, of, channel),
        this.rows.closedOn(today, channel, only),
        this.rows.answers(answers),
        this.rows.answers({ ...answers, from: today }),
      ]);
      return {
        total_conversations: counts.conversations,
        active_conversations: counts.open,
        unread_conversations: counts.unread,
        assigned_to_me: counts.mine,
        unassigned: counts.unassigned,
        closed_today: closed,
        average_response_seconds: averageOf(week),
        average_response_seconds_today: averageOf(ofToday),
      };
    });
  }

  async responseTimes(actor: StaffActor, query: ReportQuery): Promise<ResponseTimesReport> {
    const { filter, head, parts } = reportOf(query);
    const all = await this.work.read(actor, () => this.rows.spreads(filter, RESPONSES));
    const shown = (rows: typeof all): ResponseTimesReport['totals'] => ({
      first: timesOf(spreadOf(rows.filter(({ measure }) => measure === 'first_response'))),
      later: timesOf(spreadOf(rows.filter(({ measure }) => measure === 'later_response'))),
    });
    const of = byPart(all, head.by);
    const periods = parts.map((starts_on) => ({ starts_on, ...shown(of(starts_on)) }));
    return { ...head, totals: shown(all), periods };
  }

  async volume(actor: StaffActor, query: ReportQuery): Promise<VolumeReport> {
    const { filter, head, parts } = reportOf(query);
    const all = await this.work.read(actor, () => this.rows.counts(filter));
    const isOfAll = filter.userId === EVERYBODY;
    const of = byPart(all, head.by);
    const periods = parts.map((starts_on) => ({ starts_on, ...volumeOf(of(starts_on), isOfAll) }));
    return { ...head, totals: volumeOf(all, isOfAll), periods };
  }

  async resolution(actor: StaffActor, query: ReportQuery): Promise<ResolutionReport> {
    const { filter, head, parts } = reportOf(query);
    const [counts, times] = await this.work.read(actor, () =>
      Promise.all([this.rows.counts(filter), this.rows.spreads(filter, ['resolution'])]),
    );
    const isOfAll = filter.userId === EVERYBODY;
    const [countsOf, timesIn] = [byPart(counts, head.by), byPart(times, head.by)];
    const periods = parts.map((starts_on) => ({
      starts_on,
      ...resolutionOf(countsOf(starts_on), spreadOf(timesIn(starts_on)), isOfAll),
    }));
    return { ...head, totals: resolutionOf(counts, spreadOf(times), isOfAll), periods };
  }

  async satisfaction(actor: StaffActor, query: ReportQuery): Promise<SatisfactionReport> {
    const { filter, head, parts } = reportOf(query);
    const all = await this.work.read(actor, () => this.rows.spreads(filter, ['rating']));
    const of = byPart(all, head.by);
    const periods = parts.map((starts_on) => ({ starts_on, ...satisfactionOf(spreadOf(of(starts_on))) }));
    return { ...head, totals: satisfactionOf(spreadOf(all)), periods };
  }

  async agents(actor: StaffActor, query: AgentsQuery): Promise<AgentsReport> {
    const period = periodOf(query, clock.date());
    const channel = query.channel ?? null;
    return await this.work.read(actor, async () => {
      const [agents, total] = await Promise.all([
        this.rows.agents(period, channel, query.limit, query.offset),
        this.rows.countAgents(period, channel),
      ]);
      const names = new Map((await this.users.all(actor.workspaceId)).map(({ id, name }) => [id, name]));
      const data = agents.map((agent) => agentOf(agent, names.get(agent.userId) ?? null));
      return { ...period, time_zone: 'UTC', ...pageOf(data, total, query) };
    });
  }
}

/** Which rows a report is made of, what it says about itself, and its parts. */
function reportOf(query: ReportQuery): { filter: ReportFilter; head: ReportHead; parts: string[] } {
  const { by } = query;
  const period = periodOf(query, clock.date());
  const filter = { ...period, channel: query.channel ?? null, userId: query.user_id ?? EVERYBODY };
  return { filter, head: { ...period, by, time_zone: 'UTC' }, parts: partsOf(period, by) };
}

function byPart<T extends { day: string }>(rows: T[], by: 'day' | 'week'): (part: string) => T[] {
  const parts = new Map<string, T[]>();
  for (const row of rows) {
    const part = partOf(row.day, by);
    const known = parts.get(part);
    if (known === undefined) parts.set(part, [row]);
    else known.push(row);
  }
  return (part) => parts.get(part) ?? [];
}

function agentOf(agent: AgentCounts, name: string | null): AgentNumbersDto {
  return {
    user_id: agent.userId,
    name,
    messages: agent.messages,
    closed: agent.closed,
    reopened: agent.reopened,
    first_response: meanTimeOf(agent.first),
    later_responses: meanTimeOf(agent.later),
    resolution: meanTimeOf(agent.resolution),
    ratings: agent.ratings,
    average_score: averageScoreOf(agent.ratings, agent.ratingSum),
  };
}
