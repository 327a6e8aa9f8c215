import type { ConversationPriority } from '../conversations/conversations.types';
import type { MessageDto } from '../messages/messages.types';
import { type ChatConversation, SHOWN_STATUS, SUPPORT_STATUS } from './chat-conversation.types';
import { type ChatMessageType, type ChatRole, toChatMessageView } from './chat-message-view';

export type ShownStatus = (typeof SHOWN_STATUS)[keyof typeof SHOWN_STATUS];
export type SupportStatus = (typeof SUPPORT_STATUS)[keyof typeof SUPPORT_STATUS];
export type SupportPriority = 'low' | 'medium' | 'high' | 'urgent';

/** In whose words a conversation is told: HomeAssistant IM's, or Anume's. */
export type ChatWords = 'shown' | 'support';

/** The newest message of a conversation, in short. */
export interface ChatLastMessage {
  id: number;
  content: string;
  sender_role: ChatRole;
  message_type: ChatMessageType;
  timestamp: string;
}

/** A conversation as its user's surfaces show it: the fields of all contracts. */
export interface ChatConversationView {
  id: number;
  /** The user's number at their app. */
  user_id: number;
  username: string | null;
  /** The member of staff who has it. */
  admin_id: number | null;
  /** `active`, `closed` or `archived`; to callers that name a `username`, the same as `support_status`. */
  status: ShownStatus | SupportStatus;
  /** `pending` while nobody has it, then `open`, in the end `closed` (and `archived`). */
  support_status: SupportStatus;
  subject: string | null;
  /** `medium` is what staff see as `normal`. */
  priority: SupportPriority;
  last_message_at: string | null;
  last_message_by: ChatRole | null;
  /** Messages of the other side that the caller's has not read. */
  unread_count: number;
  /** Messages of staff and bots that the user has not read. */
  user_unread_count: number;
  /** Messages of the user that staff have not read. */
  admin_unread_count: number;
  last_message: ChatLastMessage | null;
  /** When it was closed last. */
  closed_at: string | null;
  created_at: string;
  updated_at: string;
}

/** Priorities by Anume's words for them. */
export const SUPPORT_PRIORITIES: Readonly<Record<SupportPriority, ConversationPriority>> = {
  low: 'low',
  medium: 'normal',
  high: 'high',
  urgent: 'urgent',
};

export interface ConversationFacts {
  user: { userId: number; username: string | null };
  lastMessage: MessageDto | undefined;
  unreadByUser: number;
  /** Whose `unread_count` it is. */
  asked: ChatRole;
  words: ChatWords;
}

export function toChatConversationView(
  conversation: ChatConversation,
  { user, lastMessage, unreadByUser, asked, words }: ConversationFacts,
): ChatConversationView {
  const last = lastMessage === undefined ? null : inShort(lastMessage);
  const { priority } = conversation;
  return {
    id: conversation.id,
    user_id: user.userId,
    username: user.username,
    admin_id: conversation.assignedUser,
    status: (words === 'support' ? SUPPORT_STATUS : SHOWN_STATUS)[conversation.status],
    support_status: SUPPORT_STATUS[conversation.status],
    subject: conversation.subject,
    priority: priority === 'normal' ? 'medium' : priority,
    last_message_at: conversation.lastMessageAt?.toISOString() ?? null,
    last_message_by: last?.sender_role ?? null,
    unread_count: asked === 'user' ? unreadByUser : conversation.unreadCount,
    user_unread_count: unreadByUser,
    admin_unread_count: conversation.unreadCount,
    last_message: last,
    closed_at: conversation.closedAt?.toISOString() ?? null,
    created_at: conversation.createdAt.toISOString(),
    updated_at: conversation.updatedAt.toISOString(),
  };
}

function inShort(message: MessageDto): ChatLastMessage {
  const view = toChatMessageView(message, { id: null, identifier: '' }, null);
  const { id, content, sender_role, message_type, timestamp } = view;
  return { id, content, sender_role, message_type, timestamp };
}
