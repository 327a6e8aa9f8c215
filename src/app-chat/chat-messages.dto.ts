import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayNotEmpty,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsOptional,
  IsPositive,
  IsString,
  Length,
  Matches,
  Max,
  Min,
} from 'class-validator';
import { invalid } from '../common/app-error';
import { PageQuery } from '../common/page';
import { IsId, IsText } from '../common/text-rules';
import type { ChatHit } from './chat-search.service';
import type { ChatHistory, ReadPlace } from './chat-reading.service';
import type { ChatMessageType, ChatMessageView } from './chat-message-view';

/** What the configured length cannot be above. */
export const LONGEST = 65_536;
/** Of a client's own id of a message. */
const KEY = /^[^\0\p{Surrogate}]*$/u;
const MOST_MARKED = 500;

/**
 * Whom the call is about. Needed where the app's server signs for a user; where it says something else than the
 * session, the call is refused.
 */
export class StatedUserDto {
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(Number.MAX_SAFE_INTEGER)
  user_id?: number;

  @IsOptional()
  @IsText(1, 150)
  username?: string;
}

/** `GET /api/chat/messages`: the body that its contract shows. */
export class HistoryBody extends StatedUserDto {}

/** Where in a conversation to read. */
export class ChatHistoryQuery extends StatedUserDto {
  /** Messages below this id. */
  @IsOptional()
  @Type(() => Number)
  @IsId()
  before_id?: number;

  /** Messages above it, from there on. */
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  after_id?: number;

  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(200)
  limit: number = 100;
}

/** `GET /api/chat/conversations/:id/messages` */
export class ConversationMessagesQuery extends ChatHistoryQuery {
  /** Counted from the newest messages, from 1; the answer then has `pagination`. */
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(1_000_000)
  page?: number;
}

/** What may be said twice and happens once. */
export class RepeatableDto extends StatedUserDto {
  /** The client's own id for it: the same one again answers with the message that it made the first time. */
  @IsOptional()
  @IsString()
  @Length(1, 100)
  @Matches(KEY, { message: 'client_message_id has no NUL or incomplete characters' })
  client_message_id?: string | null;
}

/** Something that a user says. */
export class SayDto extends RepeatableDto {
  /** Stored as written; escape it where you show it. */
  @IsText(0, LONGEST)
  message!: string;

  /** A message of the same conversation that this one answers. */
  @IsOptional()
  @IsId()
  reply_to_id?: number | null;
}

/** `PUT /api/chat/conversations/:id/read` */
export class MarkReadDto extends StatedUserDto {
  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(MOST_MARKED)
  @IsInt({ each: true })
  @IsPositive({ each: true })
  @Max(Number.MAX_SAFE_INTEGER, { each: true })
  message_ids!: number[];
}

/** `PATCH /api/chat/conversations/:id/messages/read` */
export class MarkMessagesReadDto extends StatedUserDto {
  /** Default: all that the user has not read. */
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(MOST_MARKED)
  @IsInt({ each: true })
  @IsPositive({ each: true })
  @Max(Number.MAX_SAFE_INTEGER, { each: true })
  message_ids?: number[];
}

/** `POST /api/chat/conversations/:id/typing` */
export class ChatTypingDto extends StatedUserDto {
  @IsBoolean()
  typing!: boolean;
}

/** `GET /api/chat/search` */
export class ChatSearchQuery extends PageQuery {
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(Number.MAX_SAFE_INTEGER)
  user_id?: number;

  @IsOptional()
  @IsText(1, 150)
  username?: string;

  /** Words, or beginnings of words, all of which a message must hold. Accents and capitals make no difference. */
  @IsText(2, 200)
  @Matches(/[\p{L}\p{N}]/u, { message: 'q must hold a letter or a digit' })
  q!: string;

  @IsOptional()
  @Type(() => Number)
  @IsId()
  conversation_id?: number;
}

/** The fields of the form of `POST /api/chat/upload`, beside `file`. */
export class ChatUploadFields extends StatedUserDto {
  @Type(() => Number)
  @IsId()
  conversation_id!: number;

  /** `image` takes pictures only; `file` anything that may be uploaded. */
  @IsIn(['image', 'file'])
  message_type!: 'image' | 'file';

  /** The client's own id for the message: the same one again answers with what it made the first time. */
  @IsOptional()
  @IsString()
  @Length(1, 100)
  @Matches(KEY, { message: 'client_message_id has no NUL or incomplete characters' })
  client_message_id?: string;
}

/** Where a page stands in its list. */
export interface ChatPagination {
  page: number;
  limit: number;
  total: number;
  pages: number;
}

/** Messages of one conversation, the oldest first. */
export interface ChatHistoryDto {
  /** Null where the user has no conversation yet. */
  conversation_id: number | null;
  messages: ChatMessageView[];
  /** Whether there are more, before the first one or (with `after_id`) behind the last one. */
  has_more: boolean;
}

/** The same, a page of them where pages were asked for. */
export interface ConversationMessagesDto extends ChatHistoryDto {
  /** Left out where the place was an id. */
  pagination?: ChatPagination;
}

/** How many messages became read by the call. */
export interface MarkedReadDto {
  conversation_id: number;
  marked_read: number;
}

/** A file that was uploaded, and the message that shows it. */
export interface ChatUploadDto {
  file_id: string;
  /** Opens the file without a token. It does not expire. */
  file_url: string;
  message_id: number;
  conversation_id: number;
  message_type: ChatMessageType;
  filename: string;
  /** Bytes. */
  file_size: number;
  mime_type: string;
  /** Of a picture: a smaller one. */
  thumbnail_url: string | null;
}

/** What was found, the newest first; counted are at most the 500 newest. */
export interface ChatSearchDto {
  results: ChatHit[];
  pagination: ChatPagination;
}

export function paginationOf(
  { page, limit }: { page: number; limit: number },
  total: number,
): ChatPagination {
  return { page, limit, total, pages: Math.ceil(total / limit) };
}

export function toHistoryDto(
  { conversationId, messages, hasMore }: ChatHistory,
  origin: string | null,
): ChatHistoryDto {
  return {
    conversation_id: conversationId,
    messages: messages.map((message) => withAbsoluteLinks(message, origin)),
    has_more: hasMore,
  };
}

/** Files are behind links of this server unless the storage is public; a client need not know where it is. */
export function withAbsoluteLinks<View extends ChatMessageView>(message: View, origin: string | null): View {
  const absolute = (url: string | null): string | null =>
    url === null || origin === null ? url : new URL(url, origin).href;
  return {
    ...message,
    file_url: absolute(message.file_url),
    thumbnail_url: absolute(message.thumbnail_url),
  };
}

export function placeOf({ before_id, after_id, limit }: ChatHistoryQuery): ReadPlace {
  if (before_id !== undefined && after_id !== undefined)
    throw invalid('after_id', 'Give before_id or after_id, not both.');
  return { before: before_id, after: after_id, limit };
}

export function toUploadDto(message: ChatMessageView, origin: string | null): ChatUploadDto {
  const shown = withAbsoluteLinks(message, origin);
  return {
    file_id: shown.file_id!,
    file_url: shown.file_url!,
    message_id: shown.id,
    conversation_id: shown.conversation_id,
    message_type: shown.message_type,
    filename: shown.filename!,
    file_size: shown.file_size!,
    mime_type: shown.mime_type!,
    thumbnail_url: shown.thumbnail_url,
  };
}
