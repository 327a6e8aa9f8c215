import { IsInt, IsOptional, IsPositive, IsString, Length, Matches, Max } from 'class-validator';

/** Counted in code points. A NUL or half a surrogate pair can neither be stored nor sent. */
const TEXT = /^[^\0\p{Surrogate}]{1,4096}$/u;
const KEY = /^[^\0\p{Surrogate}]*$/u;

/** `POST /messages`: an answer to a customer. */
export class CreateMessageDto {
  @IsInt()
  @IsPositive()
  @Max(Number.MAX_SAFE_INTEGER)
  conversation_id!: number;

  /** WhatsApp takes up to 4,096 characters. */
  @IsString()
  @Matches(TEXT, { message: 'body has 1 to 4096 characters, none of them NUL or incomplete' })
  body!: string;

  @IsOptional()
  @IsInt()
  @IsPositive()
  @Max(Number.MAX_SAFE_INTEGER)
  reply_to_id?: number | null;

  /** The sender's own id for the message: the same one again answers with the message it made the first time. */
  @IsOptional()
  @IsString()
  @Length(1, 100)
  @Matches(KEY, { message: 'client_message_id has no NUL or incomplete characters' })
  client_message_id?: string | null;
}
