import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsIn,
  IsObject,
  IsOptional,
  IsString,
  Length,
  Matches,
  ValidateNested,
} from 'class-validator';
import { IsId } from '../common/text-rules';
import { AttachmentInputDto } from './outgoing.dto';
import { OUTGOING_TYPES, type OutgoingType } from './outgoing.types';

/** Counted in code points. A NUL or half a surrogate pair can neither be stored nor sent. */
const TEXT = /^[^\0\p{Surrogate}]{1,4096}$/u;
const KEY = /^[^\0\p{Surrogate}]*$/u;
const MAX_ATTACHMENTS = 10;

/** What is to be said. Which parts a type takes, and how much of each, is told in docs/sending.md. */
export class MessageContentDto {
  /** Left out: what the attachments are, else a text. */
  @IsOptional()
  @IsIn(OUTGOING_TYPES)
  type?: OutgoingType;

  /** The text, the caption of the first attachment, or the words above buttons and lists. */
  @IsOptional()
  @IsString()
  @Matches(TEXT, { message: 'body has 1 to 4096 characters, none of them NUL or incomplete' })
  body?: string | null;

  /** What stands beside the words; its fields depend on `type`. */
  @IsOptional()
  @IsObject()
  payload?: object | null;

  /** Uploaded files. Each becomes a message of its own, sent in this order. */
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(MAX_ATTACHMENTS)
  @ValidateNested({ each: true })
  @Type(() => AttachmentInputDto)
  attachments?: AttachmentInputDto[] | null;
}

/** `POST /messages`: something said to a customer. */
export class CreateMessageDto extends MessageContentDto {
  @IsId()
  conversation_id!: number;

  @IsOptional()
  @IsId()
  reply_to_id?: number | null;

  /** The sender's own id for the request: the same one again answers with what it made the first time. */
  @IsOptional()
  @IsString()
  @Length(1, 100)
  @Matches(KEY, { message: 'client_message_id has no NUL or incomplete characters' })
  client_message_id?: string | null;
}
