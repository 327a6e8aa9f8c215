import type { ConversationPriority } from '../conversations/conversations.types';
import type { ShownStatus, SupportPriority, SupportStatus } from './chat-conversation-view';
import type { ChatMessageView, ChatRole } from './chat-message-view';
import type { ChatPagination } from './chat-messages.dto';

/** A user of the live chat, as staff see them. */
export interface AdminUserInfo {
  /** The number by which their app knows them. */
  id: number;
  account_name: string | null;
  phone_number: string | null;
  /** The app's own number for what kind of user it is. */
  status: number;
}

export interface AdminUserDetail extends AdminUserInfo {
  created_at: string;
  last_login: string | null;
}

/** A member of staff. */
export interface AdminInfo {
  id: number;
  username: string;
  account_name: string;
}

/** The newest message, in short. */
export interface AdminLastMessage {
  id: number;
  /** Of a file without words, what kind of file it is: `[image]`. Empty where the message was deleted. */
  content: string;
  sender_role: ChatRole;
  timestamp: string;
}

/** What both contracts show of a conversation. */
interface ConversationBase {
  id: number;
  user_id: number;
  /** Null while nobody has it, or a bot. */
  admin_id: number | null;
  created_at: string;
  last_message_at: string | null;
  /** Messages of the user that staff have not read. */
  unread_count: number;
  /** Counted up to 10000. */
  total_messages: number;
  last_message: AdminLastMessage | null;
  tags: string[];
}

/** `GET /admin/chat/conversations` */
export interface AdminConversation extends ConversationBase {
  user_info: AdminUserInfo;
  admin_info: AdminInfo | null;
  status: ShownStatus;
  priority: ConversationPriority;
}

/** `GET /admin/chat/conversations/:id` */
export interface AdminConversationDetail extends Omit<AdminConversation, 'user_info'> {
  user_info: AdminUserDetail;
  /** What was written when it was assigned last. */
  notes: string | null;
}

/** A conversation as the contract of Anume shows it, with all that the other one has. */
export interface SupportConversation extends ConversationBase {
  user_info: AdminUserInfo;
  admin_info: AdminInfo | null;
  username: string | null;
  subject: string | null;
  /** `pending` while nobody has it. */
  status: SupportStatus;
  /** `medium` is what the other contract calls `normal`. */
  priority: SupportPriority;
  last_message_by: ChatRole | null;
  /** Messages of staff and bots that the user has not read. */
  user_unread_count: number;
  /** The same as `unread_count`. */
  admin_unread_count: number;
  /** When it was closed last; null while it is open. */
  closed_at: string | null;
  /** Null where it is open, or was not closed by a person. */
  closed_by: number | null;
  updated_at: string;
}

/** How many conversations there are for the caller, at most moments ago. */
export interface AdminSummary {
  total_active: number;
  total_unread: number;
  assigned_to_me: number;
  /** Nobody's: no person's and no bot's. */
  unassigned: number;
}

export interface AdminConversationList {
  conversations: AdminConversation[];
  pagination: ChatPagination;
  summary: AdminSummary;
}

export interface AdminConversationOne {
  conversation: AdminConversationDetail;
}

export interface AssignedConversation {
  conversation_id: number;
  assigned_admin: AdminInfo;
  notes: string | null;
}

export interface UpdatedConversation {
  conversation_id: number;
  status: ShownStatus;
  priority: ConversationPriority;
  tags: string[];
  resolution_notes: string | null;
  /** Username of the caller. */
  updated_by: string;
  updated_at: string;
}

/** A message just sent, with the note that was kept beside it. */
export interface AdminSentMessage extends ChatMessageView {
  /** Only where one was given. */
  internal_note?: string;
}

export interface SupportConversationList {
  conversations: SupportConversation[];
  pagination: ChatPagination;
}

export interface SupportConversationOne {
  conversation: SupportConversation;
}

export interface AdminMessages {
  conversation_id: number;
  /** The oldest first. */
  messages: ChatMessageView[];
  pagination: ChatPagination;
}
