import { Transform, Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayNotEmpty,
  ArrayUnique,
  IsArray,
  IsIn,
  IsInt,
  IsOptional,
  IsPositive,
  IsString,
  Max,
  ValidateIf,
} from 'class-validator';
import { IsInstant } from '../common/instant';
import { PageQuery } from '../common/page';
import { IsQueryFlag } from '../common/query-flag';
import { sortsOf } from '../common/sorting';
import { IsName, IsText } from '../common/text-rules';
import {
  CONVERSATION_PRIORITIES,
  CONVERSATION_STATUSES,
  type ConversationPriority,
  type ConversationStatus,
} from './conversations.types';

export const INBOX_SORTS = ['last_message_at', 'created_at', 'updated_at', 'priority'] as const;
export type InboxSort = (typeof INBOX_SORTS)[number];

/** Values separated by commas, or the parameter given several times. */
function IsListOf(allowed: readonly string[]): PropertyDecorator {
  return (target, key) => {
    Transform(({ value }: { value: unknown }) =>
      typeof value === 'string'
        ? value.split(',')
        : Array.isArray(value)
          ? value.flatMap((one: unknown) => (typeof one === 'string' ? one.split(',') : one))
          : value,
    )(target, key);
    for (const rule of [
      IsArray(),
      ArrayNotEmpty(),
      ArrayUnique(),
      ArrayMaxSize(allowed.length),
      IsIn(allowed, { each: true }),
    ])
      rule(target, key);
  };
}

export function IsIdInQuery(): PropertyDecorator {
  return (target, key) => {
    for (const rule of [Type(() => Number), IsInt(), IsPositive(), Max(Number.MAX_SAFE_INTEGER)])
      rule(target, key);
  };
}

/** `GET /conversations` */
export class ConversationQuery extends PageQuery {
  /** One or several: `queue,active`. */
  @IsOptional()
  @IsListOf(CONVERSATION_STATUSES)
  status?: ConversationStatus[];

  /** One or several: `high,urgent`. */
  @IsOptional()
  @IsListOf(CONVERSATION_PRIORITIES)
  priority?: ConversationPriority[];

  /** A user’s id, or `me`. */
  @ValidateIf(({ assigned_user }: ConversationQuery) => assigned_user !== undefined && assigned_user !== 'me')
  @Transform(({ value }: { value: unknown }) => (value === 'me' ? value : Number(value)))
  @IsInt()
  @IsPositive()
  @Max(Number.MAX_SAFE_INTEGER)
  assigned_user?: number | 'me';

  @IsOptional()
  @IsIdInQuery()
  assigned_bot?: number;

  /** `true`: nobody’s; `false`: a user’s or a bot’s. */
  @IsQueryFlag()
  unassigned?: boolean;

  @IsQueryFlag()
  unread?: boolean;

  @IsOptional()
  @IsIdInQuery()
  contact_id?: number;

  @IsOptional()
  @IsIdInQuery()
  integration_id?: number;

  /** Such as `whatsapp`. */
  @IsOptional()
  @IsText(1, 20)
  channel?: string;

  /** The contact has this tag. */
  @IsOptional()
  @IsIdInQuery()
  tag_id?: number;

  /** Words that all occur in the contact’s name, phone number or external id, whatever their case and accents. */
  @IsOptional()
  @IsName(100)
  search?: string;

  /** Changed at this moment or later. */
  @IsOptional()
  @IsInstant()
  updated_since?: string;

  @IsOptional()
  @IsIn(sortsOf(...INBOX_SORTS))
  sort: string = '-last_message_at';

  /** `next_cursor` or `prev_cursor` of an earlier answer, with the same `sort`. Not together with `page`. */
  @IsOptional()
  @IsString()
  cursor?: string;

  /** `false` leaves `meta` out, and with it the counting. */
  @IsQueryFlag()
  with_total?: boolean;
}
