import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { clock } from '../common/clock';
import { BotHandsService } from '../conversations/bot-hands.service';
import { audienceOf } from '../conversations/conversation.policy';
import { isWindowOpen } from '../conversations/conversation-window.policy';
import { ConversationsService } from '../conversations/conversations.service';
import { type Conversation, OPEN_STATUSES } from '../conversations/conversations.types';
import { MessagesService } from '../messages/messages.service';
import type { MessageDto } from '../messages/messages.types';
import type { ContentInput } from '../messages/outgoing.types';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { Journal } from '../platform/events/journal';
import { LOGGER } from '../platform/observability/observability.module';
import { BOT_EVENTS, type BotHandoff, type HandoffReason } from './bot.events';
import { type BotTrigger, BotWorkRepository, type Outcome } from './bot-work.repository';
import { BotsRepository } from './bots.repository';
import type { Bot, BotCount } from './bots.types';

/** Messages before the one in question that go with it. */
const HISTORY = 10;
/** A bot that says more than this has met another machine: a person had better look. */
const MAX_IN_MINUTE = 20;
const MAX_IN_HOUR = 100;

/** A message that a bot is to act on, and all that it acts on. The conversation is locked, and the bot's. */
export interface BotTurn {
  trigger: BotTrigger;
  bot: Bot;
  conversation: Conversation;
  message: MessageDto;
  history: MessageDto[];
}

/**
 * What bots do in conversations, each step within the open unit of work, in which the conversation is locked: whoever
 * takes it over does so before or after, and then the bot says nothing more.
 */
@Injectable()
export class BotTurns {
  constructor(
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly work: UnitOfWork,
    private readonly rows: BotWorkRepository,
    private readonly bots: BotsRepository,
    private readonly conversations: ConversationsService,
    private readonly hands: BotHandsService,
    private readonly messages: MessagesService,
    private readonly journal: Journal,
  ) {}

  /** Null where the bot is not to act (any more); the message is then done with. */
  async open(conversationId: number, trigger: BotTrigger): Promise<BotTurn | null> {
    const conversation = await this.conversations.lock(conversationId);
    const bot = await this.bots.find(trigger.botId);
    const said = await this.messages.upTo(conversationId, trigger.messageId, HISTORY + 1);
    const message = said.pop();
    if (conversation === null || bot === null || message?.id !== trigger.messageId) {
      await this.rows.finish(trigger.messageId, 'ignored');
      return null;
    }
    const turn: BotTurn = { trigger, bot, conversation, message, history: said };
    if (conversation.assignedBot !== bot.id) return await this.leave(turn, 'taken_over');
    if (!OPEN_STATUSES.includes(conversation.status) || bot.kind === 'none')
      return await this.leave(turn, 'ignored');
    if (!bot.enabled) return await this.bringPerson(turn, 'bot_disabled');
    if (!isWindowOpen(conversation, clock.date())) {
      this.logger.info({ bot: bot.id, message: message.id }, 'a bot may not answer after the 24 hours');
      return await this.leave(turn, 'window_closed');
    }
    const { inMinute, inHour } = await this.messages.recentOfBots(conversation.id);
    if (inMinute >= MAX_IN_MINUTE || inHour >= MAX_IN_HOUR)
      return await this.bringPerson(turn, 'too_many_replies');
    return turn;
  }

  /** Sends in this order; answers the time from the message's arrival to the first of them. */
  async say(
    turn: BotTurn,
    contents: ContentInput[],
  ): Promise<{ replies: number; answerMs: number | undefined }> {
    let answerMs: number | undefined;
    for (const [n, content] of contents.entries()) {
      const sent = await this.messages.sendAsBot(
        { workspaceId: this.work.current.workspaceId },
        {
          conversationId: turn.conversation.id,
          botId: turn.bot.id,
          content,
          clientMessageId: `bot:${turn.bot.id}:${turn.message.id}:${n}`,
        },
      );
      if (sent.kind === 'refused') throw new Error(`A bot was refused to speak: ${sent.because}.`);
      answerMs ??= Date.parse(sent.message.created_at) - Date.parse(turn.message.created_at);
    }
    return { replies: contents.length, answerMs };
  }

  /** Ends the turn with a person, after `text` was said. */
  async handOff(
    turn: BotTurn,
    reason: HandoffReason,
    { detail = null, text, count = {} }: { detail?: string | null; text?: string; count?: BotCount } = {},
  ): Promise<void> {
    const said = await this.say(turn, text === undefined ? [] : [{ type: 'text', body: text }]);
    await this.giveAway(turn, reason, detail, {
      ...count,
      replies: (count.replies ?? 0) + said.replies,
      answerMs: count.answerMs ?? said.answerMs,
    });
  }

  /** Ends the turn with a person, after all was said. */
  async giveAway(
    turn: BotTurn,
    reason: HandoffReason,
    detail: string | null,
    count: BotCount,
  ): Promise<void> {
    const after = await this.hands.handOff(turn.conversation);
    const payload: BotHandoff = { conversation_id: after.id, bot_id: turn.bot.id, reason, detail };
    this.journal.append({
      type: BOT_EVENTS.HANDOFF,
      conversationId: after.id,
      audience: audienceOf(after),
      payload,
    });
    const session = await this.rows.lockSession(after.id);
    if (session !== null) await this.rows.saveSession({ ...session, active: false });
    await this.end(turn, 'handed_off', { ...count, handoffs: 1 });
  }

  async giveTo(turn: BotTurn, userId: number, count: BotCount): Promise<void> {
    await this.hands.handTo(turn.conversation, userId);
    await this.end(turn, 'assigned', { ...count, handoffs: 1 });
  }

  async close(turn: BotTurn, count: BotCount): Promise<void> {
    await this.hands.close(turn.conversation);
    await this.end(turn, 'closed', count);
  }

  /** The message is done with. Last in its transaction, for the counters' sake. */
  async end(turn: BotTurn, outcome: Outcome, count: BotCount): Promise<void> {
    if (await this.rows.finish(turn.trigger.messageId, outcome))
      this.bots.add(turn.bot.id, { messages: 1, ...count });
  }

  private async leave(turn: BotTurn, outcome: Outcome): Promise<null> {
    await this.end(turn, outcome, outcome === 'ignored' ? {} : { unanswered: 1 });
    return null;
  }

  private async bringPerson(turn: BotTurn, reason: HandoffReason): Promise<null> {
    this.logger.warn({ bot: turn.bot.id, conversation: turn.conversation.id, reason }, 'a bot gave up');
    await this.giveAway(turn, reason, null, { unanswered: 1 });
    return null;
  }
}
