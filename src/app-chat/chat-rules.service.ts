import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { clock } from '../common/clock';
import { AppError, invalid } from '../common/app-error';
import { lengthOf } from '../common/text-rules';
import { CONFIG, type Config } from '../config/config';
import { ConversationMessages } from '../messages/conversation-messages.service';
import { LOGGER } from '../platform/observability/observability.module';
import type { ChatActor } from './chat-actor';
import { brokenBy, type SpamRule } from './chat-rules';

/** How far back the same text counts as said again, in ms and in messages of the conversation. */
const REPEATED_WITHIN_MS = 10 * 60_000;
const LOOK_BACK = 20;

/** What users of the live chat may say. A text is stored as it was written, or refused; never changed. */
@Injectable()
export class ChatRules {
  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly messages: ConversationMessages,
  ) {}

  requireSound({ text, file }: { text: string; file?: object | null }): void {
    const most = this.config.chat.messageMaxLength;
    if (lengthOf(text) > most) throw invalid('message', `The message may have at most ${most} characters.`);
    if (!file && text.trim() === '') throw invalid('message', 'The message is empty.');
  }

  /**
   * The rules that make it spam, where such messages are flagged; throws `SPAM_REFUSED` where they are refused. Within
   * the open unit of work; the conversation must be locked.
   */
  async judge(actor: ChatActor, conversationId: number, text: string): Promise<SpamRule[]> {
    const { action, maxRepeats, ...limits } = this.config.chat.spam;
    if (action === 'off' || text === '') return [];
    const rules = brokenBy(text, limits);
    if (maxRepeats > 0 && (await this.timesSaid(conversationId, text)) >= maxRepeats)
      rules.unshift('repeated');
    if (rules.length === 0) return [];
    const { workspaceId, chatUserId } = actor;
    this.logger.warn(
      { workspaceId, chatUserId, conversationId, rules, action },
      'a chat message was taken for spam',
    );
    if (action === 'flag') return rules;
    throw new AppError('SPAM_REFUSED', 'The message was taken for spam and is not stored.', { rules });
  }

  private async timesSaid(conversationId: number, text: string): Promise<number> {
    const since = new Date(clock.now() - REPEATED_WITHIN_MS).toISOString();
    const latest = await this.messages.older(conversationId, Number.MAX_SAFE_INTEGER, LOOK_BACK);
    return latest.filter((m) => m.sender_type === 'contact' && m.body === text && m.created_at >= since)
      .length;
  }
}
