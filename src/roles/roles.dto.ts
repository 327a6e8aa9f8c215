import { IsIn, IsOptional } from 'class-validator';
import { type AccessLevel, ACCESS_LEVELS } from '../common/access-level';
import { PageQuery } from '../common/page';
import { sortsOf } from '../common/sorting';
import { IsLeftOutOrGiven, IsName, IsText } from '../common/text-rules';

/** `GET /roles` */
export class RoleQuery extends PageQuery {
  /** Part of the name, in any case. */
  @IsOptional()
  @IsText(1, 50)
  search?: string;

  @IsOptional()
  @IsIn(ACCESS_LEVELS)
  access_level?: AccessLevel;

  @IsOptional()
  @IsIn(sortsOf('name', 'created_at', 'id'))
  sort: string = 'id';
}

/** `POST /roles` */
export class CreateRoleDto {
  /** Unique within the workspace. */
  @IsName(50)
  name!: string;

  /** What holders may do. */
  @IsIn(ACCESS_LEVELS)
  access_level!: AccessLevel;
}

/** `PATCH /roles/:id` */
export class UpdateRoleDto {
  @IsLeftOutOrGiven()
  @IsName(50)
  name?: string;

  @IsLeftOutOrGiven()
  @IsIn(ACCESS_LEVELS)
  access_level?: AccessLevel;
}
