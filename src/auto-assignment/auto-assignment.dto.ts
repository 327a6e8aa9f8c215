import { ArrayMinSize, ArrayUnique, IsArray, IsBoolean, IsIn, IsInt, Max, Min } from 'class-validator';
import { ACCESS_LEVELS, type AccessLevel } from '../common/access-level';
import { IsLeftOutOrGiven } from '../common/text-rules';

/** `PATCH /auto-assignment` */
export class UpdateAutoAssignmentDto {
  @IsLeftOutOrGiven()
  @IsBoolean()
  enabled?: boolean;

  /** Whose role has one of these levels gets conversations. */
  @IsLeftOutOrGiven()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayUnique()
  @IsIn(ACCESS_LEVELS, { each: true })
  levels?: AccessLevel[];

  /** Who has this many open conversations gets no more. */
  @IsLeftOutOrGiven()
  @IsInt()
  @Min(1)
  @Max(1_000)
  max_open_conversations?: number;

  /** How long a conversation waits first, so that bots and whoever wants it can take it. */
  @IsLeftOutOrGiven()
  @IsInt()
  @Min(0)
  @Max(3_600)
  wait_seconds?: number;
}
