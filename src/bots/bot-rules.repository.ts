import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../platform/database/unit-of-work';
import type { BotRule } from './bots.types';

export type RuleFields = Omit<BotRule, 'id' | 'botId' | 'createdAt' | 'updatedAt'>;

const COLUMNS = `r.id, r.bot_id as "botId", r.priority, r.enabled, r.applies_to as "appliesTo",
  r.integration_id as "integrationId", r.tag_id as "tagId", r.keywords, r.hours,
  r.created_at as "createdAt", r.updated_at as "updatedAt"`;

/** All SQL of the rules by which bots get conversations. Within an open unit of work. */
@Injectable()
export class BotRulesRepository {
  constructor(private readonly work: UnitOfWork) {}

  async list(botId: number, limit: number, offset: number): Promise<BotRule[]> {
    return await this.work.current.query<BotRule>(
      `select ${COLUMNS} from bot_rule r where bot_id = $1 order by priority, id limit $2 offset $3`,
      [botId, limit, offset],
    );
  }

  async count(botId: number): Promise<number> {
    const [row] = await this.work.current.query<{ count: number }>(
      'select count(*)::int as count from bot_rule where bot_id = $1',
      [botId],
    );
    return row!.count;
  }

  async lock(botId: number, id: number): Promise<BotRule | null> {
    const [row] = await this.work.current.query<BotRule>(
      `select ${COLUMNS} from bot_rule r where bot_id = $1 and id = $2 for no key update`,
      [botId, id],
    );
    return row ?? null;
  }

  async insert(botId: number, rule: RuleFields): Promise<BotRule> {
    const [row] = await this.work.current.query<BotRule>(
      `insert into bot_rule as r (bot_id, priority, enabled, applies_to, integration_id, tag_id, keywords, hours)
       values ($1, $2, $3, $4, $5, $6, $7, $8) returning ${COLUMNS}`,
      [botId, ...valuesOf(rule)],
    );
    return row!;
  }

  async update(id: number, rule: RuleFields): Promise<BotRule> {
    const [row] = await this.work.current.query<BotRule>(
      `update bot_rule as r set priority = $2, enabled = $3, applies_to = $4, integration_id = $5, tag_id = $6,
         keywords = $7, hours = $8, updated_at = now()
       where id = $1 returning ${COLUMNS}`,
      [id, ...valuesOf(rule)],
    );
    return row!;
  }

  async remove(botId: number, id: number): Promise<boolean> {
    const rows = await this.work.current.query(
      'delete from bot_rule where bot_id = $1 and id = $2 returning id',
      [botId, id],
    );
    return rows.length > 0;
  }

  async removeAllOf(botId: number): Promise<void> {
    await this.work.current.query('delete from bot_rule where bot_id = $1', [botId]);
  }

  /** Those that count at this moment, in the order in which they count. */
  async inForce(): Promise<BotRule[]> {
    return await this.work.current.prepared<BotRule>(
      'bot_rules_in_force',
      `select ${COLUMNS} from bot_rule r join bot b on b.id = r.bot_id
       where r.enabled and b.enabled and b.kind <> 'none' and b.deleted_at is null
       order by r.priority, r.id`,
      [],
    );
  }
}

function valuesOf(rule: RuleFields): unknown[] {
  return [
    rule.priority,
    rule.enabled,
    rule.appliesTo,
    rule.integrationId,
    rule.tagId,
    rule.keywords,
    rule.hours === null ? null : JSON.stringify(rule.hours),
  ];
}
