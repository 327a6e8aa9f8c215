import { Injectable } from '@nestjs/common';
import type { AccessLevel } from '../common/access-level';
import { containing } from '../common/search-text';
import { orderTerms } from '../common/sorting';
import { UnitOfWork } from '../platform/database/unit-of-work';
import type { UserStatus, UserWithRole } from './users.types';

export interface UserFilter {
  search?: string;
  roleId?: number;
  role?: string;
  online?: boolean;
  /** Also those who may not sign in. */
  deactivated: boolean;
  /** Also those who are only names any more. */
  deleted: boolean;
}

/** What a user becomes; a password of null stays. */
export interface UserChanges {
  name: string;
  username: string;
  passwordHash: string | null;
  roleId: number;
  active: boolean;
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
  deleted_at: Date | null;
  created_at: Date;
  updated_at: Date;
}

const SELECT_USER = `select u.id, u.uuid, u.workspace_id, u.name, u.username, u.role_id, r.name as role_name, r.access_level,
    u.online, u.status, u.deactivated_at, u.deleted_at, u.created_at, u.updated_at
  from users u join roles r on r.id = u.role_id`;

const SORTS = { name: 'name', username: 'username', created_at: 'created_at', id: 'id' };

const FILTER = `($1::text is null or u.name ilike $1 or u.username ilike $1)
  and ($2::bigint is null or u.role_id = $2)
  and ($3::text is null or r.name = $3)
  and ($4::boolean is null or u.online = $4)
  and ($5::boolean or u.deactivated_at is null)
  and ($6::boolean or u.deleted_at is null)`;

/** All SQL of users. Within an open unit of work. */
@Injectable()
export class UsersRepository {
  constructor(private readonly work: UnitOfWork) {}

  async all(): Promise<UserWithRole[]> {
    return (
      await this.work.current.query<UserRow>(`${SELECT_USER} where u.deleted_at is null order by u.id`)
    ).map(toUser);
  }

  async list(
    filter: UserFilter,
    page: { sort: string; limit: number; offset: number },
  ): Promise<UserWithRole[]> {
    const rows = await this.work.current.query<UserRow>(
      `select * from (${SELECT_USER} where ${FILTER}) found
       order by ${orderTerms(page.sort, SORTS)} limit $7 offset $8`,
      [...filterValues(filter), page.limit, page.offset],
    );
    return rows.map(toUser);
  }

  async count(filter: UserFilter): Promise<number> {
    const [row] = await this.work.current.query<{ count: number }>(
      `select count(*)::int as count from users u join roles r on r.id = u.role_id where ${FILTER}`,
      filterValues(filter),
    );
    return row!.count;
  }

  async findById(id: number): Promise<UserWithRole | null> {
    const [row] = await this.work.current.query<UserRow>(`${SELECT_USER} where u.id = $1`, [id]);
    return row === undefined ? null : toUser(row);
  }

  /** Nobody else changes the user or refers to them anew until the open transaction ends. */
  async lock(id: number): Promise<UserWithRole | null> {
    await this.work.current.query('select 1 from users where id = $1 for update', [id]);
    return await this.findById(id);
  }

  /** Whether there is such a user, not deactivated, who stays so until the open transaction ends. */
  async lockActive(id: number): Promise<boolean> {
    const rows = await this.work.current.query(
      'select 1 from users where id = $1 and deactivated_at is null for share',
      [id],
    );
    return rows.length > 0;
  }

  async findCredentials(username: string): Promise<{ user: UserWithRole; passwordHash: string } | null> {
    const [row] = await this.work.current.query<UserRow & { password: string }>(
      `select c.*, u.password from (${SELECT_USER}) c join users u on u.id = c.id
       where c.username = $1 and c.deleted_at is null`,
      [username],
    );
    return row === undefined ? null : { user: toUser(row), passwordHash: row.password };
  }

  async findPasswordHash(id: number): Promise<string | null> {
    const [row] = await this.work.current.query<{ password: string }>(
      'select password from users where id = $1',
      [id],
    );
    return row?.password ?? null;
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
       on conflict (workspace_id, lower(username)) where deleted_at is null do nothing returning id`,
      [user.name, user.username, user.passwordHash, user.roleId],
    );
    return row?.id ?? null;
  }

  async update(id: number, changes: UserChanges): Promise<void> {
    await this.work.current.query(
      `update users set name = $2, username = $3, password = coalesce($4, password), role_id = $5,
         deactivated_at = case when $6 then null else coalesce(deactivated_at, now()) end,
         updated_at = now()
       where id = $1`,
      [id, changes.name, changes.username, changes.passwordHash, changes.roleId, changes.active],
    );
  }

  async delete(id: number): Promise<void> {
    await this.work.current.query('delete from users where id = $1', [id]);
  }

  /** Leaves the name that messages and conversations show, and nothing that signs in, holds a role or a username. */
  async bury(id: number): Promise<void> {
    await this.work.current.query(
      `update users set deactivated_at = coalesce(deactivated_at, now()), deleted_at = now(), password = '',
         role_id = (select id from roles where name = 'employer'), updated_at = now()
       where id = $1`,
      [id],
    );
  }

  async countByRole(roleIds: number[]): Promise<Map<number, number>> {
    const rows = await this.work.current.query<{ role_id: number; count: number }>(
      `select role_id, count(*)::int as count from users where role_id = any ($1) and deleted_at is null group by role_id`,
      [roleIds],
    );
    return new Map(rows.map((row) => [row.role_id, row.count]));
  }

  async countActiveAdmins(): Promise<number> {
    const [row] = await this.work.current.query<{ count: number }>(
      `select count(*)::int as count from users u join roles r on r.id = u.role_id
       where r.access_level = 'admin' and u.deactivated_at is null`,
    );
    return row!.count;
  }
}

function filterValues(filter: UserFilter): unknown[] {
  return [
    filter.search === undefined ? null : containing(filter.search),
    filter.roleId ?? null,
    filter.role ?? null,
    filter.online ?? null,
    filter.deactivated,
    filter.deleted,
  ];
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
    deletedAt: row.deleted_at,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
