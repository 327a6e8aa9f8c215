import type { ConversationState } from '../conversations/conversations.types';
import type { AttachmentDto } from './attachments.types';

export const SENDER_TYPES = ['contact', 'user', 'bot', 'system'] as const;
export type SenderType = (typeof SENDER_TYPES)[number];

export const DELIVERY_STATUSES = ['pending', 'uncertain', 'sent', 'failed', 'delivered', 'read'] as const;
/**
 * `pending` waits to be sent; `uncertain` was sent and the answer never came. An inbound message is `delivered`
 * until an agent has read it.
 */
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

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
  editedAt: Date | null;
  deletedAt: Date | null;
  deletedBy: number | null;
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
  /** When its text was changed, which is possible until it is sent. */
  edited_at: string | null;
  /**
   * When it was deleted, by staff or by the customer who wrote it: from then on `body` and `payload` are null and
   * `attachments` is empty.
   */
  deleted_at: string | null;
  /** Null where the customer deleted it. */
  deleted_by: number | null;
}

/** What `message:new` and `message:deleted` bring: the message, and what it changed about its conversation. */
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
    | 'editedAt'
    | 'deletedAt'
    | 'deletedBy'
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

/**
 * A deleted message keeps its place and its state; what it said is nobody's any more. That a customer's message is
 * read shows in its `readAt` alone.
 *
 * Written out field by field: this runs for every message that comes in, and spreading is several times slower.
 */
export function toMessageDto(message: Message): MessageDto {
  return {
    id: message.id,
    conversation_id: message.conversationId,
    sender_type: message.senderType,
    sender_user: message.senderUser,
    sender_bot: message.senderBot,
    type: message.type,
    body: message.deletedAt === null ? message.body : null,
    payload: message.deletedAt === null ? message.payload : null,
    reply_to_id: message.replyToId,
    client_message_id: message.clientMessageId,
    whatsapp_message_id: message.whatsappMessageId,
    whatsapp_status:
      message.senderType === 'contact' && message.readAt !== null ? 'read' : message.whatsappStatus,
    created_at: message.createdAt.toISOString(),
    sent_at: iso(message.sentAt),
    delivered_at: iso(message.deliveredAt),
    read_at: iso(message.readAt),
    failed_at: iso(message.failedAt),
    error_code: message.errorCode,
    error_reason: message.errorReason,
    attachments: message.deletedAt === null ? message.attachments : [],
    edited_at: iso(message.editedAt),
    deleted_at: iso(message.deletedAt),
    deleted_by: message.deletedBy,
  };
}
