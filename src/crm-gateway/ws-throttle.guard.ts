import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { ThrottlerStorage } from '@nestjs/throttler';
import { AppError } from '../common/app-error';
import type { AuthenticatedSocket } from './authenticated-socket';

const LIMIT = 30;
const WINDOW_MS = 60_000;

/** 30 messages a minute and user, over all their sockets (and all processes, where Redis joins them). */
@Injectable()
export class WsThrottleGuard implements CanActivate {
  constructor(@Inject(ThrottlerStorage) private readonly storage: ThrottlerStorage) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const { workspaceId, userId } = context.switchToWs().getClient<AuthenticatedSocket>().data.actor;
    const count = await this.storage.increment(
      `user:${workspaceId}:${userId}`,
      WINDOW_MS,
      LIMIT,
      WINDOW_MS,
      'crm',
    );
    if (count.isBlocked) {
      throw new AppError('RATE_LIMITED', `Too many messages: ${LIMIT} a minute are allowed.`, {
        retry_after: Math.max(1, count.timeToBlockExpire),
      });
    }
    return true;
  }
}
