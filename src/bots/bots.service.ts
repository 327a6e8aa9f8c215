import { Injectable } from '@nestjs/common';
import { clock } from '../common/clock';
import { AuditService } from '../audit/audit.service';
import { includesLevel } from '../common/access-level';
import type { StaffActor } from '../common/actor';
import { AppError, notFound } from '../common/app-error';
import { type Page, pageOf } from '../common/page';
import { periodOf } from '../common/period';
import { BotHandsService } from '../conversations/bot-hands.service';
import { FOREIGN_KEY_VIOLATION, sqlState } from '../platform/database/database-errors';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { configOf } from './bot-config.dto';
import { BotRulesRepository } from './bot-rules.repository';
import { BotSecrets } from './bot-secrets';
import { averageOf, NOTHING, statsOf } from './bot-stats';
import type { BotQuery, BotStatsQuery, CreateBotDto, UpdateBotDto } from './bots.dto';
import { type BotFields, BotsRepository, type BotSums } from './bots.repository';
import type { Bot, BotDto, BotStatsDto } from './bots.types';

/** Conversations of a deleted bot that one transaction gives back: few enough that nobody waits for it. */
const RELEASED_AT_ONCE = 200;
const DELETE_TRIES = 5;

/** Bots as things that admins make and change. What they do: `BotDispatch` and `BotAnswers`. */
@Injectable()
export class BotsService {
  constructor(
    private readonly work: UnitOfWork,
    private readonly bots: BotsRepository,
    private readonly rules: BotRulesRepository,
    private readonly secrets: BotSecrets,
    private readonly hands: BotHandsService,
    private readonly audit: AuditService,
  ) {}

  async list(actor: StaffActor, query: BotQuery): Promise<Page<BotDto>> {
    return await this.work.run(actor, async () => {
      const filter = { search: query.search, kind: query.kind, enabled: query.enabled };
      const rows = await this.bots.list(filter, query.sort, query.limit, query.offset);
      return pageOf(await this.toDtos(actor, rows), await this.bots.count(filter), query);
    });
  }

  async get(actor: StaffActor, id: number): Promise<BotDto> {
    return await this.work.run(actor, async () => await this.toDto(actor, await this.require(id)));
  }

  async stats(actor: StaffActor, id: number, query: BotStatsQuery): Promise<BotStatsDto> {
    const { from, to } = periodOf(query, clock.date());
    return await this.work.run(actor, async () => {
      await this.require(id);
      return statsOf(from, to, await this.bots.days(id, from, to));
    });
  }

  async create(actor: StaffActor, input: CreateBotDto): Promise<BotDto> {
    const fields: BotFields = {
      name: input.name,
      description: input.description ?? null,
      kind: input.kind,
      enabled: input.enabled,
      config: configOf(input.kind, input.config),
    };
    if (input.kind === 'webhook' && input.secret === undefined) throw secretMissing();
    return await this.work.run(actor, async () => {
      let bot = await this.bots.insert(fields);
      if (input.secret !== undefined) bot = await this.setSecret(bot.id, input.secret);
      this.record(actor, 'bot.create', bot);
      return await this.toDto(actor, bot);
    });
  }

  async update(actor: StaffActor, id: number, input: UpdateBotDto): Promise<BotDto> {
    return await this.work.run(actor, async () => {
      const before = await this.bots.lock(id);
      if (before === null) throw notFound('bot');
      const kind = input.kind ?? before.kind;
      if (kind !== before.kind && input.config === undefined && kind !== 'none')
        throw new AppError('VALIDATION_FAILED', 'A bot of another kind needs a config of that kind.', [
          { field: 'config', problem: 'config is required' },
        ]);
      if (kind === 'webhook' && before.secret === null && input.secret === undefined) throw secretMissing();
      let bot = await this.bots.update(id, {
        name: input.name ?? before.name,
        description: input.description === undefined ? before.description : input.description,
        kind,
        enabled: input.enabled ?? before.enabled,
        config: configOf(kind, input.config ?? (kind === before.kind ? before.config : {})),
      });
      if (input.secret !== undefined) bot = await this.setSecret(id, input.secret);
      this.record(actor, 'bot.update', bot, { secret_changed: input.secret !== undefined });
      return await this.toDto(actor, bot);
    });
  }

