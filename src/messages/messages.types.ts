import type { ConversationState } from '../conversations/conversations.types';
import type { AttachmentDto } from './attachments.types';

export type SenderType = 'contact' | 'user' | 'bot' | 'system';

/**
 * `pending` waits to be sent; `uncertain` was sent and the answer never came. An inbound message is `delivered`
 * until an agent has read it.
 */
export type DeliveryStatus = 'pending' | 'uncertain' | 'sent' | 'failed' | 'delivered' | 'read';

/** A message as stored. */
export interface Message {
  id: number;
  conversationId: number;
  senderType: SenderType;
  senderUser: number | null;
  senderBot: number | null;
  type: string;
  body: string | null;
  payload: object | null;
  replyToId: number | null;
  clientMessageId: string | null;
  createdAt: Date;
  sentAt: Date | null;
  deliveredAt: Date | null;
  readAt: Date | null;
  failedAt: Date | null;
  whatsappMessageId: string | null;
  whatsappStatus: DeliveryStatus;
  errorCode: number | null;
  errorReason: string | null;
  attachments: AttachmentDto[];
}

/** How far a message has come: all that may change after it was written. */
export interface DeliveryState {
  id: number;
  conversation_id: number;
  whatsapp_message_id: string | null;
  whatsapp_status: DeliveryStatus;
  sent_at: string | null;
  delivered_at: string | null;
  read_at: string | null;
  failed_at: string | null;
  error_code: number | null;
  error_reason: string | null;
}

/** A message as the API shows it. */
export interface MessageDto extends DeliveryState {
  sender_type: SenderType;
  sender_user: number | null;
  sender_bot: number | null;
  type: string;
  body: string | null;
  payload: object | null;
  reply_to_id: number | null;
  client_message_id: string | null;
  created_at: string;
  attachments: AttachmentDto[];
}

/** What `message:new` brings: the message, and what it changed about its conversation. */
export interface NewMessagePayload extends MessageDto {
  conversation: ConversationState;
}

const iso = (date: Date | null): string | null => date?.toISOString() ?? null;

export function toDeliveryState(
  message: Omit<
    Message,
    | 'senderType'
    | 'senderUser'
    | 'senderBot'
    | 'type'
    | 'body'
    | 'payload'
    | 'replyToId'
    | 'clientMessageId'
    | 'createdAt'
    | 'attachments'
  >,
): DeliveryState {
  return {
    id: message.id,
    conversation_id: message.conversationId,
    whatsapp_message_id: message.whatsappMessageId,
    whatsapp_status: message.whatsappStatus,
    sent_at: iso(message.sentAt),
    delivered_at: iso(message.deliveredAt),
    read_at: iso(message.readAt),
    failed_at: iso(message.failedAt),
    error_code: message.errorCode,
    error_reason: message.errorReason,
  };
}

/** Written out field by field: this runs for every message that comes in, and spreading is several times slower. */
export function toMessageDto(message: Message): MessageDto {
  return {
    id: message.id,
    conversation_id: message.conversationId,
    sender_type: message.senderType,
    sender_user: message.senderUser,
    sender_bot: message.senderBot,
    type: message.type,
    body: message.body,
    payload: message.payload,
    reply_to_id: message.replyToId,
    client_message_id: message.clientMessageId,
    whatsapp_message_id: message.whatsappMessageId,
    whatsapp_status: message.whatsappStatus,
    created_at: message.createdAt.toISOString(),
    sent_at: iso(message.sentAt),
    delivered_at: iso(message.deliveredAt),
    read_at: iso(message.readAt),
    failed_at: iso(message.failedAt),
    error_code: message.errorCode,
    error_reason: message.errorReason,
    attachments: message.attachments,
  };
}
