import { Injectable } from '@nestjs/common';
import { AuditService } from '../audit/audit.service';
import type { StaffActor } from '../common/actor';
import { AppError, notFound } from '../common/app-error';
import { audienceOf, seesEverything } from '../conversations/conversation.policy';
import { ConversationsService } from '../conversations/conversations.service';
import { type Conversation, toConversationState } from '../conversations/conversations.types';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { Journal } from '../platform/events/journal';
import { AttachmentsService } from './attachments.service';
import { type LockedMessage, MessageChangesRepository } from './message-changes.repository';
import { MESSAGE_EVENTS } from './message.events';
import { type Message, type MessageDto, type NewMessagePayload, toMessageDto } from './messages.types';
import { Outbox } from './outbox.service';

/**
 * What is changed about messages afterwards. WhatsApp lets no business change or take back what it has been given;
 * customers may delete what they wrote.
 */
@Injectable()
export class MessageChangesService {
  constructor(
    private readonly work: UnitOfWork,
    private readonly messages: MessageChangesRepository,
    private readonly conversations: ConversationsService,
    private readonly attachments: AttachmentsService,
    private readonly outbox: Outbox,
    private readonly journal: Journal,
    private readonly audit: AuditService,
  ) {}

  /** Another text for a message of which no try to send it has begun; the same text is always right. */
  async edit(actor: StaffActor, id: number, body: string): Promise<MessageDto> {
    return await this.work.run(actor, async () => {
      const { message, conversation } = await this.lock(actor, id);
      requireOwn(actor, message);
      if (message.deletedAt === null && message.body === body) return toMessageDto(message);
      if (message.deletedAt !== null || message.type !== 'text' || !isWaiting(message)) {
        throw new AppError(
          'CONFLICT',
          'Only a text that has not been sent yet can be changed; this one is on its way, or deleted, or no text.',
        );
      }
      const dto = toMessageDto(await this.messages.setBody(id, body));
      this.journal.append({
        type: MESSAGE_EVENTS.UPDATED,
        conversationId: conversation.id,
        audience: audienceOf(conversation),
        payload: dto,
      });
      this.record(actor, 'message.update', message);
      return dto;
    });
  }

  /**
   * Hides what a message says, from everybody and for good; one that has not been sent is never sent. Again is no
   * mistake and changes nothing.
   */
  async delete(actor: StaffActor, id: number): Promise<void> {
    await this.work.run(actor, async () => {
      const { message, conversation } = await this.lock(actor, id);
      requireOwn(actor, message);
      if (message.deletedAt !== null) return;
      if (isWaiting(message)) await this.outbox.withdraw(id, conversation.id);
      await this.hide(message, conversation, actor.userId);
      this.record(actor, 'message.delete', message);
    });
  }

  /** The customer has deleted a message of theirs. Within the open unit of work. */
  async revoked(id: number): Promise<void> {
    const message = await this.messages.lock(id);
    const conversation = message && (await this.conversations.lock(message.conversationId));
    if (!message || !conversation || message.deletedAt !== null) return;
    await this.hide(message, conversation, null);
  }

  private async hide(message: Message, conversation: Conversation, by: number | null): Promise<void> {
    const { id, senderType } = message;
    const after =
      senderType === 'contact' ? await this.conversations.uncount(conversation, id) : conversation;
    await this.attachments.removeOf(id);
    const dto = toMessageDto(await this.messages.setDeleted(id, by));
    this.journal.append({
      type: MESSAGE_EVENTS.DELETED,
      conversationId: conversation.id,
      audience: audienceOf(after),
      payload: { ...dto, conversation: toConversationState(after) } satisfies NewMessagePayload,
    });
  }

  /** The message before its conversation, as whoever records deliveries does. */
  private async lock(
    actor: StaffActor,
    id: number,
  ): Promise<{ message: LockedMessage; conversation: Conversation }> {
    const message = await this.messages.lock(id);
    const [conversation] =
      (message && (await this.conversations.lockAllVisible(actor, [message.conversationId]))) ?? [];
    if (message === null || conversation === undefined) throw notFound('message');
    return { message, conversation };
  }

  private record(actor: StaffActor, action: string, { id, conversationId, senderType }: LockedMessage): void {
    this.audit.record({
      actor,
      action,
      subject: { type: 'message', id },
      details: { conversation_id: conversationId, sender_type: senderType },
    });
  }
}

function isWaiting({ senderType, whatsappStatus, sendingSince }: LockedMessage): boolean {
  return senderType !== 'contact' && whatsappStatus === 'pending' && sendingSince === null;
}

function requireOwn(actor: StaffActor, { senderUser }: LockedMessage): void {
  if (senderUser === actor.userId || seesEverything(actor)) return;
  throw new AppError('FORBIDDEN', 'Only who sent a message may change or delete it, or a supervisor.');
}
