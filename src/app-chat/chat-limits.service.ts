import { Inject, Injectable } from '@nestjs/common';
import { ThrottlerStorage } from '@nestjs/throttler';
import type { Logger } from 'pino';
import { AppError } from '../common/app-error';
import { CONFIG, type Config } from '../config/config';
import { LOGGER } from '../platform/observability/observability.module';
import type { ChatCaller } from './chat-actor';

/** How often something may be done, and in how many ms, as the contracts of the live chat say. */
export const CHAT_LIMITS = {
  /** By one user, through the surfaces of HomeAssistant IM. */
  message: { limit: 60, windowMs: 60_000 },
  /** The same through those of Anume. */
  'support-message': { limit: 30, windowMs: 60_000 },
  /** Openings by one user. */
  conversation: { limit: 5, windowMs: 15 * 60_000 },
  /** Files of one user. */
  upload: { limit: 10, windowMs: 60_000 },
  /** By one user in one conversation. */
  typing: { limit: 10, windowMs: 60_000 },
  /** By one user, through the surfaces of Anume. */
  'support-typing': { limit: 20, windowMs: 10_000 },
  /** Everything else that one user asks for. */
  read: { limit: 300, windowMs: 60_000 },
  /** Sessions of visitors from one address. */
  visitor: { limit: 10, windowMs: 60_000 },
  /** Calls of one member of staff, over the socket. */
  admin: { limit: 100, windowMs: 60_000 },
} as const;

export type ChatLimit = keyof typeof CHAT_LIMITS;

/** Counts what is done in the live chat: in Redis where there is one, else in this process. */
@Injectable()
export class ChatLimits {
  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(ThrottlerStorage) private readonly storage: ThrottlerStorage,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * The same for a user or a member of staff.
   *
   * @param where in which of their conversations, where each is counted by itself
   */
  async countOf(what: ChatLimit, caller: ChatCaller, where?: number): Promise<void> {
    const who = caller.kind === 'chat_user' ? `${caller.chatUserId}` : `staff-${caller.userId}`;
    await this.count(what, `${caller.workspaceId}:${who}${where === undefined ? '' : `:${where}`}`);
  }

  /** Throws `RATE_LIMITED`, with the seconds to wait. Whoever is refused may go on when the window is over. */
  async count(what: ChatLimit, who: string): Promise<void> {
    if (!this.config.chat.rateLimitEnabled) return;
    const { limit, windowMs } = CHAT_LIMITS[what];
    const name = `chat-${what}`;
    const { isBlocked, timeToBlockExpire, timeToExpire } = await this.storage.increment(
      `${name}:${who}`,
      windowMs,
      limit,
      windowMs,
      name,
    );
    if (!isBlocked) return;
    this.logger.warn({ limit: what, who }, 'a limit of the live chat was reached');
    throw new AppError('RATE_LIMITED', 'Rate limit exceeded', undefined, {
      retryAfterSeconds: Math.max(1, timeToBlockExpire || timeToExpire),
    });
  }
}
