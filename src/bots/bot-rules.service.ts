import { Injectable } from '@nestjs/common';
import { AuditService } from '../audit/audit.service';
import type { StaffActor } from '../common/actor';
import { AppError, notFound } from '../common/app-error';
import { type Page, type PageQuery, pageOf } from '../common/page';
import { FOREIGN_KEY_VIOLATION, sqlState } from '../platform/database/database-errors';
import { UnitOfWork } from '../platform/database/unit-of-work';
import type { CreateBotRuleDto, UpdateBotRuleDto } from './bot-rule.dto';
import { BotRulesRepository, type RuleFields } from './bot-rules.repository';
import { BotsRepository } from './bots.repository';
import { type BotRule, type BotRuleDto, toBotRuleDto } from './bots.types';

/** Of one bot: all rules of a workspace are looked through for every new conversation. */
const MAX_RULES = 50;

/** The rules by which bots get conversations, as things that admins make and change. */
@Injectable()
export class BotRulesService {
  constructor(
    private readonly work: UnitOfWork,
    private readonly bots: BotsRepository,
    private readonly rules: BotRulesRepository,
    private readonly audit: AuditService,
  ) {}

  async list(actor: StaffActor, botId: number, query: PageQuery): Promise<Page<BotRuleDto>> {
    return await this.work.run(actor, async () => {
      if ((await this.bots.find(botId)) === null) throw notFound('bot');
      const rows = await this.rules.list(botId, query.limit, query.offset);
      return pageOf(rows.map(toBotRuleDto), await this.rules.count(botId), query);
    });
  }

  async create(actor: StaffActor, botId: number, input: CreateBotRuleDto): Promise<BotRuleDto> {
    return await this.saved(actor, 'bot_rule.create', botId, async () => {
      if ((await this.rules.count(botId)) >= MAX_RULES)
        throw new AppError('CONFLICT', `A bot has at most ${MAX_RULES} rules.`);
      return await this.rules.insert(botId, {
        priority: input.priority,
        enabled: input.enabled,
        appliesTo: input.applies_to,
        integrationId: input.integration_id ?? null,
        tagId: input.tag_id ?? null,
        keywords: input.keywords,
        hours: input.hours ?? null,
      });
    });
  }

  async update(actor: StaffActor, botId: number, id: number, input: UpdateBotRuleDto): Promise<BotRuleDto> {
    return await this.saved(actor, 'bot_rule.update', botId, async () => {
      const before = await this.rules.lock(botId, id);
      if (before === null) throw notFound('rule');
      return await this.rules.update(id, changed(before, input));
    });
  }

  async remove(actor: StaffActor, botId: number, id: number): Promise<void> {
    await this.work.run(actor, async () => {
      if (!(await this.rules.remove(botId, id))) throw notFound('rule');
      this.record(actor, 'bot_rule.delete', id, { bot_id: botId });
    });
  }

  /** The bot is locked first, so that nobody deletes it or adds rules beside us. */
  private async saved(
    actor: StaffActor,
    action: string,
    botId: number,
    write: () => Promise<BotRule>,
  ): Promise<BotRuleDto> {
    try {
      return await this.work.run(actor, async () => {
        if ((await this.bots.lock(botId)) === null) throw notFound('bot');
        const dto = toBotRuleDto(await write());
        this.record(actor, action, dto.id, dto);
        return dto;
      });
    } catch (error) {
      if (sqlState(error) !== FOREIGN_KEY_VIOLATION) throw error;
      throw new AppError('VALIDATION_FAILED', 'There is no such integration or no such tag.');
    }
  }

  private record(actor: StaffActor, action: string, id: number, details: object): void {
    this.audit.record({ actor, action, subject: { type: 'bot_rule', id }, details });
  }
}

function changed(before: BotRule, input: UpdateBotRuleDto): RuleFields {
  return {
    priority: input.priority ?? before.priority,
    enabled: input.enabled ?? before.enabled,
    appliesTo: input.applies_to ?? before.appliesTo,
    integrationId: input.integration_id === undefined ? before.integrationId : input.integration_id,
    tagId: input.tag_id === undefined ? before.tagId : input.tag_id,
    keywords: input.keywords ?? before.keywords,
    hours: input.hours === undefined ? before.hours : input.hours,
  };
}
