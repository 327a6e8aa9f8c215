import { type ExecutionContext, Injectable, SetMetadata } from '@nestjs/common';
import { ThrottlerGuard, type ThrottlerLimitDetail } from '@nestjs/throttler';
import { AppError } from '../../common/app-error';
import type { StaffActor } from '../../common/actor';

export const LIMITED_AS_LOGIN = 'limited-as-login';

/** The stricter limit of a route where passwords are tried. */
export const LimitedAsLogin = (): MethodDecorator => SetMetadata(LIMITED_AS_LOGIN, true);

/** Requests per window: counted by user where one is signed in, by address otherwise. */
@Injectable()
export class RateLimitGuard extends ThrottlerGuard {
  protected override shouldSkip(context: ExecutionContext): Promise<boolean> {
    return Promise.resolve(context.getType() !== 'http'); // sockets have their own guard
  }

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
