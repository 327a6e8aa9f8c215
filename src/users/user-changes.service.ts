import { Injectable } from '@nestjs/common';
import { AuditService } from '../audit/audit.service';
import { includesLevel } from '../common/access-level';
import type { StaffActor } from '../common/actor';
import { AppError, notFound } from '../common/app-error';
import { accountGone } from './users.errors';
import { changesBetween } from '../common/changes';
import { FOREIGN_KEY_VIOLATION, sqlState, UNIQUE_VIOLATION } from '../platform/database/database-errors';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { RolesService } from '../roles/roles.service';
import type { HeldConversations } from './held-conversations.port';
import { PasswordHasher } from './password-hasher.service';
import { toUserDto, type UpdateOwnUserDto, type UpdateUserDto, type UserDto } from './user.dto';
import type { UserPresence } from './user-presence.port';
import type { UserSessions } from './user-sessions.port';
import { type UserChanges, UsersRepository } from './users.repository';
import type { UserWithRole } from './users.types';

/** Changes of accounts, and their ends. A workspace always keeps an admin, and nobody takes their own rights away. */
@Injectable()
export class UserChangesService {
  private sessions: UserSessions = { endAllOf: () => Promise.reject(new Error('Nobody ends sessions.')) };
  private presence: UserPresence = { endOf: () => Promise.reject(new Error('Nobody ends presences.')) };
  private held: HeldConversations = { releaseOf: () => Promise.resolve(0) };

  constructor(
    private readonly work: UnitOfWork,
    private readonly users: UsersRepository,
    private readonly roles: RolesService,
    private readonly passwords: PasswordHasher,
    private readonly audit: AuditService,
  ) {}

  /** Called once, by the feature above that owns sessions. */
  useSessions(sessions: UserSessions): void {
    this.sessions = sessions;
  }

  /** Called once, by the feature above that owns presence. */
  usePresence(presence: UserPresence): void {
    this.presence = presence;
  }

  /** Called once, by the feature above that owns conversations. */
  useHeldConversations(held: HeldConversations): void {
    this.held = held;
  }

  async update(actor: StaffActor, id: number, input: UpdateUserDto): Promise<UserDto> {
    const passwordHash = input.password === undefined ? null : await this.passwords.hashNew(input.password);
    return await this.naming(input.username, () =>
      this.work.run(actor, async () => {
        if (input.role_id !== undefined || input.active !== undefined) await this.roles.lockAdmins();
        const before = present(await this.users.lock(id));
        const role = await this.roleOf(before, input.role_id);
        const active = input.active ?? before.deactivatedAt === null;
        if (id === actor.userId && !(active && includesLevel(role.accessLevel, before.role.accessLevel)))
          throw new AppError('FORBIDDEN', 'Nobody lowers their own rights; another admin may.');
        return await this.apply(actor, before, {
          name: input.name ?? before.name,
          username: input.username ?? before.username,
          passwordHash,
          roleId: role.id,
          active,
        });
      }),
    );
  }

  /** One's own name and password. */
  async updateOwn(actor: StaffActor, input: UpdateOwnUserDto): Promise<UserDto> {
    const { userId } = actor;
    const known = await this.work.run(actor, () => this.users.findPasswordHash(userId));
    let passwordHash: string | null = null;
    if (input.password !== undefined) {
      if (!(await this.passwords.matches(input.current_password ?? '', known)))
        throw new AppError('FORBIDDEN', 'The current password is another one.');
      passwordHash = await this.passwords.hashNew(input.password);
    }
    return await this.work.run(actor, async () => {
      const before = await this.users.lock(userId);
      if (before === null) throw accountGone();
      if (passwordHash !== null && (await this.users.findPasswordHash(userId)) !== known)
        throw new AppError('CONFLICT', 'The password was changed by somebody else at this moment.');
      return await this.apply(actor, before, {
        name: input.name ?? before.name,
        username: before.username,
        passwordHash,
        roleId: before.role.id,
        active: before.deactivatedAt === null,
      });
    });
  }

  /**
   * Removes a user. Whoever wrote messages or has old conversations stays as the name that those show: deactivated,
   * without a password, and their username may be given anew.
   */
  async delete(actor: StaffActor, id: number): Promise<void> {
    if (id === actor.userId)
      throw new AppError('FORBIDDEN', 'Nobody deletes their own account; another admin may.');
    try {
      await this.remove(actor, id, () => this.users.delete(id));
    } catch (error) {
      if (sqlState(error) !== FOREIGN_KEY_VIOLATION) throw error;
      await this.remove(actor, id, () => this.users.bury(id));
    }
  }

  private async remove(actor: StaffActor, id: number, remove: () => Promise<void>): Promise<void> {
    await this.work.run(actor, async () => {
      await this.roles.lockAdmins();
      const user = present(await this.users.lock(id));
      await this.sessions.endAllOf(id, null);
      await this.presence.endOf(id);
      const released = await this.held.releaseOf(actor, id);
      await remove();
      if (isActiveAdmin(user)) await this.roles.requireAdminLeft();
      const { name, username, role } = user;
      this.record(actor, 'delete', id, { name, username, role: role.name, released });
    });
  }

  /** Changes a user who is locked, with all that follows from it. */
  private async apply(actor: StaffActor, before: UserWithRole, changes: UserChanges): Promise<UserDto> {
    const { id } = before;
    const left = before.deactivatedAt === null && !changes.active;
    await this.users.update(id, changes);
    if (left) await this.presence.endOf(id);
    const after = (await this.users.findById(id))!;
    if (isActiveAdmin(before) && !isActiveAdmin(after)) await this.roles.requireAdminLeft();
    const newPassword = changes.passwordHash !== null;
    if (left || newPassword || before.role.id !== after.role.id)
      await this.sessions.endAllOf(id, id === actor.userId ? actor.sessionId : null);
    const released = left ? await this.held.releaseOf(actor, id) : 0;
    const details = {
      ...changesBetween(told(before), told(after)),
      ...(newPassword ? { password: 'changed' } : {}),
      ...(released > 0 ? { released } : {}),
    };
    if (Object.keys(details).length > 0) this.record(actor, 'update', id, details);
    return toUserDto(after);
  }

  private async roleOf(user: UserWithRole, roleId: number | undefined): Promise<UserWithRole['role']> {
    if (roleId === undefined || roleId === user.role.id) return user.role;
    const role = await this.roles.find(roleId);
    if (role === null) throw new AppError('VALIDATION_FAILED', 'There is no such role.');
    return role;
  }

  private async naming<T>(username: string | undefined, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (sqlState(error) === FOREIGN_KEY_VIOLATION)
        throw new AppError('VALIDATION_FAILED', 'There is no such role.'); // it went away at this moment
      if (sqlState(error) !== UNIQUE_VIOLATION) throw error;
      throw new AppError('CONFLICT', `The username "${username}" is taken.`);
    }
  }

  private record(actor: StaffActor, verb: string, id: number, details: object): void {
    this.audit.record({ actor, action: `user.${verb}`, subject: { type: 'user', id }, details });
  }
}

/** One who was deleted is gone, whatever still names them. */
function present(user: UserWithRole | null): UserWithRole {
  if (user === null || user.deletedAt !== null) throw notFound('user');
  return user;
}

function isActiveAdmin(user: UserWithRole): boolean {
  return user.role.accessLevel === 'admin' && user.deactivatedAt === null;
}

/** For the audit log. */
function told(user: UserWithRole): object {
  return {
    name: user.name,
    username: user.username,
    role: user.role.name,
    active: user.deactivatedAt === null,
  };
}
