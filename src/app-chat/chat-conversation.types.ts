import type { Assignment } from '../conversations/conversation.policy';
import type { ConversationPriority, ConversationStatus } from '../conversations/conversations.types';

/** A conversation of the live chat, with what its user's surfaces show. */
export interface ChatConversation extends Assignment {
  id: number;
  chatUserId: number;
  subject: string | null;
  userReadUpTo: number;
  status: ConversationStatus;
  priority: ConversationPriority;
  /** Messages of the user that staff have not read. */
  unreadCount: number;
  lastMessageId: number | null;
  lastMessageAt: Date | null;
  /** When it was closed last; null while it is open. */
  closedAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
}

/** Whose a conversation is. That never changes. */
export interface ChatOwner {
  conversationId: number;
  chatUserId: number;
  /** The number by which their app knows them. */
  userId: number;
  uuid: string;
}

/** The channel's name, as conversations have it. */
export const APP_CHAT = 'app-chat';

/** A status as the contracts of the live chat show it; they know fewer than there are. */
export const SHOWN_STATUS = {
  queue: 'active',
  active: 'active',
  transferred: 'active',
  closed: 'closed',
  archived: 'archived',
} as const satisfies Record<ConversationStatus, string>;

/** The same in the words of the Anume contract. */
export const SUPPORT_STATUS = {
  queue: 'pending',
  active: 'open',
  transferred: 'open',
  closed: 'closed',
  archived: 'archived',
} as const satisfies Record<ConversationStatus, string>;

/** Which statuses a shown one stands for. */
export function statusesShownAs(
  shown: Readonly<Record<ConversationStatus, string>>,
  word: string,
): ConversationStatus[] {
  return (Object.keys(shown) as ConversationStatus[]).filter((status) => shown[status] === word);
}
