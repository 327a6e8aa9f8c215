import { Injectable, type OnModuleInit } from '@nestjs/common';
import { ContactTagsService } from '../contacts/contact-tags.service';
import { BotHandsService } from '../conversations/bot-hands.service';
import { CONVERSATION_EVENTS } from '../conversations/conversation.events';
import { ConversationsService } from '../conversations/conversations.service';
import { type Conversation, type ConversationDto, OPEN_STATUSES } from '../conversations/conversations.types';
import { MESSAGE_EVENTS } from '../messages/message.events';
import { MessagesService } from '../messages/messages.service';
import type { NewMessagePayload } from '../messages/messages.types';
import { UnitOfWork } from '../platform/database/unit-of-work';
import type { JournalConsumer } from '../platform/events/journal-consumer';
import { JournalConsumers } from '../platform/events/journal-consumers';
import type { JournalEvent } from '../platform/events/journal-reader';
import { BotAnswers } from './bot-answers.service';
import { BotRoster } from './bot-roster';
import { BotRulesRepository } from './bot-rules.repository';
import { BotWorkRepository, type NewTrigger } from './bot-work.repository';
import { BotsRepository } from './bots.repository';
import type { BotRule } from './bots.types';
import { isOpenAt } from './opening-hours';
import { holds, plain } from './plain-text';

/** Something the customer did, but nothing to be answered. */
const SILENT_TYPES: ReadonlySet<string> = new Set([
  'reaction',
  'system',
  'edit',
  'revoke',
  'request_welcome',
]);

/**
 * Follows the journal for the bots: notes which messages they are to act on, each once, and gives them the
 * conversations that the rules say. What they then do is a job per conversation (`bot-answers.service.ts`).
 */
@Injectable()
export class BotDispatch implements OnModuleInit, JournalConsumer {
  readonly name = 'bots';
  readonly types = [MESSAGE_EVENTS.NEW, CONVERSATION_EVENTS.ASSIGNED];

  constructor(
    private readonly consumers: JournalConsumers,
    private readonly work: UnitOfWork,
    private readonly roster: BotRoster,
    private readonly bots: BotsRepository,
    private readonly rules: BotRulesRepository,
    private readonly rows: BotWorkRepository,
    private readonly conversations: ConversationsService,
    private readonly hands: BotHandsService,
    private readonly tags: ContactTagsService,
    private readonly messages: MessagesService,
    private readonly answers: BotAnswers,
  ) {}

  onModuleInit(): void {
    this.consumers.register(this);
  }

  async workspaces(): Promise<number[]> {
    return await this.roster.current();
  }

  wants(event: JournalEvent): boolean {
    if (event.type !== MESSAGE_EVENTS.NEW) return true;
    const message = event.payload as unknown as NewMessagePayload;
    return (
      message.sender_type === 'contact' &&
      message.conversation.assigned_user === null &&
      !SILENT_TYPES.has(message.type)
    );
  }

  /** Of a workspace without bots nothing is looked up at once; a look every second settles what came of it. */
  isUrgent(event: JournalEvent): boolean {
    return this.roster.probably(event.workspaceId);
  }

  /** Each entry in a transaction of its own, or many messages in one: done again, all of it changes nothing. */
  async handle(workspaceId: number, events: JournalEvent[]): Promise<void> {
    if (!(await this.roster.has(workspaceId, events.at(-1)!.createdAt))) return;
    let triggers: NewTrigger[] = [];
    const flush = async (): Promise<void> => {
      const batch = triggers;
      triggers = [];
      if (batch.length > 0) await this.work.run({ workspaceId }, () => this.trigger(batch));
    };
    for (const event of events) {
      const trigger = triggerOf(event);
      if (trigger !== null) {
        triggers.push(trigger);
        continue;
      }
      await flush();
      await this.work.run({ workspaceId }, () =>
        event.type === MESSAGE_EVENTS.NEW ? this.applyRules(event) : this.changeHands(event),
      );
    }
    await flush();
  }

