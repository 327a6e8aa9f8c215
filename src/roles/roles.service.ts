import { Injectable } from '@nestjs/common';
import { AuditService } from '../audit/audit.service';
import { includesLevel } from '../common/access-level';
import type { Actor, StaffActor } from '../common/actor';
import { AppError, notFound } from '../common/app-error';
import { type Page, pageOf } from '../common/page';
import { FOREIGN_KEY_VIOLATION, sqlState, UNIQUE_VIOLATION } from '../platform/database/database-errors';
import { UnitOfWork } from '../platform/database/unit-of-work';
import type { RoleHolders } from './role-holders.port';
import type { CreateRoleDto, RoleQuery, UpdateRoleDto } from './roles.dto';
import { RolesRepository } from './roles.repository';
import { BUILT_IN_ROLES, type Role, type RoleDto, toRoleDto } from './roles.types';

/** What staff may do: a role has a name of the workspace's choice and one of the three levels. */
@Injectable()
export class RolesService {
  private holders: RoleHolders = {
    counts: () => Promise.resolve(new Map()),
    activeAdmins: () => Promise.reject(new Error('Nobody tells who holds roles.')),
  };

  constructor(
    private readonly work: UnitOfWork,
    private readonly roles: RolesRepository,
    private readonly audit: AuditService,
  ) {}

  /** Called once, by the feature above that owns users. */
  useHolders(holders: RoleHolders): void {
    this.holders = holders;
  }

  /** Within an open unit of work. */
  async findByName(name: string): Promise<Role | null> {
    return await this.roles.findByName(name);
  }

  /** Within an open unit of work. */
  async find(id: number): Promise<Role | null> {
    return await this.roles.find(id);
  }

  /** From now until the open transaction ends nobody else changes who is an admin. Before any other lock. */
  async lockAdmins(): Promise<void> {
    await this.roles.lockAdmins();
  }

  /** Refuses to leave the workspace without anybody who could manage it. After {@link lockAdmins} and the change. */
  async requireAdminLeft(): Promise<void> {
    if ((await this.holders.activeAdmins()) === 0)
      throw new AppError('CONFLICT', 'The workspace would be left without an active admin.');
  }

  async list(actor: Actor, query: RoleQuery): Promise<Page<RoleDto>> {
    return await this.work.run(actor, async () => {
      const rows = await this.roles.list(query, query);
      const counts = await this.holders.counts(rows.map(({ id }) => id));
      const data = rows.map((role) => toRoleDto(role, counts.get(role.id) ?? 0));
      return pageOf(data, await this.roles.count(query), query);
    });
  }

  async get(actor: Actor, id: number): Promise<RoleDto> {
    return await this.work.run(actor, async () => await this.toDto(found(await this.roles.find(id))));
  }

  async create(actor: StaffActor, input: CreateRoleDto): Promise<RoleDto> {
    return await this.naming(input.name, () =>
      this.work.run(actor, async () => {
        const role = await this.roles.insert(input.name, input.access_level);
        this.record(actor, 'create', role.id, { name: role.name, access_level: role.accessLevel });
        return await this.toDto(role);
      }),
    );
  }

  /** Holders have the new level at once: rights are remembered for a second at most. */
  async update(actor: StaffActor, id: number, input: UpdateRoleDto): Promise<RoleDto> {
    return await this.naming(input.name, () =>
      this.work.run(actor, async () => {
        if (input.access_level !== undefined) await this.roles.lockAdmins();
        const before = found(await this.roles.lock(id));
        const { name = before.name, access_level: level = before.accessLevel } = input;
        if (name === before.name && level === before.accessLevel) return await this.toDto(before);
        refuseBuiltIn(before);
        if (before.name === actor.role && !includesLevel(level, before.accessLevel))
          throw new AppError('FORBIDDEN', 'You hold this role yourself; another admin may lower it.');
        const after = await this.roles.update(id, name, level);
        if (before.accessLevel === 'admin' && level !== 'admin') await this.requireAdminLeft();
        this.record(actor, 'update', id, {
          ...(name === before.name ? {} : { name: { from: before.name, to: name } }),
          ...(level === before.accessLevel ? {} : { access_level: { from: before.accessLevel, to: level } }),
        });
        return await this.toDto(after);
      }),
    );
  }

  async delete(actor: StaffActor, id: number): Promise<void> {
    try {
      await this.work.run(actor, async () => {
        const role = found(await this.roles.lock(id));
        refuseBuiltIn(role);
        await this.roles.delete(id);
        this.record(actor, 'delete', id, { name: role.name, access_level: role.accessLevel });
      });
    } catch (error) {
      if (sqlState(error) !== FOREIGN_KEY_VIOLATION) throw error;
      throw new AppError(
        'CONFLICT',
        `Users hold this role: give them another one first (GET /roles/${id}/users).`,
      );
    }
  }

  private async naming<T>(name: string | undefined, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (sqlState(error) !== UNIQUE_VIOLATION) throw error;
      throw new AppError('CONFLICT', `There is a role named "${name}" already.`);
    }
  }

  private async toDto(role: Role): Promise<RoleDto> {
    return toRoleDto(role, (await this.holders.counts([role.id])).get(role.id) ?? 0);
  }

  private record(actor: StaffActor, verb: string, id: number, details: object): void {
    this.audit.record({ actor, action: `role.${verb}`, subject: { type: 'role', id }, details });
  }
}

function found(role: Role | null): Role {
  if (role === null) throw notFound('role');
  return role;
}

function refuseBuiltIn(role: Role): void {
  if (BUILT_IN_ROLES.includes(role.name))
    throw new AppError('CONFLICT', `The role "${role.name}" is built in and stays as it is.`);
}
