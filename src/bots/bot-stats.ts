import type { BotDay } from './bots.repository';
import type { BotCounters, BotDayDto, BotStatsDto } from './bots.types';

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
