import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { clock } from '../common/clock';
import { AppError, invalid } from '../common/app-error';
import { ConversationsService } from '../conversations/conversations.service';
import { OPEN_STATUSES } from '../conversations/conversations.types';
import { ConversationMessages } from '../messages/conversation-messages.service';
import { InboundService } from '../messages/inbound.service';
import type { MessageDto } from '../messages/messages.types';
import { UnitOfWork } from '../platform/database/unit-of-work';
import type { Upload } from '../uploads/upload.types';
import type { ChatActor } from './chat-actor';
import { ChatConversationsService, type NewChatConversation } from './chat-conversations.service';
import { ChatRules } from './chat-rules.service';
import { ChatUsersRepository } from './chat-users.repository';

/** What a chat user says. */
export interface ChatMessage {
  /** At least this or a file. Stored as written, escaped by whoever shows it. */
  text: string;
  file?: Upload | null;
  replyToId?: number | null;
  /** The client's own id: the same again is the same message, with the same answer. */
  clientMessageId?: string | null;
}

/** Where it is said: in a conversation of theirs, in the newest open one (made where there is none), or in a new one. */
export type ChatPlace = { conversationId: number } | 'newest' | NewChatConversation;

const isNew = (place: ChatPlace): place is NewChatConversation =>
  place !== 'newest' && !('conversationId' in place);

/** What chat users say. What is said to them goes through the sending of messages, as on every channel. */
@Injectable()
export class ChatMessagesService {
  constructor(
    private readonly work: UnitOfWork,
    private readonly users: ChatUsersRepository,
    private readonly own: ChatConversationsService,
    private readonly conversations: ConversationsService,
    private readonly inbound: InboundService,
    private readonly messages: ConversationMessages,
    private readonly rules: ChatRules,
  ) {}

  /** Once it answers, the message is stored, counted and journalled. `again`: it was there before. */
  async say(
    actor: ChatActor,
    place: ChatPlace,
    message: ChatMessage,
  ): Promise<{ message: MessageDto; again: boolean }> {
    this.rules.requireSound(message);
    return await this.work.run(actor, async () => {
      const externalId = externalIdOf(actor, message.clientMessageId ?? null);
      const named = place === 'newest' || isNew(place) ? null : place.conversationId;
      // The user's lock comes first: ids follow the order of sending, and nobody opens two conversations at once. What
      // is asked besides is on its way together with it, and looked at by the database when it is held.
      const [user, earlier, , locked, times] = await Promise.all([
        this.users.lock(actor.chatUserId),
        message.clientMessageId ? this.messages.findByExternalId(externalId) : null,
        named === null ? null : this.own.requireOwn(actor, named),
        named === null ? null : this.conversations.lock(named),
        named === null ? null : this.rules.timesSaid(named, message.text),
      ]);
      if (user === null) throw new AppError('UNAUTHENTICATED', 'This user is gone.');
      if (earlier !== null) return { message: requireSame(earlier, place, message), again: true };

      const conversation = locked ?? (await this.conversations.lock(await this.choose(actor, place)));
      if (conversation === null || !OPEN_STATUSES.includes(conversation.status))
        throw new AppError('CONVERSATION_CLOSED', 'The conversation is closed; open a new one.');
      if (message.replyToId) await this.requireIn(conversation.id, message.replyToId);
      const broken = this.rules.judge(
        actor,
        conversation.id,
        message.text,
        times ?? (await this.rules.timesSaid(conversation.id, message.text)),
      );
      const stored = await this.inbound.receiveInto(
        conversation.id,
        {
          externalId,
          type: message.file?.kind ?? 'text',
          body: readable(message),
          payload: broken.length === 0 ? null : { spam: broken },
          sentAt: clock.date(),
        },
        { files: message.file ? [message.file] : [], replyToId: message.replyToId ?? null },
      );
      if (stored === null) throw new Error(`${externalId} is taken, though its user is locked.`);
      return { message: stored, again: false };
    });
  }

  private async choose(actor: ChatActor, place: ChatPlace): Promise<number> {
    if (place === 'newest') return (await this.own.newestOpen(actor)) ?? (await this.own.open(actor));
    if (isNew(place)) return await this.own.open(actor, place);
    return (await this.own.requireOwn(actor, place.conversationId)).id;
  }

  private async requireIn(conversationId: number, messageId: number): Promise<void> {
    const [found] = await this.messages.byIds([messageId]);
    if (found?.conversation_id !== conversationId)
      throw invalid('reply_to_id', 'reply_to_id is not a message of this conversation.');
  }
}

/** The id by which a message of a chat user is stored once. */
export function externalIdOf({ chatUserId }: ChatActor, clientMessageId: string | null): string {
  return clientMessageId === null
    ? `chat:${chatUserId}/${randomUUID()}`
    : `chat:${chatUserId}:${clientMessageId}`;
}

/** The client's own id of a message, where it had one. */
export function clientIdOf(message: Pick<MessageDto, 'whatsapp_message_id'>): string | null {
  return /^chat:\d+:(.*)$/s.exec(message.whatsapp_message_id ?? '')?.[1] ?? null;
}

/** As every channel stores a file that comes without words. */
function readable({ text, file }: ChatMessage): string {
  return text === '' && file ? `[${file.kind}]` : text;
}

/** The same id for something else is a mistake of the client, of which it must hear. */
function requireSame(earlier: MessageDto, place: ChatPlace, message: ChatMessage): MessageDto {
  const elsewhere =
    place !== 'newest' && 'conversationId' in place && place.conversationId !== earlier.conversation_id;
  if (elsewhere || (earlier.deleted_at === null && (earlier.body ?? '') !== readable(message)))
    throw new AppError('IDEMPOTENCY_KEY_REUSED', 'This client_message_id was used for another message.');
  return earlier;
}
