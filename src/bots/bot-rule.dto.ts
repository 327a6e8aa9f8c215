import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsObject,
  IsOptional,
  Matches,
  Max,
  Min,
  Validate,
  ValidateNested,
  ValidatorConstraint,
  type ValidatorConstraintInterface,
} from 'class-validator';
import { IsId, IsLeftOutOrGiven, IsName } from '../common/text-rules';
import { isTimeZone, type OpenPeriod } from './opening-hours';
import type { RuleHours } from './bots.types';

const MAX_KEYWORDS = 50;
const APPLIES_TO = ['new_conversation', 'any_message'] as const;
const CLOCK = /^([01]\d|2[0-3]):[0-5]\d$/;

@ValidatorConstraint({ name: 'isTimeZone' })
class TimeZone implements ValidatorConstraintInterface {
  validate(value: unknown): boolean {
    return typeof value === 'string' && value.length <= 60 && isTimeZone(value);
  }

  defaultMessage(): string {
    return 'time_zone is one of the IANA list, such as America/Sao_Paulo';
  }
}

@ValidatorConstraint({ name: 'isAfterFrom' })
class AfterFrom implements ValidatorConstraintInterface {
  validate(value: unknown, about?: { object: object }): boolean {
    const { from } = (about?.object ?? { from: '' }) as OpenPeriod;
    return typeof value === 'string' && value > from;
  }

  defaultMessage(): string {
    return 'to is later than from; what goes on after midnight is a period of the next day';
  }
}

export class OpenPeriodDto implements OpenPeriod {
  /** 1 is Monday, 7 is Sunday. */
  @IsArray()
  @ArrayMinSize(1)
  @ArrayUnique()
  @IsInt({ each: true })
  @Min(1, { each: true })
  @Max(7, { each: true })
  days!: number[];

  /** `HH:MM`, on the clock of the time zone. */
  @Matches(CLOCK, { message: 'from is a time such as 09:00' })
  from!: string;

  /** `HH:MM`; `24:00` is the end of the day. */
  @Matches(/^(([01]\d|2[0-3]):[0-5]\d|24:00)$/, { message: 'to is a time such as 18:00' })
  @Validate(AfterFrom)
  to!: string;
}

export class RuleHoursDto implements RuleHours {
  @IsIn(['inside', 'outside'])
  when!: 'inside' | 'outside';

  @Validate(TimeZone)
  time_zone!: string;

  /** The business hours; with none it is always closed. */
  @IsArray()
  @ArrayMaxSize(50)
  @ValidateNested({ each: true })
  @Type(() => OpenPeriodDto)
  open!: OpenPeriodDto[];
}

/** `POST /bots/:id/rules`. All conditions that are given must hold; a rule without any gives the bot every new conversation. */
export class CreateBotRuleDto {
  /** Of several rules that match, the one with the lowest number counts. */
  @IsInt()
  @Min(0)
  @Max(1_000_000)
  priority: number = 100;

  @IsBoolean()
  enabled: boolean = true;

  /** Only the message that opens a conversation, or any message of one that nobody has had yet. */
  @IsIn(APPLIES_TO)
  applies_to: (typeof APPLIES_TO)[number] = 'new_conversation';

  /** The number of ours that the customer writes to. */
  @IsOptional()
  @IsId()
  integration_id?: number | null;

  /** A tag of the contact. */
  @IsOptional()
  @IsId()
  tag_id?: number | null;

  /** One of these words is in the message. */
  @IsArray()
  @ArrayMaxSize(MAX_KEYWORDS)
  @IsName(60, { each: true })
  keywords: string[] = [];

  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => RuleHoursDto)
  hours?: RuleHoursDto | null;
}

/** `PATCH /bots/:id/rules/:rule` */
export class UpdateBotRuleDto {
  @IsLeftOutOrGiven()
  @IsInt()
  @Min(0)
  @Max(1_000_000)
  priority?: number;

  @IsLeftOutOrGiven()
  @IsBoolean()
  enabled?: boolean;

  @IsLeftOutOrGiven()
  @IsIn(APPLIES_TO)
  applies_to?: (typeof APPLIES_TO)[number];

  @IsOptional()
  @IsId()
  integration_id?: number | null;

  @IsOptional()
  @IsId()
  tag_id?: number | null;

  @IsLeftOutOrGiven()
  @IsArray()
  @ArrayMaxSize(MAX_KEYWORDS)
  @IsName(60, { each: true })
  keywords?: string[];

  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => RuleHoursDto)
  hours?: RuleHoursDto | null;
}
