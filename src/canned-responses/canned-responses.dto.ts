import { IsIn, IsOptional, IsString, Matches } from 'class-validator';
import { PageQuery } from '../common/page';
import { sortsOf } from '../common/sorting';
import { IsId, IsLeftOutOrGiven, IsName, IsText } from '../common/text-rules';

const SHORT_CODE = /^[\p{L}\p{N}][\p{L}\p{N}_.-]{0,49}$/u;
const SHORT_CODE_RULE = {
  message:
    'short_code has 1 to 50 letters, digits, dots, dashes and underscores, and begins with a letter or digit',
};
const TITLE = 150;
/** As much as WhatsApp takes. */
const BODY = 4_096;

/** `GET /canned-responses` */
export class CannedResponseQuery extends PageQuery {
  /** Part of the short code, the title or the text, in any case. */
  @IsOptional()
  @IsText(1, 100)
  search?: string;

  @IsOptional()
  @IsIn(sortsOf('short_code', 'title', 'created_at', 'id'))
  sort: string = 'short_code';
}

/** `POST /canned-responses` */
export class CreateCannedResponseDto {
  @IsString()
  @Matches(SHORT_CODE, SHORT_CODE_RULE)
  short_code!: string;

  @IsName(TITLE)
  title!: string;

  @IsName(BODY)
  body!: string;
}

/** `PATCH /canned-responses/:id` */
export class UpdateCannedResponseDto {
  @IsLeftOutOrGiven()
  @IsString()
  @Matches(SHORT_CODE, SHORT_CODE_RULE)
  short_code?: string;

  @IsLeftOutOrGiven()
  @IsName(TITLE)
  title?: string;

  @IsLeftOutOrGiven()
  @IsName(BODY)
  body?: string;
}

/** `POST /canned-responses/:id/render` */
export class RenderResponseDto {
  @IsId()
  conversation_id!: number;
}
