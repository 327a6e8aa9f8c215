import { Injectable } from '@nestjs/common';
import type { StaffActor } from '../common/actor';
import { AppError } from '../common/app-error';
import { toUserDto } from '../users/user.dto';
import { UsersService } from '../users/users.service';
import { DEFAULT_WORKSPACE, WorkspacesService } from '../workspaces/workspaces.service';
import type { LoginAnswer, LoginDto } from './auth.dto';
import { SessionsService } from './sessions.service';

@Injectable()
export class AuthService {
  constructor(
    private readonly workspaces: WorkspacesService,
    private readonly users: UsersService,
    private readonly sessions: SessionsService,
  ) {}

  /** Throws `INVALID_CREDENTIALS` without telling what was wrong. */
  async login(input: LoginDto): Promise<LoginAnswer> {
    const workspace = await this.workspaces.findBySlug(input.workspace ?? DEFAULT_WORKSPACE.slug);
    // An unknown workspace is searched like an empty one, so that it takes as long.
    const known = await this.users.authenticate(workspace?.id ?? 0, input.username, input.password);
    const session = known === null ? null : await this.sessions.start(known.user, known.passwordHash);
    if (workspace === null || known === null || session === null)
      throw new AppError('INVALID_CREDENTIALS', 'The username or the password is wrong.');
    return {
      access_token: session.token,
      token_type: 'Bearer',
      expires_in: session.expiresInSeconds,
      user: { ...toUserDto(known.user), workspace },
    };
  }

  async logout(actor: StaffActor): Promise<void> {
    await this.sessions.end(actor);
  }
}
