import { type CanActivate, type ExecutionContext, Injectable, SetMetadata } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ThrottlerGuard, type ThrottlerLimitDetail } from '@nestjs/throttler';
import { AppError } from '../../common/app-error';
import type { StaffActor } from '../../common/actor';

export const LIMITED_AS_LOGIN = 'limited-as-login';

/** The stricter limit of a route where passwords are tried. */
export const LimitedAsLogin = (): MethodDecorator => SetMetadata(LIMITED_AS_LOGIN, true);

export const UNLIMITED = 'unlimited';

/** For controllers whose callers are machines, or prove themselves with each call. */
export const Unlimited = (): ClassDecorator => SetMetadata(UNLIMITED, true);

/** Requests per window: counted by user where one is signed in, by address otherwise. */
@Injectable()
export class RateLimiter extends ThrottlerGuard {
  protected override getTracker(request: { user?: StaffActor; ip: string }): Promise<string> {
    const { user } = request;
    return Promise.resolve(
      user === undefined ? `ip:${request.ip}` : `user:${user.workspaceId}:${user.userId}`,
    );
  }

  /** One count for all routes together. */
  protected override generateKey(_: ExecutionContext, tracker: string, name: string): string {
    return `${name}:${tracker}`;
  }

  protected override throwThrottlingException(
    _: ExecutionContext,
    detail: ThrottlerLimitDetail,
  ): Promise<void> {
    throw new AppError(
      'RATE_LIMITED',
      `Too many requests: ${detail.limit} are allowed in ${Math.round(detail.ttl / 1000)} s.`,
      undefined,
      {
        retryAfterSeconds: Math.max(1, detail.timeToBlockExpire || detail.timeToExpire),
      },
    );
  }
}

/** Answers at once where nothing is counted: webhooks come by the thousand. */
@Injectable()
export class RateLimitGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly limiter: RateLimiter,
  ) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    if (context.getType() !== 'http') return true; // sockets have their own guard
    return this.reflector.get<boolean | undefined>(UNLIMITED, context.getClass()) === true
      ? true
      : this.limiter.canActivate(context);
  }
}
