import { IsIn, IsOptional, Matches } from 'class-validator';
import { PageQuery } from '../common/page';
import { sortsOf } from '../common/sorting';
import { IsText } from '../common/text-rules';

const WORD = /^[A-Za-z_]{1,40}$/;

/** `GET /whatsapp-integration-config/:id/templates` */
export class MessageTemplateQuery extends PageQuery {
  /** Any part of it. */
  @IsOptional()
  @IsText(1, 100)
  name?: string;

  @IsOptional()
  @Matches(/^[A-Za-z_]{2,16}$/, { message: 'language looks like en or pt_BR' })
  language?: string;

  /** Such as `approved`; in any case. */
  @IsOptional()
  @Matches(WORD, { message: 'status is a word such as APPROVED' })
  status?: string;

  /** Such as `marketing`; in any case. */
  @IsOptional()
  @Matches(WORD, { message: 'category is a word such as MARKETING' })
  category?: string;

  @IsOptional()
  @IsIn(sortsOf('name', 'language', 'status', 'category'))
  sort: string = 'name';
}
