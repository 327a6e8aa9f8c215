import { type CanActivate, type ExecutionContext, Inject, Injectable, SetMetadata } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ThrottlerStorage } from '@nestjs/throttler';
import { AppError } from '../common/app-error';
import type { AuthenticatedSocket } from './authenticated-socket';

/** Messages a minute. Typing is counted apart: it comes every 2 s while somebody writes. */
const LIMITS = { crm: 30, 'crm-typing': 60 } as const;
const WINDOW_MS = 60_000;

const COUNTED_AS = 'counted-as';

/** The message has the limit of typing and takes nothing from the one for all others. */
export const CountedAsTyping = (): MethodDecorator =>
  SetMetadata<string, keyof typeof LIMITS>(COUNTED_AS, 'crm-typing');

/** So many messages a minute and user, over all their sockets (and all processes, where Redis joins them). */
@Injectable()
export class WsThrottleGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    @Inject(ThrottlerStorage) private readonly storage: ThrottlerStorage,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const { workspaceId, userId } = context.switchToWs().getClient<AuthenticatedSocket>().data.actor;
    const kind =
      this.reflector.get<keyof typeof LIMITS | undefined>(COUNTED_AS, context.getHandler()) ?? 'crm';
    // The storage in memory keeps one block per key, so the kind is in the key as well.
    const count = await this.storage.increment(
      `${kind}:user:${workspaceId}:${userId}`,
      WINDOW_MS,
      LIMITS[kind],
      WINDOW_MS,
      kind,
    );
    if (count.isBlocked) {
      throw new AppError('RATE_LIMITED', `Too many messages: ${LIMITS[kind]} a minute are allowed.`, {
        retry_after: Math.max(1, count.timeToBlockExpire),
      });
    }
    return true;
  }
}
