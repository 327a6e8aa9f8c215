import { type AccessLevel, ACCESS_LEVELS } from '../common/access-level';

/** Every workspace has these three, named like their levels. They stay as they are. */
export const BUILT_IN_ROLES: readonly string[] = ACCESS_LEVELS;

export interface Role {
  id: number;
  name: string;
  accessLevel: AccessLevel;
  createdAt: Date;
  updatedAt: Date;
}

/** A role as the API shows it. */
export interface RoleDto {
  id: number;
  name: string;
  /** What holders may do; each level includes the ones below it: admin, supervisor, employer. */
  access_level: AccessLevel;
  /** One of the three that every workspace has and nobody changes. */
  built_in: boolean;
  /** Holders, also deactivated ones. */
  users_count: number;
  created_at: string;
  updated_at: string;
}

export function toRoleDto(role: Role, usersCount: number): RoleDto {
  return {
    id: role.id,
    name: role.name,
    access_level: role.accessLevel,
    built_in: BUILT_IN_ROLES.includes(role.name),
    users_count: usersCount,
    created_at: role.createdAt.toISOString(),
    updated_at: role.updatedAt.toISOString(),
  };
}
