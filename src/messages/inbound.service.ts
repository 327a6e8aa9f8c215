import { Injectable } from '@nestjs/common';
import { ContactsService } from '../contacts/contacts.service';
import type { Sender } from '../contacts/contacts.types';
import { audienceOf } from '../conversations/conversation.policy';
import { ConversationsService } from '../conversations/conversations.service';
import { type Conversation, toConversationState } from '../conversations/conversations.types';
import { Journal } from '../platform/events/journal';
import { MESSAGE_EVENTS } from './message.events';
import { type InboundRow, MessagesRepository, type StoredInbound } from './messages.repository';
import { type Message, type NewMessagePayload, toMessageDto } from './messages.types';

/** What a customer said, as a channel hands it over. */
export interface InboundMessage {
  sender: Sender;
  channel: string;
  integrationId: number | null;
  /** The provider's id; the same one is stored once, however often it comes. */
  externalId: string;
  type: string;
  /** Readable for people, whatever the type. */
  body: string | null;
  /** The typed content, where the body does not say it all. */
  payload: object | null;
  replyToExternalId: string | null;
  /** By the provider's clock. */
  sentAt: Date;
}

/** An inbound message with the place it got. */
export interface Received {
  contactId: number;
  conversationId: number;
}

/** Takes in what customers say, a whole batch at a time. */
@Injectable()
export class InboundService {
  constructor(
    private readonly contacts: ContactsService,
    private readonly conversations: ConversationsService,
    private readonly messages: MessagesRepository,
    private readonly journal: Journal,
  ) {}

  /**
   * Stores and announces a batch of one workspace, in its order. Within the open unit of work: nothing is
   * acknowledged before that has committed. Messages stored before are skipped. Answers per message, in order.
   */
  async receive(batch: InboundMessage[]): Promise<Received[]> {
    if (batch.length === 0) return [];
    const contactIds = await this.contacts.resolve(batch.map((m) => m.sender));
    const conversations = await this.conversations.openFor(
      batch.map((m, i) => ({
        contactId: contactIds[i]!,
        channel: m.channel,
        integrationId: m.integrationId,
      })),
    );
    const replyIds = await this.findQuoted(batch, conversations);
    const rows = batch.map((message, i): InboundRow => ({
      conversationId: conversations[i]!.id,
      type: message.type,
      body: message.body,
      payload: message.payload,
      replyToId: replyIds[i]!,
      sentAt: message.sentAt,
      externalId: message.externalId,
    }));
    await this.announce(await this.messages.insertInbound(rows), rows, conversations);
    return conversations.map((conversation, i) => ({
      contactId: contactIds[i]!,
      conversationId: conversation.id,
    }));
  }

  private async findQuoted(
    batch: InboundMessage[],
    conversations: Conversation[],
  ): Promise<(number | null)[]> {
    const quoted = batch.flatMap((m) => m.replyToExternalId ?? []);
    if (quoted.length === 0) return batch.map(() => null);
    const found = new Map(
      (await this.messages.findQuoted(quoted)).map((m) => [`${m.conversationId} ${m.externalId}`, m.id]),
    );
    return batch.map((m, i) => found.get(`${conversations[i]!.id} ${m.replyToExternalId ?? ''}`) ?? null);
  }

  private async announce(
    stored: StoredInbound[],
    rows: InboundRow[],
    conversations: Conversation[],
  ): Promise<void> {
    const place = new Map<string, number>();
    rows.forEach((row, i) => place.has(row.externalId) || place.set(row.externalId, i));
    await this.journal.append(
      ...stored.map((added) => {
        const i = place.get(added.externalId)!;
        const conversation = conversations[i]!;
        return {
          type: MESSAGE_EVENTS.NEW,
          conversationId: conversation.id,
          audience: audienceOf(conversation),
          payload: payloadOf(added, rows[i]!, conversation),
        };
      }),
    );
  }
}

function payloadOf(added: StoredInbound, row: InboundRow, before: Conversation): NewMessagePayload {
  const message: Message = {
    id: added.id,
    conversationId: row.conversationId,
    senderType: 'contact',
    senderUser: null,
    senderBot: null,
    type: row.type,
    body: row.body,
    payload: row.payload,
    replyToId: row.replyToId,
    clientMessageId: null,
    createdAt: added.createdAt,
    sentAt: row.sentAt,
    deliveredAt: added.createdAt,
    readAt: null,
    failedAt: null,
    whatsappMessageId: added.externalId,
    whatsappStatus: 'delivered',
    errorCode: null,
    errorReason: null,
  };
  const conversation: Conversation = {
    ...before,
    read: false,
    unreadCount: added.unreadCount,
    lastMessageAt: added.createdAt,
    windowExpiresAt: added.windowExpiresAt,
    updatedAt: added.createdAt,
  };
  return { ...toMessageDto(message), conversation: toConversationState(conversation) };
}
