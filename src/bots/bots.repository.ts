import { Injectable } from '@nestjs/common';
import { containing } from '../common/search-text';
import { orderTerms } from '../common/sorting';
import { UnitOfWork } from '../platform/database/unit-of-work';
import type { BotConfig, BotKind } from './bot-config.dto';
import type { Bot, BotCount, BotCounters } from './bots.types';

export interface BotFilter {
  search?: string;
  kind?: BotKind;
  enabled?: boolean;
}

export interface BotFields {
  name: string;
  description: string | null;
  kind: BotKind;
  enabled: boolean;
  config: BotConfig;
}

/** Counters of some time together. */
export interface BotSums extends BotCounters {
  botId: number;
  answered: number;
  answerMs: number;
  lastActiveAt: Date;
}

/** Counters of one day. */
export interface BotDay extends Omit<BotSums, 'botId' | 'lastActiveAt'> {
  day: string;
}

const COLUMNS = `id, name, description, kind, enabled, config, secret, secret_end as "secretEnd",
  created_at as "createdAt", updated_at as "updatedAt"`;

const FILTER = `deleted_at is null and ($1::text is null or name ilike $1 or description ilike $1)
  and ($2::text is null or kind = $2) and ($3::boolean is null or enabled = $3)`;

const SORTS = { id: 'id', name: 'name', created_at: 'created_at' };

const COUNTERS = [
  'conversations',
  'messages',
  'replies',
  'handoffs',
  'fallbacks',
  'failures',
  'unanswered',
] as const;

/** All SQL of bots and of what they have done. Within an open unit of work. */
@Injectable()
export class BotsRepository {
  constructor(private readonly work: UnitOfWork) {}

  async list(filter: BotFilter, sort: string, limit: number, offset: number): Promise<Bot[]> {
    return await this.work.current.query<Bot>(
      `select ${COLUMNS} from bot where ${FILTER} order by ${orderTerms(sort, SORTS)} limit $4 offset $5`,
      [...valuesOf(filter), limit, offset],
    );
  }

  async count(filter: BotFilter): Promise<number> {
    const [row] = await this.work.current.query<{ count: number }>(
      `select count(*)::int as count from bot where ${FILTER}`,
      valuesOf(filter),
    );
    return row!.count;
  }

  async find(id: number): Promise<Bot | null> {
    const [row] = await this.work.current.prepared<Bot>(
      'bot_find',
      `select ${COLUMNS} from bot where id = $1 and deleted_at is null`,
      [id],
    );
    return row ?? null;
  }

  async lock(id: number): Promise<Bot | null> {
    const [row] = await this.work.current.query<Bot>(
      `select ${COLUMNS} from bot where id = $1 and deleted_at is null for no key update`,
      [id],
    );
    return row ?? null;
  }

  async insert(bot: BotFields): Promise<Bot> {
    const [row] = await this.work.current.query<Bot>(
      `insert into bot (name, description, kind, enabled, config) values ($1, $2, $3, $4, $5) returning ${COLUMNS}`,
      [bot.name, bot.description, bot.kind, bot.enabled, JSON.stringify(bot.config)],
    );
    return row!;
  }

  async update(id: number, bot: BotFields): Promise<Bot> {
    const [row] = await this.work.current.query<Bot>(
      `update bot set name = $2, description = $3, kind = $4, enabled = $5, config = $6, updated_at = now()
       where id = $1 returning ${COLUMNS}`,
      [id, bot.name, bot.description, bot.kind, bot.enabled, JSON.stringify(bot.config)],
    );
    return row!;
  }

  async setSecret(id: number, sealed: string, end: string): Promise<Bot> {
    const [row] = await this.work.current.query<Bot>(
      `update bot set secret = $2, secret_end = $3, updated_at = now() where id = $1 returning ${COLUMNS}`,
      [id, sealed, end],
    );
    return row!;
  }

  /** Fails with a foreign key violation where a conversation is (still, or again) the bot's. */
  async remove(id: number): Promise<void> {
    await this.work.current.query(
      `update bot set deleted_at = now(), enabled = false, secret = null, secret_end = null, updated_at = now()
       where id = $1 and deleted_at is null`,
      [id],
    );
  }

  /** Adds to the bot's counters of today. As late in the transaction as possible: others of the bot wait for it. */
  add(botId: number, count: BotCount): void {
    const answered = count.answerMs === undefined ? 0 : 1;
    this.work.current.send(
      'bot_count',
      `insert into bot_daily as d (bot_id, day, ${COUNTERS.join(', ')}, answered, answer_ms)
       values ($1, (now() at time zone 'UTC')::date, $2, $3, $4, $5, $6, $7, $8, $9, $10)
       on conflict (workspace_id, bot_id, day) do update set
         ${[...COUNTERS, 'answered', 'answer_ms'].map((name) => `${name} = d.${name} + excluded.${name}`).join(', ')},
         last_active_at = now()`,
      [
        botId,
        ...COUNTERS.map((name) => count[name] ?? 0),
        answered,
        Math.max(0, Math.round(count.answerMs ?? 0)),
      ],
    );
  }

  async sums(botIds: number[]): Promise<BotSums[]> {
    return await this.work.current.query<BotSums>(
      `select bot_id as "botId", ${COUNTERS.map((name) => `sum(${name})::int as ${name}`).join(', ')},
         sum(answered)::int as answered, sum(answer_ms)::bigint as "answerMs", max(last_active_at) as "lastActiveAt"
       from bot_daily where bot_id = any ($1) group by bot_id`,
      [botIds],
    );
  }

  async days(botId: number, from: string, to: string): Promise<BotDay[]> {
    return await this.work.current.query<BotDay>(
      `select to_char(day, 'YYYY-MM-DD') as day, ${COUNTERS.join(', ')}, answered, answer_ms as "answerMs"
       from bot_daily where bot_id = $1 and day between $2::date and $3::date order by bot_daily.day`,
      [botId, from, to],
    );
  }
}

function valuesOf({ search, kind, enabled }: BotFilter): unknown[] {
  return [search === undefined ? null : containing(search), kind ?? null, enabled ?? null];
}
