import type { CursorPage } from '../common/cursor-page';
import type { Page } from '../common/page';
import type { ConversationDto } from '../conversations/conversations.types';
import type { MessageDto } from './messages.types';

/** `GET /messages`, newest first. */
export interface MessagePage extends CursorPage<MessageDto> {
  /** Left out where a cursor was given: counting a long list costs more than reading a page of it. */
  meta?: Page<MessageDto>['meta'];
}

/** Where something stands in a text, in UTF-16 units as JavaScript counts them. */
export interface TextRange {
  start: number;
  length: number;
}

/** A part of a message's text, around the words that were looked for. */
export interface Snippet {
  /** As it was written; text of strangers, so escape it. `…` at an end stands for what was left out there. */
  text: string;
  /** Where the words stand in `text`. */
  matches: TextRange[];
}

/** A message that was found. */
export interface MessageHitDto extends MessageDto {
  snippet: Snippet;
}

/** Unread messages of one conversation. */
export interface ConversationUnreadDto {
  conversation_id: number;
  unread_count: number;
}

/** Unread messages of customers in all that the caller may see. */
export interface UnreadCountDto {
  unread_count: number;
  /** In how many conversations. */
  conversations: number;
}

/** What marking messages as read changed. */
export interface MarkedAsReadDto {
  /** Messages that are read now and were not before. */
  marked: number;
  /** Those of the conversations that changed, as they are now. */
  conversations: ConversationDto[];
}
