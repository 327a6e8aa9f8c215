import { Injectable } from '@nestjs/common';
import { AppError } from '../common/app-error';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { RolesService } from '../roles/roles.service';
import { PasswordHasher } from './password-hasher.service';
import { UsersRepository, type UserWithRole } from './users.repository';

@Injectable()
export class UsersService {
  constructor(
    private readonly work: UnitOfWork,
    private readonly users: UsersRepository,
    private readonly roles: RolesService,
    private readonly passwords: PasswordHasher,
  ) {}

  async list(workspaceId: number): Promise<UserWithRole[]> {
    return await this.work.run({ workspaceId }, () => this.users.list());
  }

  async findById(workspaceId: number, id: number): Promise<UserWithRole | null> {
    return await this.work.run({ workspaceId }, () => this.users.findById(id));
  }

  /** Throws `CONFLICT` where the username is taken and `VALIDATION_FAILED` for a role that does not exist. */
  async create(
    workspaceId: number,
    input: { name: string; username: string; password: string; role: string },
  ): Promise<UserWithRole> {
    if (!PasswordHasher.accepts(input.password))
      throw new AppError('VALIDATION_FAILED', 'A password may have at most 72 bytes.');
    const passwordHash = await this.passwords.hash(input.password);
    return await this.work.run({ workspaceId }, async () => {
      const role = await this.roles.findByName(input.role);
      if (role === null) throw new AppError('VALIDATION_FAILED', `There is no role "${input.role}".`);
      const id = await this.users.insert({
        name: input.name,
        username: input.username,
        passwordHash,
        roleId: role.id,
      });
      if (id === null) throw new AppError('CONFLICT', `The username "${input.username}" is taken.`);
      return (await this.users.findById(id))!;
    });
  }

  /**
   * The user whose name and password these are, or null. Takes equally long whether the name exists.
   * Hashing is slow on purpose and happens outside any transaction.
   */
  async authenticate(workspaceId: number, username: string, password: string): Promise<UserWithRole | null> {
    const found = await this.work.run({ workspaceId }, () => this.users.findCredentials(username));
    const matches = await this.passwords.matches(password, found?.passwordHash ?? null);
    return matches && found !== null && found.user.deactivatedAt === null ? found.user : null;
  }
}
