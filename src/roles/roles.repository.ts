import { Injectable } from '@nestjs/common';
import type { AccessLevel } from '../common/access-level';
import { containing } from '../common/search-text';
import { orderTerms } from '../common/sorting';
import { UnitOfWork } from '../platform/database/unit-of-work';
import type { Role } from './roles.types';

export interface RoleFilter {
  search?: string;
  access_level?: AccessLevel;
}

const COLUMNS =
  'id, name, access_level as "accessLevel", created_at as "createdAt", updated_at as "updatedAt"';
const SORTS = { name: 'name', created_at: 'created_at', id: 'id' };
const FILTER = `($1::text is null or name ilike $1) and ($2::text is null or access_level = $2)`;

/** All SQL of roles. Within an open unit of work. */
@Injectable()
export class RolesRepository {
  constructor(private readonly work: UnitOfWork) {}

  async list(filter: RoleFilter, page: { sort: string; limit: number; offset: number }): Promise<Role[]> {
    return await this.work.current.query<Role>(
      `select ${COLUMNS} from roles where ${FILTER} order by ${orderTerms(page.sort, SORTS)} limit $3 offset $4`,
      [...filterValues(filter), page.limit, page.offset],
    );
  }

  async count(filter: RoleFilter): Promise<number> {
    const [row] = await this.work.current.query<{ count: number }>(
      `select count(*)::int as count from roles where ${FILTER}`,
      filterValues(filter),
    );
    return row!.count;
  }

  async find(id: number): Promise<Role | null> {
    const [row] = await this.work.current.query<Role>(`select ${COLUMNS} from roles where id = $1`, [id]);
    return row ?? null;
  }

  async findByName(name: string): Promise<Role | null> {
    const [row] = await this.work.current.query<Role>(`select ${COLUMNS} from roles where name = $1`, [name]);
    return row ?? null;
  }

  /** Until the open transaction ends. */
  async lock(id: number): Promise<Role | null> {
    const [row] = await this.work.current.query<Role>(
      `select ${COLUMNS} from roles where id = $1 for no key update`,
      [id],
    );
    return row ?? null;
  }

  /** Whoever changes who is an admin does so alone; the built-in role's row is always there to be waited for. */
  async lockAdmins(): Promise<void> {
    await this.work.current.query(`select 1 from roles where name = 'admin' for no key update`);
  }

  async insert(name: string, accessLevel: AccessLevel): Promise<Role> {
    const [row] = await this.work.current.query<Role>(
      `insert into roles (name, access_level) values ($1, $2) returning ${COLUMNS}`,
      [name, accessLevel],
    );
    return row!;
  }

  async update(id: number, name: string, accessLevel: AccessLevel): Promise<Role> {
    const [row] = await this.work.current.query<Role>(
      `update roles set name = $2, access_level = $3, updated_at = now() where id = $1 returning ${COLUMNS}`,
      [id, name, accessLevel],
    );
    return row!;
  }

  async delete(id: number): Promise<void> {
    await this.work.current.query('delete from roles where id = $1', [id]);
  }
}

function filterValues(filter: RoleFilter): unknown[] {
  return [filter.search === undefined ? null : containing(filter.search), filter.access_level ?? null];
}
