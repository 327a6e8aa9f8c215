import type { CursorPage } from '../common/cursor-page';
import type { Page } from '../common/page';
import type { ContactSummary, TagSummary } from '../contacts/contacts.types';
import type { ConversationRatingDto } from './conversation-ratings.types';
import type { MessagingWindow } from './conversation-window.policy';

export const CONVERSATION_STATUSES = ['queue', 'active', 'transferred', 'closed', 'archived'] as const;
export type ConversationStatus = (typeof CONVERSATION_STATUSES)[number];

/** Those in which a thread takes new messages; one per customer and number. */
export const OPEN_STATUSES: readonly ConversationStatus[] = ['queue', 'active', 'transferred'];

/** The least first. */
export const CONVERSATION_PRIORITIES = ['low', 'normal', 'high', 'urgent'] as const;
export type ConversationPriority = (typeof CONVERSATION_PRIORITIES)[number];
/** How far a conversation is read. */
export interface ReadMark {
  conversationId: number;
  upToId: number;
  /** Messages of the customer after it. */
  unreadCount: number;
}

/** A customer on one number of ours. */
export interface Thread {
  contactId: number;
  channel: string;
  integrationId: number | null;
}

/** A thread between one customer and the business, as stored. */
export interface Conversation {
  id: number;
  contactId: number;
  channel: string;
  integrationId: number | null;
  status: ConversationStatus;
  priority: ConversationPriority;
  assignedUser: number | null;
  assignedBot: number | null;
  transferNote: string | null;
  unreadCount: number;
  read: boolean;
  readUpToId: number;
  readAt: Date | null;
  lastMessageId: number | null;
  lastMessageAt: Date | null;
  windowExpiresAt: Date | null;
  /** Opened beside others of the same thread, on a channel that lets a customer have several. */
  parallel: boolean;
  createdAt: Date;
  updatedAt: Date;
}

/** What a message tells of its conversation: all that the message itself changed. */
export interface ConversationState {
  id: number;
  channel: string;
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
  integration_id: number | null;
  priority: ConversationPriority;
  /** What the one who handed it on wrote for the one who has it now. */
  transfer_note: string | null;
  /**
   * The customer's messages up to this id are read, those after it are not. One that was not read before became so
   * at `read_at`.
   */
  read_up_to_id: number;
  read_at: string | null;
  last_message: object | null;
  created_at: string;
}

/** One conversation, with what no event tells of: it is true at the moment of the answer. */
export interface ConversationDetailDto extends ConversationDto {
  /** Its own, by name. */
  tags: string[];
  /** Of whom it is with, by name. */
  contact_tags: TagSummary[];
  /** Null on a channel whose customers may be answered freely at any time. */
  window: MessagingWindow | null;
  /** What the customer thought of it; null where they have not said. */
  rating: ConversationRatingDto | null;
}

/** `GET /conversations` */
export interface ConversationPage extends CursorPage<ConversationDto> {
  /** Left out where a cursor was given, or no total wanted. */
  meta?: Page<ConversationDto>['meta'];
}

/** How many open conversations the caller finds behind each tab of the inbox. */
export interface ConversationCountsDto {
  /** Assigned to the caller. */
  mine: number;
  /** Nobody's. */
  unassigned: number;
  /** A bot's. */
  bots: number;
  all: number;
  /** Those of all that are unread. */
  unread: number;
}

export function toConversationState(conversation: Conversation): ConversationState {
  return {
    id: conversation.id,
    channel: conversation.channel,
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
  // Written out field by field: this runs for every row of the inbox, and spreading is several times slower.
  return {
    id: conversation.id,
    channel: conversation.channel,
    status: conversation.status,
    assigned_user: conversation.assignedUser,
    assigned_bot: conversation.assignedBot,
    unread_count: conversation.unreadCount,
    read: conversation.read,
    last_message_at: conversation.lastMessageAt?.toISOString() ?? null,
    window_expires_at: conversation.windowExpiresAt?.toISOString() ?? null,
    updated_at: conversation.updatedAt.toISOString(),
    contact_id: conversation.contactId,
    contact,
    integration_id: conversation.integrationId,
    priority: conversation.priority,
    transfer_note: conversation.transferNote,
    read_up_to_id: conversation.readUpToId,
    read_at: conversation.readAt?.toISOString() ?? null,
    last_message: lastMessage,
    created_at: conversation.createdAt.toISOString(),
  };
}
