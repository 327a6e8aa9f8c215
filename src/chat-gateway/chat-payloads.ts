import type { ChatAnswer } from '../app-chat/chat.errors';
import type { ChatMessageView, ChatRole } from '../app-chat/chat.types';
import type { ConversationPriority } from '../conversations/conversations.types';
import type {
  SocketConversationDto,
  SocketDeliveredDto,
  JoinAdminRoomsDto,
  SocketMarkReadDto,
  SocketSendDto,
  SocketSupportConversationDto,
  SocketSupportMarkReadDto,
  SocketSupportSendDto,
  SocketSupportTypingDto,
  SocketTypingDto,
} from './chat-gateway.dto';

/** Somebody writes, or has stopped. */
export interface ChatTypingView {
  conversation_id: number;
  /** The same as `conversation_id`. */
  conversationId: number;
  sender_role: ChatRole;
  /** The same as `sender_role`. */
  userType: ChatRole;
  /** The user's uuid, or the username of the member of staff. */
  sender_identifier: string;
  /** The user's number at their app, or the id of the member of staff. */
  userId: number;
  typing: boolean;
  /** The same as `typing`. */
  isTyping: boolean;
}

/** Messages that the other side has read. */
export interface ChatReadView {
  conversation_id: number;
  /** The same as `conversation_id`. */
  conversationId: number;
  /** In their order; of more than 1000 the newest. */
  message_ids: number[];
  /** The same as `message_ids`. */
  messageIds: number[];
  /** Who read them. */
  read_by: ChatRole;
  /** The same as `read_by`. */
  readBy: ChatRole;
  read_at: string;
}

export interface ChatStatusView {
  conversation_id: number;
  /** In the words of HomeAssistant IM. */
  status: 'active' | 'closed' | 'archived';
  /** In the words of Anume. */
  support_status: 'pending' | 'open' | 'closed' | 'archived';
  /** Bots and what the server does by itself are `admin`. */
  changed_by: ChatRole;
}

/** The user of a conversation, to staff. */
export interface ChatUserInfo {
  /** The number by which their app knows them. */
  id: number;
  username: string | null;
  account_name: string | null;
  /** The app's own number for what kind of user it is. */
  status: number;
}

export interface ConversationAssignedView {
  conversation_id: number;
  user_info: ChatUserInfo;
  priority: ConversationPriority;
  tags: string[];
  /** Username of who assigned it; `system` where nobody did. */
  assigned_by: string;
  /** What they wrote for whoever has it now. */
  notes: string | null;
}

export interface NewConversationView {
  conversation_id: number;
  user_info: ChatUserInfo;
  subject: string | null;
  /** Null where nothing is said yet. */
  initial_message: string | null;
  created_at: string;
  priority: ConversationPriority;
}

/** The numbers of the live chat, of the conversations that the hearer may see. */
export interface DashboardView {
  total_active: number;
  /** Open conversations with messages of the user that nobody has read. */
  total_unread: number;
  assigned_to_me: number;
  unassigned: number;
  /** Over the last 7 days; null where nobody answered. */
  avg_response_time: string | null;
}

/** A message was refused for which no acknowledgement was asked, or the session is over. */
export interface SocketError {
  /** As over HTTP; `UNAUTHORIZED` where HTTP says `UNAUTHENTICATED`. */
  code: string;
  message: string;
}

/** The same for the messages of Anume. */
export interface SupportError extends SocketError {
  /** As over HTTP. */
  error_code: string;
}

/** All that the server may say on the namespace `/`. What has two names is told under both, one after the other. */
export interface ChatServerEvents {
  /** Something was said: to the user, and to staff who have joined the conversation. Those who said it hear it too. */
  new_message: ChatMessageView;
  /** The same as `new_message`. */
  'new-chat-message': ChatMessageView;
  /** To staff who have joined `admin_notifications`: a user wrote in a conversation that they may see. */
  'new-user-message': ChatMessageView;
  /** A message says something else now, or was deleted. */
  message_updated: ChatMessageView;
  /** The same as `message_updated`. */
  'chat-message-updated': ChatMessageView;
  typing_indicator: ChatTypingView;
  /** The same as `typing_indicator`. */
  'user-typing': ChatTypingView;
  message_read: ChatReadView;
  /** The same as `message_read`. */
  'messages-read': ChatReadView;
  /** The conversation is in the queue, in work, closed or archived. */
  conversation_status: ChatStatusView;
  /** To the member of staff whose conversation it is now. */
  admin_conversation_assigned: ConversationAssignedView;
  /** To all staff who may see it. */
  admin_new_conversation: NewConversationView;
  /** To staff who have joined `admin_dashboard`: once then, and at most once a second where something has changed. */
  admin_dashboard_update: DashboardView;
  error: SocketError;
  'chat-error': SupportError;
}

export interface RoomView {
  conversation_id: number;
}

export interface AdminRoomsView {
  rooms: string[];
}

export interface TypingAcceptedView {
  conversation_id: number;
  typing: boolean;
}

export interface MarkedView {
  conversation_id: number;
  /** How many were not read before. */
  marked: number;
}

export interface DeliveredView {
  conversation_id: number;
  message_ids: number[];
}

/** All that a client of `/` may say, and what it is acknowledged with. An error is `{ status: 'error', … }`. */
export interface ChatClientMessages {
  /** Staff hear this conversation from now on; its user hears it without. */
  join_conversation: { payload: SocketConversationDto; answer: ChatAnswer<RoomView> };
  'join-chat': { payload: SocketSupportConversationDto; answer: ChatAnswer<RoomView> };
  /** Staff hear it no longer. */
  leave_conversation: { payload: SocketConversationDto; answer: ChatAnswer<RoomView> };
  'leave-chat': { payload: SocketSupportConversationDto; answer: ChatAnswer<RoomView> };
  /** Acknowledged once it is stored. */
  send_message: { payload: SocketSendDto; answer: ChatAnswer<ChatMessageView> };
  'send-chat-message': { payload: SocketSupportSendDto; answer: ChatAnswer<ChatMessageView> };
  /** Repeat it every 3 s while it goes on; 5 s after the last one it ends by itself. */
  typing_start: { payload: SocketTypingDto; answer: ChatAnswer<TypingAcceptedView> };
  'typing-start': { payload: SocketSupportTypingDto; answer: ChatAnswer<TypingAcceptedView> };
  typing_stop: { payload: SocketTypingDto; answer: ChatAnswer<TypingAcceptedView> };
  'typing-stop': { payload: SocketSupportTypingDto; answer: ChatAnswer<TypingAcceptedView> };
  /** These, or all that the other side said. */
  mark_messages_read: { payload: SocketMarkReadDto; answer: ChatAnswer<MarkedView> };
  'mark-messages-read': { payload: SocketSupportMarkReadDto; answer: ChatAnswer<MarkedView> };
  /** The client has these messages of staff. Acknowledging the event that brought them says the same. */
  message_delivered: { payload: SocketDeliveredDto; answer: ChatAnswer<DeliveredView> };
  /** Staff hear what these rooms are for. */
  join_admin_rooms: { payload: JoinAdminRoomsDto; answer: ChatAnswer<AdminRoomsView> };
}
