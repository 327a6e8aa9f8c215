import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { Actor, StaffActor } from '../common/actor';
import { AppError, notFound } from '../common/app-error';
import { type Page, type PageQuery, pageOf } from '../common/page';
import { audienceOf } from '../conversations/conversation.policy';
import { ConversationsService } from '../conversations/conversations.service';
import { OPEN_STATUSES, toConversationState } from '../conversations/conversations.types';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { Journal } from '../platform/events/journal';
import { MESSAGE_EVENTS } from './message.events';
import type { CreateMessageDto } from './messages.dto';
import { MessagesRepository } from './messages.repository';
import { type Message, type MessageDto, type NewMessagePayload, toMessageDto } from './messages.types';
import { Outbox } from './outbox.service';

/** What staff say, and what has been said. */
@Injectable()
export class MessagesService implements OnModuleInit {
  constructor(
    private readonly work: UnitOfWork,
    private readonly messages: MessagesRepository,
    private readonly conversations: ConversationsService,
    private readonly journal: Journal,
    private readonly outbox: Outbox,
  ) {}

  onModuleInit(): void {
    this.conversations.useLastMessages({
      byIds: async (ids) => new Map((await this.messages.findMany(ids)).map((m) => [m.id, toMessageDto(m)])),
    });
  }

  /** Stores a reply and queues it for its channel, all or nothing. The answer's state is `pending`. */
  async create(actor: StaffActor, input: CreateMessageDto): Promise<MessageDto> {
    return await this.work.run(actor, async () => {
      const conversation = await this.conversations.lockVisible(actor, input.conversation_id);
      const clientMessageId = input.client_message_id ?? null;
      if (clientMessageId !== null) {
        const earlier = await this.messages.findByClientId(conversation.id, clientMessageId);
        if (earlier !== null) return answerAgain(actor, earlier, input);
      }
      if (!OPEN_STATUSES.includes(conversation.status)) {
        throw new AppError(
          'CONVERSATION_CLOSED',
          'The conversation is closed; the next message of the customer opens a new one.',
        );
      }
      const replyToId = input.reply_to_id ?? null;
      if (replyToId !== null) await this.requireIn(conversation.id, replyToId);
      const message = await this.messages.insertOutbound({
        conversationId: conversation.id,
        senderType: 'user',
        senderUser: actor.userId,
        senderBot: null,
        type: 'text',
        body: input.body,
        payload: null,
        replyToId,
        clientMessageId,
      });
      const after = await this.conversations.setLastMessage(conversation.id, message!.id);
      const dto = toMessageDto(message!);
      this.journal.append({
        type: MESSAGE_EVENTS.NEW,
        conversationId: conversation.id,
        audience: audienceOf(after),
        payload: { ...dto, conversation: toConversationState(after) } satisfies NewMessagePayload,
      });
      await this.outbox.enqueue(conversation.id);
      return dto;
    });
  }

  async get(actor: Actor, id: number): Promise<MessageDto> {
    return await this.work.run(actor, async () => {
      const [message] = await this.messages.findMany([id]);
      const visible =
        message === undefined
          ? new Set()
          : await this.conversations.visibleAmong(actor, [message.conversationId]);
      if (message === undefined || !visible.has(message.conversationId)) throw notFound('message');
      return toMessageDto(message);
    });
  }

  /** Newest first. */
  async history(actor: Actor, conversationId: number, query: PageQuery): Promise<Page<MessageDto>> {
    return await this.work.run(actor, async () => {
      await this.conversations.requireVisible(actor, conversationId);
      const rows = await this.messages.history(conversationId, query.limit, query.offset);
      return pageOf(rows.map(toMessageDto), await this.messages.countOf(conversationId), query);
    });
  }

  private async requireIn(conversationId: number, messageId: number): Promise<void> {
    const [quoted] = await this.messages.findMany([messageId]);
    if (quoted?.conversationId !== conversationId) {
      throw new AppError('VALIDATION_FAILED', 'reply_to_id is not a message of this conversation.');
    }
  }
}

/** The same send once more gets the same message; the same id with something else in it is a mistake. */
function answerAgain(actor: StaffActor, earlier: Message, input: CreateMessageDto): MessageDto {
  if (
    earlier.body !== input.body ||
    earlier.replyToId !== (input.reply_to_id ?? null) ||
    earlier.senderUser !== actor.userId
  ) {
    throw new AppError('IDEMPOTENCY_KEY_REUSED', 'This client_message_id was used for another message.');
  }
  return toMessageDto(earlier);
}
