import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type { Logger } from 'pino';
import { CONFIG, type Config } from '../config/config';
import { ConversationQueueService } from '../conversations/conversation-queue.service';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { LOGGER } from '../platform/observability/observability.module';
import { PresenceService } from '../presence/presence.service';
import { AutoAssignmentRepository } from './auto-assignment.repository';
import { shareOut } from './share-out';

const EVERY_MS = 1_000;
/** Looking takes one part in so many of the time at most: with hundreds of workspaces it is done less often. */
const REST = 20;
/** Conversations of one workspace in one transaction. */
const BATCH = 100;

/**
 * Gives waiting conversations to people who are there, on the processes that run jobs. It looks at how things stand,
 * every second, instead of following what happened: whoever comes, becomes free or is given more room is seen the
 * same way, and a crash leaves nothing behind.
 */
@Injectable()
export class AutoAssigner implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly work: UnitOfWork,
    private readonly settings: AutoAssignmentRepository,
    private readonly queue: ConversationQueueService,
    private readonly presence: PresenceService,
  ) {}

  onApplicationBootstrap(): void {
    if (this.config.role !== 'api') this.lookIn(EVERY_MS);
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.looking;
  }

  private lookIn(ms: number): void {
    this.timer = setTimeout(() => {
      const began = performance.now();
      this.looking = this.assignEverywhere()
        .catch((err: unknown) => this.logger.warn({ err }, 'the queue cannot be given to people right now'))
        .finally(() => {
          if (!this.stopped) this.lookIn(Math.max(EVERY_MS, (performance.now() - began) * REST));
        });
    }, ms);
  }

  private async assignEverywhere(): Promise<void> {
    for (const workspaceId of await this.settings.workspaces()) {
      if (this.stopped) return;
      // One workspace's trouble is not the others'.
      await this.work
        .run({ workspaceId }, () => this.assign())
        .catch((err: unknown) =>
          this.logger.warn({ err, workspaceId }, 'a queue cannot be given to people right now'),
        );
    }
  }

  private async assign(): Promise<void> {
    const settings = await this.settings.begin();
    if (settings === null) return;
    const there = await this.presence.available(settings.levels);
    if (there.length === 0) return;
    const [counts, turns] = await Promise.all([this.queue.openCounts(there), this.settings.turns(there)]);
    const agents = there.map((userId) => ({
      userId,
      open: counts.get(userId) ?? 0,
      lastGivenAt: turns.get(userId)?.getTime() ?? 0,
    }));
    const room = agents.reduce((sum, { open }) => sum + Math.max(0, settings.maxOpen - open), 0);
    if (room === 0) return;
    const waiting = await this.queue.waiting(settings.waitSeconds, Math.min(room, BATCH));
    const gotAny = await this.queue.give(shareOut(waiting, agents, settings.maxOpen));
    if (gotAny.size > 0) await this.settings.saveTurns([...gotAny]);
  }
}
