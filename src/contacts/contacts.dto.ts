import { applyDecorators } from '@nestjs/common';
import { Transform } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayNotEmpty,
  IsArray,
  IsIn,
  IsInt,
  IsOptional,
  IsPositive,
  Matches,
  Max,
} from 'class-validator';
import { IsInstant } from '../common/instant';
import { PageQuery } from '../common/page';
import { sortsOf } from '../common/sorting';
import { IsId, IsLeftOutOrGiven, IsName, IsText } from '../common/text-rules';

const MAX_TAGS = 100;

/** Ids in a query: repeated, separated by commas, or both. */
function IsIdList(): PropertyDecorator {
  return applyDecorators(
    Transform(({ value }: { value: unknown }) => idList(value)),
    IsIds(),
  );
}

function IsIds(): PropertyDecorator {
  return applyDecorators(
    IsArray(),
    ArrayNotEmpty(),
    ArrayMaxSize(MAX_TAGS),
    IsInt({ each: true }),
    IsPositive({ each: true }),
    Max(Number.MAX_SAFE_INTEGER, { each: true }),
  );
}

/** What is no id is left as it is for the validators to refuse. */
function idList(value: unknown): unknown {
  if (typeof value !== 'string' && !Array.isArray(value)) return value;
  const parts: unknown[] = [value].flat();
  return parts
    .flatMap((part) => (typeof part === 'string' ? part.split(',') : [part]))
    .map((part) => (typeof part === 'string' && /^\d{1,16}$/.test(part) ? Number(part) : part));
}

/** Which contacts are meant. */
export interface ContactFilterQuery {
  search?: string;
  tag_id?: number[];
  tag_match?: 'any' | 'all';
  created_since?: string;
}

/** `GET /contacts` */
export class ContactQuery extends PageQuery implements ContactFilterQuery {
  /**
   * Words that all occur in name, phone number or external id, whatever their case and accents. Numbers may be typed
   * with blanks, dashes, brackets and +. One or two letters are the beginning of a word.
   */
  @IsOptional()
  @IsName(100)
  search?: string;

  /** Repeated, or separated by commas. */
  @IsOptional()
  @IsIdList()
  tag_id?: number[];

  /** Contacts that have any of the tags, which is the default, or all of them. */
  @IsOptional()
  @IsIn(['any', 'all'])
  tag_match?: 'any' | 'all';

  /** Made at this time or later. */
  @IsOptional()
  @IsInstant()
  created_since?: string;

  /** `-` in front: the same list backwards. Contacts without a name come after all others. */
  @IsIn(sortsOf('name', 'created_at', 'updated_at'))
  sort: string = '-created_at';
}

/** `GET /contacts/export.csv` */
export class ContactExportQuery implements ContactFilterQuery {
  @IsOptional()
  @IsName(100)
  search?: string;

  @IsOptional()
  @IsIdList()
  tag_id?: number[];

  @IsOptional()
  @IsIn(['any', 'all'])
  tag_match?: 'any' | 'all';

  @IsOptional()
  @IsInstant()
  created_since?: string;
}

/** `GET /contacts/by-tag/:tagId` */
export class ContactsByTagQuery extends PageQuery {
  @IsIn(sortsOf('name', 'created_at', 'updated_at'))
  sort: string = '-created_at';
}

/** `POST /contacts`: at least one of the three. */
export class CreateContactDto {
  /** What a channel or another system calls the contact. Left out, it is the phone number's digits, or made up. */
  @IsLeftOutOrGiven()
  @IsName(150)
  external_id?: string;

  @IsOptional()
  @IsName(150)
  name?: string | null;

  /** As people write it; stored in E.164. Without a country code it is one of the installation's country. */
  @IsOptional()
  @IsText(1, 40)
  phone_number?: string | null;
}

/** A row of `POST /contacts/import`, without its empty cells. */
export class ContactImportRow {
  @IsOptional()
  @IsName(150)
  external_id?: string;

  @IsOptional()
  @IsName(150)
  name?: string;

  @IsOptional()
  @IsText(1, 40)
  phone_number?: string;

  @IsOptional()
  @ArrayMaxSize(MAX_TAGS)
  @Matches(/^[^\0\p{Surrogate}]{1,100}$/u, {
    each: true,
    message: 'a tag has 1 to 100 characters, none of them NUL or incomplete',
  })
  tags?: string[];
}

/** `PATCH /contacts/:id` */
export class UpdateContactDto {
  @IsLeftOutOrGiven()
  @IsName(150)
  external_id?: string;

  @IsOptional()
  @IsName(150)
  name?: string | null;

  /** Null takes every number from the contact, also those it wrote from. */
  @IsOptional()
  @IsText(1, 40)
  phone_number?: string | null;
}

/** `POST /contacts/:id/tags` */
export class AddTagsDto {
  @IsIds()
  tag_ids!: number[];
}

/** `DELETE /contacts/:id/tags`, in the body */
export class RemoveTagsDto {
  @IsOptional()
  @IsIds()
  tag_ids?: number[];
}

/** The same in the query, for clients that send no body with a DELETE. */
export class RemoveTagsQuery {
  @IsOptional()
  @IsIdList()
  tag_ids?: number[];
}

/** `POST /contacts/:id/merge` */
export class MergeContactDto {
  /** Whose conversations, names and tags go to the contact in the path; it is gone afterwards. */
  @IsId()
  contact_id!: number;
}
