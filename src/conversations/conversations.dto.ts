import { Transform, Type } from 'class-transformer';
import { IsBoolean, IsIn, IsInt, IsOptional, IsPositive, ValidateIf } from 'class-validator';
import { PageQuery } from '../common/page';
import { CONVERSATION_STATUSES, type ConversationStatus } from './conversations.types';

/** `GET /conversations` */
export class ConversationQuery extends PageQuery {
  @IsOptional()
  @IsIn(CONVERSATION_STATUSES)
  status?: ConversationStatus;

  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @IsPositive()
  assigned_user?: number;

  @IsOptional()
  @Transform(({ value }: { value: unknown }) => (value === 'true' ? true : value === 'false' ? false : value))
  @IsBoolean()
  unread?: boolean;
}

/** `PATCH /conversations/:id/assign`: to a user, to a bot, or with an empty body to oneself. */
export class AssignDto {
  @ValidateIf((input: AssignDto) => input.assigned_user !== undefined)
  @IsInt()
  @IsPositive()
  assigned_user?: number;

  @ValidateIf((input: AssignDto) => input.assigned_bot !== undefined)
  @IsInt()
  @IsPositive()
  assigned_bot?: number;
}
