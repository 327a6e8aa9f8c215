import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type { Logger } from 'pino';
import { CONFIG, type Config } from '../config/config';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { LOGGER } from '../platform/observability/observability.module';
import { ConversationTallyRepository } from './conversation-tally.repository';

const EVERY_MS = 5_000;
/** Rows of a workspace that are read as they are. */
const ENOUGH_ROWS = 500;
/** Of one transaction, so that it ends in time also where nobody has summed up for hours. */
const MOST_ROWS = 50_000;

/** Keeps the tally of conversations short, on the processes that run jobs. */
@Injectable()
export class ConversationTally implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<unknown> = Promise.resolve();
  private stopped = false;

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly work: UnitOfWork,
    private readonly rows: ConversationTallyRepository,
  ) {}

  onApplicationBootstrap(): void {
    if (this.config.role !== 'api') this.schedule();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  /**
   * At most so many rows of a workspace; what is left comes with the next look. Of several processes that do it at once,
   * one finds the rows and the others nothing.
   */
  async sumUp(beyond = ENOUGH_ROWS, most = MOST_ROWS): Promise<void> {
    for (const workspaceId of await this.rows.grown(beyond)) {
      if (this.stopped) return;
      await this.work.run({ workspaceId }, () => this.rows.sumUp(most));
    }
  }

  private schedule(): void {
    this.timer = setTimeout(() => {
      this.running = this.sumUp()
        .catch((err: unknown) =>
          this.logger.warn({ err }, 'the tally of conversations cannot be summed up right now'),
        )
        .finally(() => {
          if (!this.stopped) this.schedule();
        });
    }, EVERY_MS).unref();
  }
}
