import type { BotHandoff } from '../bots/bot.events';
import type { ErrorBody } from '../common/app-error';
import type { NoteDto, NoteGoneDto } from '../conversations/conversation-notes.types';
import type { ConversationRated } from '../conversations/conversation-ratings.types';
import type { ConversationDto } from '../conversations/conversations.types';
import type { DeliveryState, MessageDto, NewMessagePayload } from '../messages/messages.types';
import type { AnnouncementPayload } from '../notifications/notifications.types';
import type { PresenceDto, PresenceList } from '../presence/presence.types';
import type { ChooseStatusDto } from '../presence/presence.dto';
import type { ConversationRoomDto, ResumeDto } from './crm.dto';

/** Second argument of every streamed event. */
export interface EventMeta {
  /** Unique; grows within a conversation. */
  id: number;
  /** Connect with `auth: { token, after: cursor }`, or send `resume`, to hear what came after this event. */
  cursor: string;
  occurred_at: string;
}

export interface CursorPayload {
  cursor: string;
}

/** A conversation that changed hands while one was away, and is now out of one's sight. */
export type ConversationGone = Pick<
  ConversationDto,
  'id' | 'assigned_user' | 'assigned_bot' | 'status' | 'updated_at'
>;

/** Something that is no more. */
export interface GonePayload {
  id: number;
}

/** The server stops; another one, or the same one restarted, takes the socket. */
export interface RestartingPayload {
  kind: 'restarting';
  reconnect_after_ms: number;
}

/** An agent writes an answer, or has stopped. */
export interface TypingPayload {
  conversation_id: number;
  user_id: number;
  /** Of the user. */
  name: string;
  typing: boolean;
}

/** Somebody else who writes an answer just now. */
export interface Typer {
  user_id: number;
  name: string;
}

export interface RoomAnswer {
  conversation_id: number;
  timestamp: string;
}

export interface JoinedConversation extends RoomAnswer {
  typing: Typer[];
}

export interface ResumeAnswer {
  /** How many events; null where the state must be fetched anew. */
  sent: number | null;
  cursor: string;
}

export interface TypingAnswer {
  conversation_id: number;
}

/** From the journal: in order, none missing, none twice, with {@link EventMeta} as the second argument. */
export interface StreamedEvents {
  /** Something was said, by the customer or to them. */
  'message:new': NewMessagePayload;
  /** What it says or shows has changed: the whole message. */
  'message:updated': MessageDto;
  /** What it said is hidden from everybody. */
  'message:deleted': NewMessagePayload;
  /** A message has come further, or failed. */
  'message:status_changed': DeliveryState;
  /** A customer's first message has opened a thread. */
  'conversation:new': ConversationDto;
  /** It belongs to somebody else, or to nobody. Who loses it hears this and nothing after it. */
  'conversation:assigned': ConversationDto | ConversationGone;
  /** It is in the queue, in work, handed on, closed or archived. */
  'conversation:status_changed': ConversationDto;
  /** Anything else of it, or of its contact, is different. */
  'conversation:updated': ConversationDto;
  /** The count of unread messages is 0 again. */
  'conversation:unread_reset': ConversationDto;
  /** Somebody marked it as read. */
  'conversation:read': ConversationDto;
  /** Somebody marked it as unread. */
  'conversation:unread': ConversationDto;
  /** It is gone, with all that was said in it. */
  'conversation:deleted': GonePayload;
  /** Staff wrote something for each other; the customer does not see it. */
  'conversation:note': NoteDto;
  /** A note is gone. */
  'conversation:note_deleted': NoteGoneDto;
  /** The customer has rated it, or rated it anew. */
  'conversation:rated': ConversationRated;
  /** To supervisors and admins: it is gone. Of each of its conversations `conversation:deleted` came before. */
  'contact:deleted': GonePayload;
  /** A bot gave a conversation back to people; `conversation:assigned` came before it. */
  'bot:handoff': BotHandoff;
  /** An administrator tells all staff something, or this server stops; the latter comes without a meta. */
  'system:notification': AnnouncementPayload | RestartingPayload;
}

/** Of the moment, to whoever is connected: never repeated. */
export interface PassingEvents {
  /** From here on the socket hears everything. */
  'stream:ready': CursorPayload;
  /** Too much was missed, or one's rights have changed: fetch the state anew, then go on from the cursor. */
  resync_required: CursorPayload;
  /** A message was refused for which no acknowledgement was asked, or the session is over. */
  'system:error': ErrorBody;
  joined_conversation: JoinedConversation;
  left_conversation: RoomAnswer;
  /** Somebody came, went, or chose another status. */
  'presence:changed': PresenceDto;
  /** One event when an agent begins and one when they stop. */
  typing: TypingPayload;
}

/** All that a client of /crm may say, and what it is acknowledged with. An error is `{ error: ErrorBody }`. */
export interface ClientMessages {
  /** The user has opened the conversation. */
  'join:conversation': { payload: ConversationRoomDto; answer: JoinedConversation };
  'leave:conversation': { payload: ConversationRoomDto; answer: RoomAnswer };
  /** Everything after the cursor, in order, then live again from there. */
  resume: { payload: ResumeDto; answer: ResumeAnswer };
  /** What one shall be shown as while connected. */
  'presence:set': { payload: ChooseStatusDto; answer: PresenceDto };
  /** Everybody's presence. */
  'presence:list': { payload: null; answer: PresenceList };
  /** The user writes; repeat it every 2 s while they go on. */
  'typing:start': { payload: ConversationRoomDto; answer: TypingAnswer };
  'typing:stop': { payload: ConversationRoomDto; answer: TypingAnswer };
}
