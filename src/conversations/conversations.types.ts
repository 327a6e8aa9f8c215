import type { ContactSummary } from '../contacts/contacts.types';

export const CONVERSATION_STATUSES = ['queue', 'active', 'transferred', 'closed', 'archived'] as const;
export type ConversationStatus = (typeof CONVERSATION_STATUSES)[number];

/** Those in which a thread takes new messages; one per customer and number. */
export const OPEN_STATUSES: readonly ConversationStatus[] = ['queue', 'active', 'transferred'];

/** A thread between one customer and the business, as stored. */
export interface Conversation {
  id: number;
  contactId: number;
  channel: string;
  integrationId: number | null;
  status: ConversationStatus;
  assignedUser: number | null;
  assignedBot: number | null;
  unreadCount: number;
  read: boolean;
  readUpToId: number;
  readAt: Date | null;
  lastMessageId: number | null;
  lastMessageAt: Date | null;
  windowExpiresAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
}

/** What a message tells of its conversation: all that the message itself changed. */
export interface ConversationState {
  id: number;
  status: ConversationStatus;
  assigned_user: number | null;
  assigned_bot: number | null;
  unread_count: number;
  read: boolean;
  last_message_at: string | null;
  window_expires_at: string | null;
  updated_at: string;
}

/** A conversation as the API shows it. */
export interface ConversationDto extends ConversationState {
  contact_id: number;
  contact: ContactSummary | null;
  channel: string;
  integration_id: number | null;
  /**
   * The customer's messages up to this id are read, those after it are not. One that was not read before became so
   * at `read_at`.
   */
  read_up_to_id: number;
  read_at: string | null;
  last_message: object | null;
  created_at: string;
}

export function toConversationState(conversation: Conversation): ConversationState {
  return {
    id: conversation.id,
    status: conversation.status,
    assigned_user: conversation.assignedUser,
    assigned_bot: conversation.assignedBot,
    unread_count: conversation.unreadCount,
    read: conversation.read,
    last_message_at: conversation.lastMessageAt?.toISOString() ?? null,
    window_expires_at: conversation.windowExpiresAt?.toISOString() ?? null,
    updated_at: conversation.updatedAt.toISOString(),
  };
}

export function toConversationDto(
  conversation: Conversation,
  contact: ContactSummary | null,
  lastMessage: object | null,
): ConversationDto {
  return {
    ...toConversationState(conversation),
    contact_id: conversation.contactId,
    contact,
    channel: conversation.channel,
    integration_id: conversation.integrationId,
    read_up_to_id: conversation.readUpToId,
    read_at: conversation.readAt?.toISOString() ?? null,
    last_message: lastMessage,
    created_at: conversation.createdAt.toISOString(),
  };
}
