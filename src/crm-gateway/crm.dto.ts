import { IsInt, IsPositive, IsString, Length, Max } from 'class-validator';

/** `join:conversation`, `leave:conversation` */
export class ConversationRoomDto {
  @IsInt()
  @IsPositive()
  @Max(Number.MAX_SAFE_INTEGER)
  conversation_id!: number;
}

/** `resume` */
export class ResumeDto {
  /** The `cursor` of the last event that was heard. */
  @IsString()
  @Length(1, 20_000)
  after!: string;
}
