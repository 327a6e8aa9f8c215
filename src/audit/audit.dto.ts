import { Type } from 'class-transformer';
import { IsInt, IsOptional, IsPositive, IsString, Max, Min } from 'class-validator';
import { IsInstant } from '../common/instant';
import { IsText } from '../common/text-rules';

/** `?cursor=&limit=` of a list of audit entries. */
export class AuditCursorQuery {
  /** `next_cursor` or `prev_cursor` of an earlier answer. */
  @IsOptional()
  @IsString()
  cursor?: string;

  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(100)
  limit: number = 50;
}

/** `GET /audit-log` */
export class AuditQuery extends AuditCursorQuery {
  /** Who did it. */
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @IsPositive()
  @Max(Number.MAX_SAFE_INTEGER)
  user?: number;

  /** Such as `conversation.assign`. */
  @IsOptional()
  @IsText(1, 60)
  action?: string;

  /** Such as `conversation`. */
  @IsOptional()
  @IsText(1, 40)
  subject_type?: string;

  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @IsPositive()
  @Max(Number.MAX_SAFE_INTEGER)
  subject_id?: number;

  /** From then on. */
  @IsOptional()
  @IsInstant()
  since?: string;

  /** Before then. */
  @IsOptional()
  @IsInstant()
  until?: string;
}
