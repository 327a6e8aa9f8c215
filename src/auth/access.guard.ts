import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import passport from 'passport';
import { type AccessLevel, includesLevel } from '../common/access-level';
import type { StaffActor } from '../common/actor';
import { AppError } from '../common/app-error';
import { ACCESS_RULE, type AccessRule } from '../platform/http/access';
import { Admissions } from '../platform/http/admissions';
import { JwtStrategy } from './jwt.strategy';

/**
 * Lets a request through only as its route declares. A route that declares nothing is refused.
 * Sockets are not asked here: their connection and each message are checked by the gateway's own guards.
 */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly strategy: JwtStrategy,
    private readonly admissions: Admissions,
  ) {}

  /** Public routes at once: webhooks come by the thousand. */
  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    if (context.getType() !== 'http') return true;
    const rule = this.reflector.getAllAndOverride<AccessRule | undefined>(ACCESS_RULE, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (rule === undefined)
      throw new AppError('ACCESS_UNDECLARED', 'This route does not say who may call it, so nobody may.');
    if (rule.kind === 'public') return true;
    return rule.kind === 'level' ? this.admit(context, rule.level) : this.admitCaller(context, rule);
  }

  private async admitCaller(
    context: ExecutionContext,
    { who, level }: Extract<AccessRule, { kind: 'callers' }>,
  ): Promise<boolean> {
    if (await this.admissions.admit(who, context.switchToHttp().getRequest<FastifyRequest>())) return true;
    if (level === undefined)
      throw new AppError('UNAUTHENTICATED', `This is for a ${who}, who has to sign in.`);
    return await this.admit(context, level);
  }

  private async admit(context: ExecutionContext, level: AccessLevel): Promise<boolean> {
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest & { user?: StaffActor }>();
    try {
      request.user = await this.authenticate(request, http.getResponse<FastifyReply>());
    } catch (error) {
      await this.admissions.refuse(request);
      throw error;
    }
    if (!includesLevel(request.user.level, level)) {
      throw new AppError('FORBIDDEN', `Only the role ${level} and above may do this.`);
    }
    return true;
  }

  /**
   * By this server's own strategy: passport's names are global, and a second server in the process would take them.
   * Passport writes the callbacks of a request onto the strategy it is given, so each request brings its own.
   */
  private authenticate(request: FastifyRequest, reply: FastifyReply): Promise<StaffActor> {
    const strategy = Object.create(this.strategy) as JwtStrategy;
    return new Promise((resolve, reject) => {
      const decided = (error: Error | null, actor?: StaffActor | false): void => {
        if (error) reject(error);
        else if (actor) resolve(actor);
        else
          reject(
            new AppError('UNAUTHENTICATED', 'Send a valid access token: Authorization: Bearer <token>.'),
          );
      };
      const authenticate = passport.authenticate(strategy, { session: false }, decided) as (
        request: FastifyRequest,
        reply: FastifyReply,
        next: (error?: Error) => void,
      ) => void;
      try {
        authenticate(request, reply, (error) => decided(error ?? null));
      } catch {
        decided(null, false); // thrown at once: the token's content is of a kind that its reader does not expect
      }
    });
  }
}
