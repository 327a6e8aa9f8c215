import type { SealedColumn } from '../platform/crypto/sealed-column';
import type { BotConfig, BotKind } from './bot-config.dto';
import type { OpeningHours } from './opening-hours';

export const BOT_SECRETS: SealedColumn = { table: 'bot', column: 'secret', boundTo: 'id' };

/** A bot as stored. */
export interface Bot {
  id: number;
  name: string;
  description: string | null;
  kind: BotKind;
  enabled: boolean;
  config: BotConfig;
  /** Sealed. */
  secret: string | null;
  secretEnd: string | null;
  createdAt: Date;
  updatedAt: Date;
}

/** What a bot has done. */
export interface BotCounters {
  /** Given to it. */
  conversations: number;
  /** Received while it had the conversation. */
  messages: number;
  /** Messages it sent. */
  replies: number;
  /** Conversations it gave to people. */
  handoffs: number;
  /** Messages that a menu did not understand. */
  fallbacks: number;
  /** Messages for which its service gave no usable answer. */
  failures: number;
  /** Messages it could not answer: the 24 hours were over, or somebody had taken over. */
  unanswered: number;
}

/** The same, as far as one transaction adds to it. */
export type BotCount = Partial<BotCounters> & {
  /** From the arrival of a message to the first reply. */
  answerMs?: number;
};

/** A bot as the API shows it. */
export interface BotDto {
  id: number;
  name: string;
  description: string | null;
  kind: BotKind;
  enabled: boolean;
  /** By kind; null for employers. */
  config: BotConfig | null;
  /** The last four characters of a webhook bot's secret. */
  secret_end: string | null;
  counters: BotCounters;
  /** Mean time from a message's arrival to the bot's first reply; null before the first one. */
  average_reply_ms: number | null;
  last_active_at: string | null;
  created_at: string;
  updated_at: string;
}

/** One day, in UTC. */
export interface BotDayDto extends BotCounters {
  day: string;
  average_reply_ms: number | null;
}

/** `GET /bots/:id/stats` */
export interface BotStatsDto {
  from: string;
  to: string;
  totals: BotCounters & { average_reply_ms: number | null };
  /** Days on which something happened, the oldest first. */
  days: BotDayDto[];
}

/** When a rule applies. */
export interface RuleHours extends OpeningHours {
  when: 'inside' | 'outside';
}

/** A rule as stored. */
export interface BotRule {
  id: number;
  botId: number;
  priority: number;
  enabled: boolean;
  appliesTo: 'new_conversation' | 'any_message';
  integrationId: number | null;
  tagId: number | null;
  keywords: string[];
  hours: RuleHours | null;
  createdAt: Date;
  updatedAt: Date;
}

/** A rule as the API shows it. */
export interface BotRuleDto {
  id: number;
  bot_id: number;
  /** Of several rules that match, the one with the lowest number counts. */
  priority: number;
  enabled: boolean;
  applies_to: 'new_conversation' | 'any_message';
  integration_id: number | null;
  tag_id: number | null;
  keywords: string[];
  hours: RuleHours | null;
  created_at: string;
  updated_at: string;
}

export function toBotRuleDto(rule: BotRule): BotRuleDto {
  return {
    id: rule.id,
    bot_id: rule.botId,
    priority: rule.priority,
    enabled: rule.enabled,
    applies_to: rule.appliesTo,
    integration_id: rule.integrationId,
    tag_id: rule.tagId,
    keywords: rule.keywords,
    hours: rule.hours,
    created_at: rule.createdAt.toISOString(),
    updated_at: rule.updatedAt.toISOString(),
  };
}
