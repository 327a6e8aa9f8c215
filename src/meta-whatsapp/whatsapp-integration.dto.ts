import { IsBoolean, IsIn, IsOptional, IsString, Length, Matches, ValidateIf } from 'class-validator';
import { clock } from '../common/clock';
import { PageQuery } from '../common/page';
import { IsQueryFlag } from '../common/query-flag';
import { sortsOf } from '../common/sorting';
import { IsLeftOutOrGiven, IsText } from '../common/text-rules';
import type { WhatsappIntegrationEntity } from './whatsapp-integration.entity';

const DIGITS = { message: '$property is the number that Meta shows, digits only' };
const VERSION = { message: 'api_version looks like v25.0' };
/** For what may be left out but not be emptied. */
const isGiven = (_: object, value: unknown): boolean => value !== undefined;

/** `GET /whatsapp-integration-config` */
export class WhatsappIntegrationQuery extends PageQuery {
  /** Part of the name, of Meta's id of the number, or of the number itself. */
  @IsOptional()
  @IsText(1, 100)
  search?: string;

  /** Whether nothing is sent from it now. */
  @IsQueryFlag()
  paused?: boolean;

  @IsOptional()
  @IsIn(sortsOf('id', 'name', 'created_at'))
  sort: string = 'id';
}

/** `POST /whatsapp-integration-config` */
export class CreateWhatsappIntegrationDto {
  @IsString()
  @Matches(/^\d{1,50}$/, DIGITS)
  phone_number_id!: string;

  /** Printable ASCII, as it goes into a header. */
  @IsString()
  @Length(10, 2000)
  @Matches(/^[\x21-\x7e]+$/, { message: 'access_token has no spaces or line breaks' })
  access_token!: string;

  @IsOptional()
  @IsString()
  @Matches(/^\d{1,50}$/, DIGITS)
  business_account_id?: string;

  @IsOptional()
  @IsString()
  @Matches(/^v\d{1,3}\.\d{1,2}$/, VERSION)
  api_version?: string;

  @IsOptional()
  @IsString()
  @Length(1, 100)
  name?: string;

  /** Customers see that their messages were read, and that somebody is writing. Default true. */
  @ValidateIf(isGiven)
  @IsBoolean()
  send_read_receipts?: boolean;

  /** Ask Meta first, and save only what works. */
  @IsLeftOutOrGiven()
  @IsBoolean()
  verify?: boolean;
}

/** `PATCH /whatsapp-integration-config/:id` */
export class UpdateWhatsappIntegrationDto {
  @ValidateIf(isGiven)
  @IsString()
  @Length(10, 2000)
  @Matches(/^[\x21-\x7e]+$/, { message: 'access_token has no spaces or line breaks' })
  access_token?: string;

  @IsOptional()
  @IsString()
  @Matches(/^\d{1,50}$/, DIGITS)
  business_account_id?: string;

  @ValidateIf(isGiven)
  @IsString()
  @Matches(/^v\d{1,3}\.\d{1,2}$/, VERSION)
  api_version?: string;

  @IsOptional()
  @IsString()
  @Length(1, 100)
  name?: string;

  /** Customers see that their messages were read, and that somebody is writing. Default true. */
  @ValidateIf(isGiven)
  @IsBoolean()
  send_read_receipts?: boolean;

  /** Ask Meta first, and save only what works. */
  @IsLeftOutOrGiven()
  @IsBoolean()
  verify?: boolean;
}

/** What of a number was looked at: the way to Meta, or what is to be mended. */
export type NumberCheckName = 'connection' | 'token' | 'number' | 'business_account' | 'webhooks';

/** One thing that Meta was asked about a number. */
export interface NumberCheckDto {
  name: NumberCheckName;
  ok: boolean;
  /** In words, also what to do. */
  message: string;
}

/** What Meta says of a number now. */
export interface NumberVerificationDto {
  /** Messages can come and go: all checks are well. */
  ok: boolean;
  /** In the order in which they were made; what cannot be known after a failure is left out. */
  checks: NumberCheckDto[];
  display_phone_number: string | null;
  verified_name: string | null;
  /** `GREEN`, `YELLOW`, `RED` or `UNKNOWN` */
  quality_rating: string | null;
}

/** A number as the API shows it: of the token only the end. */
export interface WhatsappIntegrationDto {
  id: number;
  name: string | null;
  phone_number_id: string;
  business_account_id: string | null;
  display_phone_number: string | null;
  api_version: string;
  /** Null: the stored token cannot be read and must be entered again. */
  access_token_end: string | null;
  send_read_receipts: boolean;
  /** `until` null: until the account is mended. */
  sending_paused: { until: string | null; reason: string } | null;
  created_at: string;
  updated_at: string;
}

export function toWhatsappIntegrationDto(
  row: WhatsappIntegrationEntity,
  accessToken: string | null,
): WhatsappIntegrationDto {
  const until = row.sendingPausedUntil;
  const paused = until !== null && Number(until) > clock.now();
  return {
    id: row.id,
    name: row.name,
    phone_number_id: row.phoneNumberId,
    business_account_id: row.businessAccountId,
    display_phone_number: row.displayPhoneNumber,
    api_version: row.apiVersion,
    access_token_end: accessToken?.slice(-4) ?? null,
    send_read_receipts: row.sendReadReceipts,
    sending_paused: paused
      ? { until: until instanceof Date ? until.toISOString() : null, reason: row.sendingPausedReason ?? '' }
      : null,
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
  };
}
