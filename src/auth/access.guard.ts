import { type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { AuthGuard } from '@nestjs/passport';
import { includesLevel } from '../common/access-level';
import type { StaffActor } from '../common/actor';
import { AppError } from '../common/app-error';
import { ACCESS_RULE, type AccessRule } from '../platform/http/access';

/**
 * Lets a request through only as its route declares. A route that declares nothing is refused.
 * Sockets are not asked here: their connection and each message are checked by the gateway's own guards.
 */
@Injectable()
export class AccessGuard extends AuthGuard('jwt') {
  constructor(private readonly reflector: Reflector) {
    super();
  }

  override async canActivate(context: ExecutionContext): Promise<boolean> {
    if (context.getType() !== 'http') return true;
    const rule = this.reflector.getAllAndOverride<AccessRule | undefined>(ACCESS_RULE, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (rule === undefined)
      throw new AppError('ACCESS_UNDECLARED', 'This route does not say who may call it, so nobody may.');
    if (rule.kind === 'public') return true;
    await super.canActivate(context);
    const { user } = context.switchToHttp().getRequest<{ user: StaffActor }>();
    if (!includesLevel(user.level, rule.level)) {
      throw new AppError('FORBIDDEN', `Only the role ${rule.level} and above may do this.`);
    }
    return true;
  }

  override handleRequest<User>(error: unknown, user: User | false): User {
    if (error instanceof Error) throw error;
    if (user === false)
      throw new AppError('UNAUTHENTICATED', 'Send a valid access token: Authorization: Bearer <token>.');
    return user;
  }
}
