import type { UserStatus, UserWithRole } from './users.repository';

/** A user as the API shows them. */
export interface UserDto {
  id: number;
  uuid: string;
  name: string;
  username: string;
  role_id: number;
  role: { id: number; name: string; access_level: string };
  online: boolean;
  status: UserStatus;
  created_at: string;
  updated_at: string;
}

export function toUserDto(user: UserWithRole): UserDto {
  return {
    id: user.id,
    uuid: user.uuid,
    name: user.name,
    username: user.username,
    role_id: user.role.id,
    role: { id: user.role.id, name: user.role.name, access_level: user.role.accessLevel },
    online: user.online,
    status: user.status,
    created_at: user.createdAt.toISOString(),
    updated_at: user.updatedAt.toISOString(),
  };
}
