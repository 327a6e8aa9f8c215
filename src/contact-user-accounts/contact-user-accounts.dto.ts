import { applyDecorators } from '@nestjs/common';
import { Type } from 'class-transformer';
import { IsIn, IsISO8601, IsInt, IsOptional, Matches, Max, Min } from 'class-validator';
import { PageQuery } from '../common/page';
import { IsQueryFlag } from '../common/query-flag';
import { sortsOf } from '../common/sorting';
import { IsId, IsLeftOutOrGiven, IsName, IsText } from '../common/text-rules';

const TIME = '([01]\\d|2[0-3]):[0-5]\\d';

/** A day (its first moment, UTC) or a moment with its time zone: one without would mean another one on every server. */
function IsMoment(): PropertyDecorator {
  return applyDecorators(
    IsISO8601({ strict: true }),
    Matches(new RegExp(`^\\d{4}-\\d\\d-\\d\\d(T${TIME}(:[0-5]\\d(\\.\\d{1,6})?)?(Z|[+-]${TIME}))?$`), {
      message: '$property looks like 2026-12-31 or 2026-12-31T18:00:00Z',
    }),
  );
}

function IsLineId(): PropertyDecorator {
  return applyDecorators(IsInt(), Min(0), Max(Number.MAX_SAFE_INTEGER));
}

/** `GET /contact-user-accounts` */
export class ContactUserAccountQuery extends PageQuery {
  @IsOptional()
  @Type(() => Number)
  @IsId()
  contact_id?: number;

  @IsOptional()
  @Type(() => Number)
  @IsId()
  server_id?: number;

  @IsOptional()
  @Type(() => Number)
  @IsId()
  application_id?: number;

  @IsOptional()
  @Type(() => Number)
  @IsId()
  device_id?: number;

  /** Whether `date_exp` has passed. */
  @IsQueryFlag()
  expired?: boolean;

  /** Part of the username, in any case. */
  @IsOptional()
  @IsText(1, 150)
  search?: string;

  @IsOptional()
  @IsIn(sortsOf('username_final', 'date_exp', 'created_at', 'id'))
  sort: string = 'id';
}

/** `POST /contact-user-accounts` */
export class CreateContactUserAccountDto {
  @IsId()
  contact_id!: number;

  @IsName(150)
  username_final!: string;

  /** Stored encrypted and never shown again. */
  @IsText(1, 255)
  password_final!: string;

  @IsId()
  server_id!: number;

  /** The number of the line on that server. */
  @IsOptional()
  @IsLineId()
  id_line_server?: number | null;

  /** When it ends: a day, or a moment with its time zone. */
  @IsOptional()
  @IsMoment()
  date_exp?: string | null;

  @IsOptional()
  @IsId()
  application_id?: number | null;

  @IsOptional()
  @IsId()
  device_id?: number | null;
}

/** `PATCH /contact-user-accounts/:id`; null empties what may be empty. */
export class UpdateContactUserAccountDto {
  @IsLeftOutOrGiven()
  @IsId()
  contact_id?: number;

  @IsLeftOutOrGiven()
  @IsName(150)
  username_final?: string;

  @IsLeftOutOrGiven()
  @IsText(1, 255)
  password_final?: string;

  @IsLeftOutOrGiven()
  @IsId()
  server_id?: number;

  @IsOptional()
  @IsLineId()
  id_line_server?: number | null;

  @IsOptional()
  @IsMoment()
  date_exp?: string | null;

  @IsOptional()
  @IsId()
  application_id?: number | null;

  @IsOptional()
  @IsId()
  device_id?: number | null;
}
