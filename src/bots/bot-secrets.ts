import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { contextOf } from '../platform/crypto/sealed-column';
import { SecretBox } from '../platform/crypto/secret-box';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { LOGGER } from '../platform/observability/observability.module';
import { BOT_SECRETS } from './bots.types';

/** Seals the secrets of webhook bots. Within the open unit of work. */
@Injectable()
export class BotSecrets {
  constructor(
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly work: UnitOfWork,
    private readonly box: SecretBox,
  ) {}

  seal(botId: number, secret: string): string {
    return this.box.seal(secret, this.contextOf(botId));
  }

  /** Null where there is none, or where it was sealed with another key. */
  open(bot: { id: number; secret: string | null }): string | null {
    if (bot.secret === null) return null;
    try {
      return this.box.open(bot.secret, this.contextOf(bot.id));
    } catch (err) {
      this.logger.error({ err, bot: bot.id }, 'the stored secret of a bot cannot be opened');
      return null;
    }
  }

  private contextOf(botId: number): string {
    return contextOf(BOT_SECRETS, this.work.current.workspaceId, botId);
  }
}
