import { applyDecorators } from '@nestjs/common';
import { Type } from 'class-transformer';
import { IsBoolean, IsIn, IsOptional, Matches, ValidateIf } from 'class-validator';
import { PageQuery } from '../common/page';
import { IsQueryFlag } from '../common/query-flag';
import { sortsOf } from '../common/sorting';
import { IsId, IsLeftOutOrGiven, IsName, IsText } from '../common/text-rules';
import type { UserStatus, UserWithRole } from './users.types';

/** Shown and typed in forms, so blanks at its ends would only ever be mistakes. */
function IsUsername(): PropertyDecorator {
  return applyDecorators(
    IsName(150),
    Matches(/^\S(.*\S)?$/su, { message: '$property neither begins nor ends with a blank' }),
  );
}

/** `GET /roles/:id/users` */
export class RoleUsersQuery extends PageQuery {
  /** Part of the name or the username, in any case. */
  @IsOptional()
  @IsText(1, 150)
  search?: string;

  @IsOptional()
  @IsIn(sortsOf('name', 'username', 'created_at', 'id'))
  sort: string = 'id';
}

/** `GET /users`; without `include_deactivated` only those who may sign in. */
export class UserQuery extends RoleUsersQuery {
  @IsOptional()
  @Type(() => Number)
  @IsId()
  role_id?: number;

  /** A role's name. */
  @IsOptional()
  @IsText(1, 50)
  role?: string;

  /** Connected to the inbox at this moment. */
  @IsQueryFlag()
  online?: boolean;

  /** Also those who may not sign in any more, and those who were deleted but are still named by what they said. */
  @IsQueryFlag()
  include_deactivated?: boolean;

  /** Each user with their role. */
  @IsQueryFlag()
  includeRole?: boolean;
}

/** `GET /users/:id` */
export class OneUserQuery {
  /** With their role. */
  @IsQueryFlag()
  includeRole?: boolean;

  /** Also one who was deleted but is still named by what they said. */
  @IsQueryFlag()
  include_deactivated?: boolean;
}

/** `POST /users` */
export class CreateUserDto {
  @IsName(100)
  name!: string;

  /** Unique within the workspace. */
  @IsUsername()
  username!: string;

  /** At least 8 characters and at most 72 bytes. */
  @IsText(8, 72)
  password!: string;

  @IsId()
  role_id!: number;
}

/** `PATCH /users/:id`; a new password, another role and `active: false` sign the user out everywhere. */
export class UpdateUserDto {
  @IsLeftOutOrGiven()
  @IsName(100)
  name?: string;

  @IsLeftOutOrGiven()
  @IsUsername()
  username?: string;

  /** At least 8 characters and at most 72 bytes. */
  @IsLeftOutOrGiven()
  @IsText(8, 72)
  password?: string;

  @IsLeftOutOrGiven()
  @IsId()
  role_id?: number;

  /** False: may not sign in, and their open conversations go back into the queue. */
  @IsLeftOutOrGiven()
  @IsBoolean()
  active?: boolean;
}

/** `PATCH /users/me` */
export class UpdateOwnUserDto {
  @IsLeftOutOrGiven()
  @IsName(100)
  name?: string;

  /** At least 8 characters and at most 72 bytes. Ends all other sessions. */
  @IsLeftOutOrGiven()
  @IsText(8, 72)
  password?: string;

  /** Needed for a new password. */
  @ValidateIf(
    (input: UpdateOwnUserDto) => input.password !== undefined || input.current_password !== undefined,
  )
  @IsText(1, 200)
  current_password?: string;
}

/** A user's role. */
export interface UserRoleDto {
  id: number;
  name: string;
  access_level: string;
}

/** A user as the API shows them. */
export interface UserDto {
  id: number;
  uuid: string;
  name: string;
  username: string;
  role_id: number;
  /** At sign-in, in answers to changes, and wherever `includeRole=true` asks for it. */
  role?: UserRoleDto;
  /** Connected to the inbox at this moment. */
  online: boolean;
  status: UserStatus;
  /** May sign in. */
  active: boolean;
  /** When they were deleted, though what they said still names them. */
  deleted_at: string | null;
  created_at: string;
  updated_at: string;
}

export function toUserDto(user: UserWithRole, options: { role: boolean } = { role: true }): UserDto {
  const { id, name, accessLevel } = user.role;
  return {
    id: user.id,
    uuid: user.uuid,
    name: user.name,
    username: user.username,
    role_id: id,
    ...(options.role ? { role: { id, name, access_level: accessLevel } } : {}),
    online: user.online,
    status: user.status,
    active: user.deactivatedAt === null,
    deleted_at: user.deletedAt?.toISOString() ?? null,
    created_at: user.createdAt.toISOString(),
    updated_at: user.updatedAt.toISOString(),
  };
}
