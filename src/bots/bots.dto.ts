import { Transform } from 'class-transformer';
import { IsBoolean, IsIn, IsObject, IsOptional, Matches } from 'class-validator';
import { PageQuery } from '../common/page';
import { sortsOf } from '../common/sorting';
import { IsLeftOutOrGiven, IsName, IsText } from '../common/text-rules';
import { BOT_KINDS, type BotKind } from './bot-config.dto';

const NAME = 100;
const DESCRIPTION = 2_000;
/** Printable ASCII, as it is copied into configurations. */
const SECRET = /^[\x21-\x7e]{16,200}$/;
const SECRET_RULE = { message: 'secret has 16 to 200 characters without blanks' };
const DAY = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/;
const DAY_RULE = { message: '$property is a day such as 2026-11-21' };

export const BOT_SORTS = sortsOf('id', 'name', 'created_at');

/** `GET /bots` */
export class BotQuery extends PageQuery {
  /** In the name or the description. */
  @IsOptional()
  @IsText(1, NAME)
  search?: string;

  @IsOptional()
  @IsIn(BOT_KINDS)
  kind?: BotKind;

  @IsOptional()
  @Transform(({ value }: { value: unknown }) => (value === 'true' ? true : value === 'false' ? false : value))
  @IsBoolean()
  enabled?: boolean;

  @IsIn(BOT_SORTS)
  sort: string = 'name';
}

/** `POST /bots` */
export class CreateBotDto {
  @IsName(NAME)
  name!: string;

  @IsOptional()
  @IsText(0, DESCRIPTION)
  description?: string | null;

  @IsIn(BOT_KINDS)
  kind: BotKind = 'none';

  /** What it does, by kind. */
  @IsObject()
  config: object = {};

  /** A bot that is not enabled gets no conversations by rule, and hands those that it has to people. */
  @IsBoolean()
  enabled: boolean = true;

  /** Signs what a webhook bot is asked. Never shown again. */
  @IsLeftOutOrGiven()
  @Matches(SECRET, SECRET_RULE)
  secret?: string;
}

/** `PATCH /bots/:id` */
export class UpdateBotDto {
  @IsLeftOutOrGiven()
  @IsName(NAME)
  name?: string;

  @IsOptional()
  @IsText(0, DESCRIPTION)
  description?: string | null;

  /** Another kind needs another config in the same request. */
  @IsLeftOutOrGiven()
  @IsIn(BOT_KINDS)
  kind?: BotKind;

  /** Takes the place of the whole earlier one. */
  @IsLeftOutOrGiven()
  @IsObject()
  config?: object;

  @IsLeftOutOrGiven()
  @IsBoolean()
  enabled?: boolean;

  @IsLeftOutOrGiven()
  @Matches(SECRET, SECRET_RULE)
  secret?: string;
}

/** `GET /bots/:id/stats`: days in UTC, both included; by default the last 30. */
export class BotStatsQuery {
  @IsOptional()
  @Matches(DAY, DAY_RULE)
  from?: string;

  @IsOptional()
  @Matches(DAY, DAY_RULE)
  to?: string;
}
