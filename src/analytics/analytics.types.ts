import type { Page } from '../common/page';

// A number of the API is whole, unless `@TJS-type` tells the description otherwise.

/**
 * `GET /analytics/summary`. Supervisors and admins: of the whole workspace. Employers: of the conversations they may
 * see, their own, nobody's and the bots'.
 */
export interface SummaryDto {
  /** Conversations there are, in any state. */
  total_conversations: number;
  /** Those that are open: in the queue, active or transferred. */
  active_conversations: number;
  /** Open ones with something unread. */
  unread_conversations: number;
  /** Open ones of the caller. */
  assigned_to_me: number;
  /** Open ones that neither a user nor a bot has. */
  unassigned: number;
  /** How often one was closed since midnight in UTC. */
  closed_today: number;
  /**
   * The mean time customers waited for an answer of a person, of all answers of the last 7 days in UTC, today included.
   * For employers: of their own answers. Null where there was none.
   * @TJS-type ["number", "null"]
   */
  average_response_seconds: number | null;
  /**
   * The same of today's answers.
   * @TJS-type ["number", "null"]
   */
  average_response_seconds_today: number | null;
}

/** How long something took. All null where nothing did. */
export interface TimesDto {
  /** How many times it was. */
  count: number;
  /**
   * The mean, exact.
   * @TJS-type ["number", "null"]
   */
  average_seconds: number | null;
  /**
   * Half of them took no longer; an estimate from how many lie between fixed bounds.
   * @TJS-type ["number", "null"]
   */
  median_seconds: number | null;
  /**
   * Nine tenths of them took no longer; an estimate likewise.
   * @TJS-type ["number", "null"]
   */
  p90_seconds: number | null;
}

/** What every report says about itself. */
export interface ReportHead {
  /** The first day. */
  from: string;
  /** The last day. */
  to: string;
  by: 'day' | 'week';
  /** Days begin at midnight there. */
  time_zone: 'UTC';
}

export interface ResponseTimesDto {
  /**
   * From a conversation's first message of the customer that waits for an answer to the first message of a person, once
   * for each conversation. On the day of the answer, of whoever answered. What bots say is no answer; closing without
   * one ends the waiting.
   */
  first: TimesDto;
  /** The same for every later turn of the customer: from its first message to the next one of a person. */
  later: TimesDto;
}

export interface ResponseTimesPartDto extends ResponseTimesDto {
  /** The day, or the Monday of the week. */
  starts_on: string;
}

/** `GET /analytics/response-times` */
export interface ResponseTimesReport extends ReportHead {
  totals: ResponseTimesDto;
  /** Every day or week of the period, the oldest first. */
  periods: ResponseTimesPartDto[];
}

export interface VolumeDto {
  /** Messages of customers, without reactions, notices, edits and withdrawals. Null for one user: they are nobody's. */
  inbound: number | null;
  /** Messages that people wrote, without reactions, whatever became of them. */
  outbound_people: number;
  /** Messages that bots wrote. Null for one user. */
  outbound_bots: number | null;
  /** Conversations that began. Null for one user. */
  opened: number | null;
  /** How often one was closed. Of a user: while it was theirs. */
  closed: number;
  /** How often a closed or archived one was opened again. Of a user: while it was theirs. */
  reopened: number;
  /** How often one was archived. Of a user: while it was theirs. */
  archived: number;
}

export interface VolumePartDto extends VolumeDto {
  /** The day, or the Monday of the week. */
  starts_on: string;
}

/** `GET /analytics/volume` */
export interface VolumeReport extends ReportHead {
  totals: VolumeDto;
  /** Every day or week of the period, the oldest first. */
  periods: VolumePartDto[];
}

export interface ResolutionDto {
  /** Conversations that began in the period. Null for one user: they are nobody's. */
  opened: number | null;
  /** How often one was closed in the period, whenever it began. Of a user: while it was theirs. */
  closed: number;
  /** How often one was opened again in the period. */
  reopened: number;
  /**
   * closed / opened: whether work keeps up with what comes in. More than 1 where older conversations were closed too, or
   * one was closed again. Null where none began, and for one user.
   * @TJS-type ["number", "null"]
   */
  rate: number | null;
  /** From the beginning, or from the last reopening, to the closing; on the day of the closing. */
  time: TimesDto;
}

export interface ResolutionPartDto extends ResolutionDto {
  /** The day, or the Monday of the week. */
  starts_on: string;
}

/** `GET /analytics/resolution` */
export interface ResolutionReport extends ReportHead {
  totals: ResolutionDto;
  /** Every day or week of the period, the oldest first. */
  periods: ResolutionPartDto[];
}

/** How many customers gave each score. */
export interface ScoresDto {
  '1': number;
  '2': number;
  '3': number;
  '4': number;
  '5': number;
}

export interface SatisfactionDto {
  /** Conversations that were rated, on the day of their first rating. Of a user: those that were theirs then. */
  ratings: number;
  /**
   * The mean of the scores, from 1 to 5. Null where there is none.
   * @TJS-type ["number", "null"]
   */
  average_score: number | null;
  /**
   * The share of ratings with 4 or 5, from 0 to 1. Null where there is none.
   * @TJS-type ["number", "null"]
   */
  satisfied_share: number | null;
  scores: ScoresDto;
}

export interface SatisfactionPartDto extends SatisfactionDto {
  /** The day, or the Monday of the week. */
  starts_on: string;
}

/** `GET /analytics/satisfaction` */
export interface SatisfactionReport extends ReportHead {
  totals: SatisfactionDto;
  /** Every day or week of the period, the oldest first. */
  periods: SatisfactionPartDto[];
}

/** What one user did in the period; each number as in the report of the same name with `user_id`. */
export interface AgentNumbersDto {
  user_id: number;
  /** Null where the user was deleted. */
  name: string | null;
  /** Messages the user wrote, as `outbound_people` of the volume. */
  messages: number;
  closed: number;
  reopened: number;
  first_response: TimesDto;
  later_responses: TimesDto;
  resolution: TimesDto;
  ratings: number;
  /** @TJS-type ["number", "null"] */
  average_score: number | null;
}

/** `GET /analytics/agents`: all for whom the period has a number, by their ids. */
export interface AgentsReport extends Page<AgentNumbersDto> {
  /** The first day. */
  from: string;
  /** The last day. */
  to: string;
  /** Days begin at midnight there. */
  time_zone: 'UTC';
}
