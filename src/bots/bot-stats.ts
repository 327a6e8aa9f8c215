import { AppError } from '../common/app-error';
import type { BotStatsQuery } from './bots.dto';
import type { BotDay } from './bots.repository';
import type { BotCounters, BotDayDto, BotStatsDto } from './bots.types';

const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 30;
const MAX_DAYS = 366;

const COUNTERS = [
  'conversations',
  'messages',
  'replies',
  'handoffs',
  'fallbacks',
  'failures',
  'unanswered',
] as const satisfies readonly (keyof BotCounters)[];

/** The counters of a bot that has done nothing yet. */
export const NOTHING = {
  conversations: 0,
  messages: 0,
  replies: 0,
  handoffs: 0,
  fallbacks: 0,
  failures: 0,
  unanswered: 0,
  answered: 0,
  answerMs: 0,
};

/** Days in UTC, both included. */
export function statsPeriodOf({ from, to }: BotStatsQuery, now: Date): { from: string; to: string } {
  const end = to ?? dayOf(now.getTime());
  const start = from ?? dayOf(Date.parse(end) - (DEFAULT_DAYS - 1) * DAY_MS);
  for (const [field, day] of [
    ['from', start],
    ['to', end],
  ] as const)
    if (Number.isNaN(Date.parse(day)) || dayOf(Date.parse(day)) !== day)
      throw refused(field, `${field} is not a day of the calendar.`);
  const days = (Date.parse(end) - Date.parse(start)) / DAY_MS + 1;
  if (days < 1) throw refused('from', 'from is not later than to.');
  if (days > MAX_DAYS) throw refused('from', `At most ${MAX_DAYS} days at once.`);
  return { from: start, to: end };
}

export function statsOf(from: string, to: string, days: BotDay[]): BotStatsDto {
  const totals = { ...NOTHING };
  for (const day of days)
    for (const name of [...COUNTERS, 'answered', 'answerMs'] as const) totals[name] += day[name];
  return {
    from,
    to,
    totals: shown(totals),
    days: days.map((day): BotDayDto => ({ day: day.day, ...shown(day) })),
  };
}

export function averageOf({ answered, answerMs }: { answered: number; answerMs: number }): number | null {
  return answered === 0 ? null : Math.round(answerMs / answered);
}

function shown(sums: Omit<BotDay, 'day'>): BotCounters & { average_reply_ms: number | null } {
  const { conversations, messages, replies, handoffs, fallbacks, failures, unanswered } = sums;
  return {
    conversations,
    messages,
    replies,
    handoffs,
    fallbacks,
    failures,
    unanswered,
    average_reply_ms: averageOf(sums),
  };
}

function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

function refused(field: string, problem: string): AppError {
  return new AppError('VALIDATION_FAILED', problem, [{ field, problem }]);
}
