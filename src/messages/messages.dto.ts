import { IsInt, IsOptional, IsPositive, IsString, Length } from 'class-validator';

/** `POST /messages`: an answer to a customer. */
export class CreateMessageDto {
  @IsInt()
  @IsPositive()
  conversation_id!: number;

  /** WhatsApp takes up to 4,096 characters. */
  @IsString()
  @Length(1, 4096)
  body!: string;

  @IsOptional()
  @IsInt()
  @IsPositive()
  reply_to_id?: number;

  /** The sender's own id for the message: the same one again answers with the message it made the first time. */
  @IsOptional()
  @IsString()
  @Length(1, 100)
  client_message_id?: string;
}
