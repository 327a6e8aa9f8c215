import { Injectable } from '@nestjs/common';
import type { AccessLevel } from '../common/access-level';
import { UnitOfWork } from '../platform/database/unit-of-work';

/** How reachable a member of staff is. */
export type UserStatus = 'online' | 'away' | 'busy' | 'offline';

/** A user with their role, without the password. */
export interface UserWithRole {
  id: number;
  uuid: string;
  workspaceId: number;
  name: string;
  username: string;
  role: { id: number; name: string; accessLevel: AccessLevel };
  online: boolean;
  status: UserStatus;
  deactivatedAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
}

interface UserRow {
  id: number;
  uuid: string;
  workspace_id: number;
  name: string;
  username: string;
  role_id: number;
  role_name: string;
  access_level: AccessLevel;
  online: boolean;
  status: UserStatus;
  deactivated_at: Date | null;
  created_at: Date;
  updated_at: Date;
}

const SELECT_USER = `select u.id, u.uuid, u.workspace_id, u.name, u.username, u.role_id, r.name as role_name, r.access_level,
    u.online, u.status, u.deactivated_at, u.created_at, u.updated_at
  from users u join roles r on r.id = u.role_id`;

/** All SQL of users. Within an open unit of work. */
@Injectable()
export class UsersRepository {
  constructor(private readonly work: UnitOfWork) {}

  async list(): Promise<UserWithRole[]> {
    return (await this.work.current.query<UserRow>(`${SELECT_USER} order by u.id`)).map(toUser);
  }

  async findById(id: number): Promise<UserWithRole | null> {
    const [row] = await this.work.current.query<UserRow>(`${SELECT_USER} where u.id = $1`, [id]);
    return row === undefined ? null : toUser(row);
  }

  async findCredentials(username: string): Promise<{ user: UserWithRole; passwordHash: string } | null> {
    const [row] = await this.work.current.query<UserRow & { password: string }>(
      `select c.*, u.password from (${SELECT_USER}) c join users u on u.id = c.id where c.username = $1`,
      [username],
    );
    return row === undefined ? null : { user: toUser(row), passwordHash: row.password };
  }

  /** The new user's id, or null where the name is taken. */
  async insert(user: {
    name: string;
    username: string;
    passwordHash: string;
    roleId: number;
  }): Promise<number | null> {
    const [row] = await this.work.current.query<{ id: number }>(
      `insert into users (name, username, password, role_id) values ($1, $2, $3, $4)
       on conflict (workspace_id, username) do nothing returning id`,
      [user.name, user.username, user.passwordHash, user.roleId],
    );
    return row?.id ?? null;
  }
}

function toUser(row: UserRow): UserWithRole {
  return {
    id: row.id,
    uuid: row.uuid,
    workspaceId: row.workspace_id,
    name: row.name,
    username: row.username,
    role: { id: row.role_id, name: row.role_name, accessLevel: row.access_level },
    online: row.online,
    status: row.status,
    deactivatedAt: row.deactivated_at,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