  /**
   * Its open conversations go back into the queue; what it said stays, with its name. In several transactions: first
   * no rule gives it anything more, then it loses what it has, and with the last of that it is gone.
   */
  async remove(actor: StaffActor, id: number): Promise<void> {
    await this.work.run(actor, async () => {
      const bot = await this.bots.lock(id);
      if (bot === null) throw notFound('bot');
      await this.bots.update(id, { ...bot, enabled: false });
      await this.rules.removeAllOf(id);
    });
    for (let tries = 1; !(await this.tryRemove(actor, id, tries < DELETE_TRIES));) tries++;
  }

  /** False while conversations are left, or while somebody gives it new ones. */
  private async tryRemove(actor: StaffActor, id: number, mayFail: boolean): Promise<boolean> {
    try {
      while ((await this.release(actor, id)) === RELEASED_AT_ONCE);
      await this.work.run(actor, async () => {
        const bot = await this.bots.find(id);
        if (bot === null) return; // somebody else deleted it at the same time
        await this.bots.remove(id);
        this.record(actor, 'bot.delete', bot);
      });
      return true;
    } catch (error) {
      if (sqlState(error) !== FOREIGN_KEY_VIOLATION) throw error;
      if (mayFail) return false;
      throw new AppError('CONFLICT', 'The bot is being given conversations at this moment; try again.');
    }
  }

  private async release(actor: StaffActor, id: number): Promise<number> {
    return await this.work.run(actor, () => this.hands.releaseAllOf(id, RELEASED_AT_ONCE));
  }

  private async setSecret(id: number, secret: string): Promise<Bot> {
    return await this.bots.setSecret(id, this.secrets.seal(id, secret), secret.slice(-4));
  }

  private async require(id: number): Promise<Bot> {
    const bot = await this.bots.find(id);
    if (bot === null) throw notFound('bot');
    return bot;
  }

  private record(actor: StaffActor, action: string, bot: Bot, more: object = {}): void {
    const { name, kind, enabled } = bot;
    this.audit.record({
      actor,
      action,
      subject: { type: 'bot', id: bot.id },
      details: { name, kind, enabled, ...more },
    });
  }

  private async toDto(actor: StaffActor, bot: Bot): Promise<BotDto> {
    return (await this.toDtos(actor, [bot]))[0]!;
  }

  private async toDtos(actor: StaffActor, bots: Bot[]): Promise<BotDto[]> {
    const sums = new Map((await this.bots.sums(bots.map(({ id }) => id))).map((row) => [row.botId, row]));
    // The address of a service may hold what lets one in there.
    const open = includesLevel(actor.level, 'supervisor');
    return bots.map((bot) => toBotDto(bot, sums.get(bot.id) ?? null, open));
  }
}

function toBotDto(bot: Bot, sums: BotSums | null, open: boolean): BotDto {
  const { conversations, messages, replies, handoffs, fallbacks, failures, unanswered } = sums ?? NOTHING;
  return {
    id: bot.id,
    name: bot.name,
    description: bot.description,
    kind: bot.kind,
    enabled: bot.enabled,
    config: open ? bot.config : null,
    secret_end: bot.secretEnd,
    counters: { conversations, messages, replies, handoffs, fallbacks, failures, unanswered },
    average_reply_ms: averageOf(sums ?? NOTHING),
    last_active_at: sums?.lastActiveAt.toISOString() ?? null,
    created_at: bot.createdAt.toISOString(),
    updated_at: bot.updatedAt.toISOString(),
  };
}

function secretMissing(): AppError {
  return new AppError('VALIDATION_FAILED', 'A webhook bot needs a secret.', [
    { field: 'secret', problem: 'secret is required' },
  ]);
}
