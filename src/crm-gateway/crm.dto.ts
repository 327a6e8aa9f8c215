import { IsInt, IsPositive, IsString, Length } from 'class-validator';

/** `join:conversation`, `leave:conversation` */
export class ConversationRoomDto {
  @IsInt()
  @IsPositive()
  conversation_id!: number;
}

/** `resume` */
export class ResumeDto {
  /** The `cursor` of the last event that was heard. */
  @IsString()
  @Length(1, 20_000)
  after!: string;
}
