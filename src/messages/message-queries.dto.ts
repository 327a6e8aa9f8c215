import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayNotEmpty,
  IsArray,
  IsIn,
  IsInt,
  IsISO8601,
  IsOptional,
  IsPositive,
  Matches,
  Max,
  Min,
} from 'class-validator';
import { PageQuery } from '../common/page';
import { IsText } from '../common/text-rules';
import { DELIVERY_STATUSES, type DeliveryStatus, SENDER_TYPES, type SenderType } from './messages.types';

/** `GET /messages` */
export class MessagesQuery extends PageQuery {
  /** From a page's `next_cursor` or `prev_cursor`; the answer then has no `meta`, and `page` means nothing. */
  @IsOptional()
  @IsText(1, 500)
  cursor?: string;

  /** Which way to read on from the cursor. */
  @IsOptional()
  @IsIn(['older', 'newer'])
  direction: 'older' | 'newer' = 'older';

  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @IsPositive()
  @Max(Number.MAX_SAFE_INTEGER)
  conversation_id?: number;

  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @IsPositive()
  @Max(Number.MAX_SAFE_INTEGER)
  contact_id?: number;

  @IsOptional()
  @IsIn(SENDER_TYPES)
  sender_type?: SenderType;

  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @IsPositive()
  @Max(Number.MAX_SAFE_INTEGER)
  sender_user?: number;

  @IsOptional()
  @IsText(1, 30)
  type?: string;

  @IsOptional()
  @IsIn(DELIVERY_STATUSES)
  whatsapp_status?: DeliveryStatus;

  /** Created then or later. */
  @IsOptional()
  @IsISO8601({ strict: true, strictSeparator: true })
  since?: string;

  /** Created before then. */
  @IsOptional()
  @IsISO8601({ strict: true, strictSeparator: true })
  until?: string;
}

/** `?cursor=&limit=` of lists without pages. */
export class CursorQuery {
  /** From an answer's `next_cursor` or `prev_cursor`. */
  @IsOptional()
  @IsText(1, 500)
  cursor?: string;

  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(100)
  limit: number = 20;
}

/** `GET /messages/conversation/:id/cursor` */
export class HistoryQuery extends CursorQuery {
  /** Which way to read on from the cursor; without one, from the newest or from the oldest message. */
  @IsOptional()
  @IsIn(['older', 'newer'])
  direction: 'older' | 'newer' = 'older';

  /** A message of the conversation to open it at, such as a hit of the search. Takes the place of a cursor. */
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @IsPositive()
  @Max(Number.MAX_SAFE_INTEGER)
  around?: number;
}

/** `GET /messages/search` and the same within a conversation. */
export class SearchQuery extends CursorQuery {
  /** Words, or beginnings of words, all of which a message must hold. Accents and capitals make no difference. */
  @IsText(1, 200)
  @Matches(/[\p{L}\p{N}]/u, { message: 'q must hold a letter or a digit' })
  q!: string;
}

/** `GET /messages/unread-count` */
export class UnreadCountQuery {
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @IsPositive()
  @Max(Number.MAX_SAFE_INTEGER)
  conversationId?: number;
}

/** `PATCH /messages/:id` */
export class UpdateMessageDto {
  /** WhatsApp takes up to 4,096 characters. */
  @IsText(1, 4096)
  body!: string;
}

/** `PATCH /messages/mark-as-read` */
export class MarkAsReadDto {
  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(500)
  @IsInt({ each: true })
  @IsPositive({ each: true })
  @Max(Number.MAX_SAFE_INTEGER, { each: true })
  message_ids!: number[];
}
