import { IsIn, IsOptional } from 'class-validator';
import { PageQuery } from '../common/page';
import { sortsOf } from '../common/sorting';
import { IsLeftOutOrGiven, IsName, IsText } from '../common/text-rules';

/** `GET /tags`, `/servers`, `/applications`, `/devices` */
export class LookupQuery extends PageQuery {
  /** Part of the name, in any case. */
  @IsOptional()
  @IsText(1, 100)
  search?: string;

  @IsOptional()
  @IsIn(sortsOf('name', 'created_at', 'id'))
  sort: string = 'name';
}

/** `POST` of the same. */
export class CreateLookupDto {
  /** Unique among its kind within the workspace. */
  @IsName(100)
  name!: string;
}

/** `PATCH` of the same. */
export class UpdateLookupDto {
  @IsLeftOutOrGiven()
  @IsName(100)
  name?: string;
}