  private trigger(batch: NewTrigger[]): void {
    this.rows.addTriggers(batch);
    this.answers.enqueue(batch.map(({ conversationId }) => conversationId));
  }

  /** The conversation was given to somebody: a bot that gets it begins anew. */
  private async changeHands(event: JournalEvent): Promise<void> {
    const { id: conversationId, assigned_bot: botId } = event.payload as unknown as ConversationDto;
    const session = await this.rows.lockSession(conversationId);
    if (session !== null && session.sinceEvent >= event.id) return;
    if (botId === null) {
      if (session !== null) await this.rows.saveSession({ ...session, active: false, sinceEvent: event.id });
      return;
    }
    if (session?.active === true && session.botId === botId) {
      await this.rows.saveSession({ ...session, sinceEvent: event.id });
      return;
    }
    await this.begin(conversationId, botId, event.id, null);
  }

  /** A customer wrote into a conversation that nobody had. */
  private async applyRules(event: JournalEvent): Promise<void> {
    const message = event.payload as unknown as NewMessagePayload;
    const conversation = await this.conversations.lock(message.conversation_id);
    if (conversation === null || !OPEN_STATUSES.includes(conversation.status)) return;
    const session = await this.rows.lockSession(conversation.id);
    if (session !== null) return this.joinEarlier(conversation, session, message);
    if (conversation.assignedUser !== null || conversation.assignedBot !== null) return;
    const rule = await this.firstMatch(conversation, message);
    if (rule === null) return;
    await this.hands.take(conversation, rule.botId);
    await this.begin(conversation.id, rule.botId, event.id, message.id);
    this.trigger([{ messageId: message.id, conversationId: conversation.id, botId: rule.botId }]);
  }

  /** Written before the rule's decision about an earlier message was known: the bot's as well. */
  private joinEarlier(
    { id: conversationId, assignedBot }: Conversation,
    session: { botId: number; active: boolean; sinceMessage: number | null },
    message: NewMessagePayload,
  ): void {
    const follows = session.sinceMessage !== null && message.id > session.sinceMessage;
    if (follows && session.active && assignedBot === session.botId)
      this.trigger([{ messageId: message.id, conversationId, botId: session.botId }]);
  }

  private async firstMatch(conversation: Conversation, message: NewMessagePayload): Promise<BotRule | null> {
    const rules = await this.rules.inForce();
    if (rules.length === 0) return null;
    const isFirst = (await this.messages.upTo(conversation.id, message.id, 2)).length === 1;
    const tags = rules.some(({ tagId }) => tagId !== null)
      ? await this.tags.idsOf(conversation.contactId)
      : new Set<number>();
    const text = plain(message.body ?? '');
    const at = new Date(message.created_at);
    const matches = (rule: BotRule): boolean =>
      (rule.appliesTo === 'any_message' || isFirst) &&
      (rule.integrationId === null || rule.integrationId === conversation.integrationId) &&
      (rule.tagId === null || tags.has(rule.tagId)) &&
      (rule.keywords.length === 0 || rule.keywords.some((word) => holds(text, word))) &&
      (rule.hours === null || isOpenAt(rule.hours, at) === (rule.hours.when === 'inside'));
    return rules.find(matches) ?? null;
  }

  private async begin(
    conversationId: number,
    botId: number,
    sinceEvent: number,
    sinceMessage: number | null,
  ): Promise<void> {
    await this.rows.saveSession({
      conversationId,
      botId,
      active: true,
      menu: null,
      fallbacks: 0,
      sinceEvent,
      sinceMessage,
    });
    this.bots.add(botId, { conversations: 1 });
  }
}

function triggerOf(event: JournalEvent): NewTrigger | null {
  if (event.type !== MESSAGE_EVENTS.NEW) return null;
  const { id, conversation } = event.payload as unknown as NewMessagePayload;
  if (conversation.assigned_bot === null) return null;
  return { messageId: id, conversationId: conversation.id, botId: conversation.assigned_bot };
}
