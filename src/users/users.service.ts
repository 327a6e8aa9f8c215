import { Injectable } from '@nestjs/common';
import { AuditService } from '../audit/audit.service';
import type { Actor, StaffActor } from '../common/actor';
import { AppError, notFound } from '../common/app-error';
import { accountGone } from './users.errors';
import { type Page, pageOf } from '../common/page';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { RolesService } from '../roles/roles.service';
import { PasswordHasher } from './password-hasher.service';
import {
  type CreateUserDto,
  type OneUserQuery,
  type RoleUsersQuery,
  toUserDto,
  type UserDto,
  type UserQuery,
} from './user.dto';
import { type UserFilter, UsersRepository } from './users.repository';
import type { UserWithRole } from './users.types';

/** The staff: who they are, and how they prove it. What changes them: {@link UserChangesService}. */
@Injectable()
export class UsersService {
  constructor(
    private readonly work: UnitOfWork,
    private readonly users: UsersRepository,
    private readonly roles: RolesService,
    private readonly passwords: PasswordHasher,
    private readonly audit: AuditService,
  ) {
    roles.useHolders({
      counts: (roleIds) => users.countByRole(roleIds),
      activeAdmins: () => users.countActiveAdmins(),
    });
  }

  /** Everybody who was not deleted. */
  async all(workspaceId: number): Promise<UserWithRole[]> {
    return await this.work.run({ workspaceId }, () => this.users.all());
  }

  async findById(workspaceId: number, id: number): Promise<UserWithRole | null> {
    return await this.work.run({ workspaceId }, () => this.users.findById(id));
  }

  /**
   * Whether there is such a user, not deactivated, who stays so until the open transaction ends. Before conversations
   * are locked: whoever deactivates a user locks them first and their conversations then.
   */
  async lockActive(id: number): Promise<boolean> {
    return await this.users.lockActive(id);
  }

  async list(actor: Actor, query: UserQuery): Promise<Page<UserDto>> {
    const gone = query.include_deactivated === true;
    const { search, role_id: roleId, role, online } = query;
    const filter = { search, roleId, role, online, deactivated: gone, deleted: gone };
    return await this.work.run(actor, () => this.page(filter, query, query.includeRole === true));
  }

  /** Users who hold a role, also those who may not sign in. */
  async holdersOf(actor: Actor, roleId: number, query: RoleUsersQuery): Promise<Page<UserDto>> {
    return await this.work.run(actor, async () => {
      if ((await this.roles.find(roleId)) === null) throw notFound('role');
      return await this.page(
        { search: query.search, roleId, deactivated: true, deleted: false },
        query,
        false,
      );
    });
  }

  async get(actor: Actor, id: number, query: OneUserQuery): Promise<UserDto> {
    return await this.work.run(actor, async () => {
      const user = await this.users.findById(id);
      if (user === null || (user.deletedAt !== null && query.include_deactivated !== true))
        throw notFound('user');
      return toUserDto(user, { role: query.includeRole === true });
    });
  }

  async getOwn(actor: Actor): Promise<UserDto> {
    return await this.work.run(actor, async () => {
      const user = await this.users.findById(actor.userId);
      if (user === null) throw accountGone();
      return toUserDto(user);
    });
  }

  async add(actor: StaffActor, input: CreateUserDto): Promise<UserDto> {
    const passwordHash = await this.passwords.hashNew(input.password);
    return await this.work.run(actor, async () => {
      const user = await this.insert(input, passwordHash, await this.roles.find(input.role_id));
      this.audit.record({
        actor,
        action: 'user.create',
        subject: { type: 'user', id: user.id },
        details: { username: user.username, role: user.role.name },
      });
      return toUserDto(user);
    });
  }

  /**
   * For scripts, which no member of staff runs. Throws `CONFLICT` where the username is taken and `VALIDATION_FAILED`
   * for a role that does not exist.
   */
  async create(
    workspaceId: number,
    input: { name: string; username: string; password: string; role: string },
  ): Promise<UserWithRole> {
    const passwordHash = await this.passwords.hashNew(input.password);
    return await this.work.run(
      { workspaceId },
      async () => await this.insert(input, passwordHash, await this.roles.findByName(input.role)),
    );
  }

  /**
   * The user whose name and password these are, or null. Takes equally long whether the name exists.
   * Hashing is slow on purpose and happens outside any transaction.
   */
  async authenticate(
    workspaceId: number,
    username: string,
    password: string,
  ): Promise<{ user: UserWithRole; passwordHash: string } | null> {
    const found = await this.work.run({ workspaceId }, () => this.users.findCredentials(username));
    const matches = await this.passwords.matches(password, found?.passwordHash ?? null);
    return matches && found !== null && found.user.deactivatedAt === null ? found : null;
  }

  private async page(filter: UserFilter, query: RoleUsersQuery, role: boolean): Promise<Page<UserDto>> {
    const rows = await this.users.list(filter, query);
    const data = rows.map((user) => toUserDto(user, { role }));
    return pageOf(data, await this.users.count(filter), query);
  }

  private async insert(
    input: { name: string; username: string },
    passwordHash: string,
    role: { id: number } | null,
  ): Promise<UserWithRole> {
    if (role === null) throw new AppError('VALIDATION_FAILED', 'There is no such role.');
    const id = await this.users.insert({
      name: input.name,
      username: input.username,
      passwordHash,
      roleId: role.id,
    });
    if (id === null) throw new AppError('CONFLICT', `The username "${input.username}" is taken.`);
    return (await this.users.findById(id))!;
  }
}
