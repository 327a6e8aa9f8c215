import { Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, Max, Min } from 'class-validator';
import { IsText } from '../common/text-rules';
import type { ConversationStatus } from '../conversations/conversations.types';
import {
  type ChatConversationView,
  type ChatWords,
  SUPPORT_PRIORITIES,
  type SupportPriority,
} from './chat-conversation-view';
import { SHOWN_STATUS, statusesShownAs, SUPPORT_STATUS } from './chat-conversation.types';
import { type ChatPagination, LONGEST, RepeatableDto, StatedUserDto } from './chat-messages.dto';
import type { ChatMessageView } from './chat-message-view';

const STATUS_WORDS = ['active', 'closed', 'archived', 'open', 'pending'] as const;
const PRIORITY_WORDS = [...(Object.keys(SUPPORT_PRIORITIES) as SupportPriority[]), 'normal'] as const;

/** `GET /api/chat/conversations` */
export class ChatConversationsQuery extends StatedUserDto {
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(1_000_000)
  page: number = 1;

  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(50)
  limit: number = 20;

  /** `active` are all that are not over: `pending`, which nobody has yet, and `open`. */
  @IsOptional()
  @IsIn(STATUS_WORDS)
  status?: (typeof STATUS_WORDS)[number];
}

/** `POST /api/chat/conversations`, in the words of either contract: one of `initial_message` and `message`. */
export class OpenConversationDto extends RepeatableDto {
  @IsOptional()
  @IsText(0, LONGEST)
  initial_message?: string;

  @IsOptional()
  @IsText(0, LONGEST)
  message?: string;

  @IsOptional()
  @IsText(0, 255)
  subject?: string | null;

  /** `medium` and `normal` are the same. */
  @IsOptional()
  @IsIn(PRIORITY_WORDS)
  priority?: (typeof PRIORITY_WORDS)[number];
}

/** `POST /api/chat/conversations/:id/rating` */
export class RateChatDto extends StatedUserDto {
  /** From 1, the worst, to 5. */
  @IsInt()
  @Min(1)
  @Max(5)
  score!: number;

  @IsOptional()
  @IsText(0, 1000)
  comment?: string | null;
}

/** A page of conversations, the one with the newest message first. */
export interface ChatConversationsDto {
  conversations: ChatConversationView[];
  pagination: ChatPagination;
}

/** A conversation that was just opened, with its first message. */
export interface OpenedConversationDto {
  conversation_id: number;
  message: ChatMessageView;
  conversation: ChatConversationView;
}

/** A conversation as it is now. */
export interface ChatConversationDto {
  conversation: ChatConversationView;
}

/** What was asked for was done. */
export interface ChatConfirmation {
  status: 'success';
  message: string;
}

/** Callers that name a `username`, or what only Anume's contract has, get their answer in its words. */
export function wordsOf(asked: { username?: string; message?: string; status?: string }): ChatWords {
  const { username, message, status } = asked;
  const theirs = username !== undefined || message !== undefined || status === 'open' || status === 'pending';
  return theirs ? 'support' : 'shown';
}

export function statusesOf(word: ChatConversationsQuery['status']): ConversationStatus[] | null {
  if (word === undefined) return null;
  const table = word === 'open' || word === 'pending' ? SUPPORT_STATUS : SHOWN_STATUS;
  return statusesShownAs(table, word);
}
