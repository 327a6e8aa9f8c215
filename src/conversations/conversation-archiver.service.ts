import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type { Logger } from 'pino';
import { AuditService } from '../audit/audit.service';
import { CONFIG, type Config } from '../config/config';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { LOGGER } from '../platform/observability/observability.module';
import { ConversationArchiverRepository } from './conversation-archiver.repository';
import { ConversationPresenter } from './conversation-presenter';
import { CONVERSATION_EVENTS } from './conversation.events';
import { ConversationsRepository } from './conversations.repository';

const FIRST_AFTER_MS = 60_000;
const EVERY_MS = 3_600_000;
/** Conversations of one transaction: few enough that nobody waits for it. */
const BATCH = 100;
/** Of one workspace at a time: sockets that missed more than 10,000 events have to fetch everything anew. */
const MOST = 5_000;

/**
 * Archives closed conversations that nobody has touched for `ARCHIVE_CLOSED_AFTER_DAYS`, once an hour, on the processes
 * that run jobs. Several processes at once divide the work; none does what another is about to change.
 */
@Injectable()
export class ConversationArchiver implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<unknown> = Promise.resolve();
  private stopped = false;

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly work: UnitOfWork,
    private readonly due: ConversationArchiverRepository,
    private readonly conversations: ConversationsRepository,
    private readonly presenter: ConversationPresenter,
    private readonly audit: AuditService,
  ) {}

  onApplicationBootstrap(): void {
    if (this.config.role !== 'api' && this.config.archiveClosedAfterDays > 0) this.schedule(FIRST_AFTER_MS);
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  /** Archives what is due, up to `most` in each workspace, the oldest first; answers how many. */
  async archive(batch = BATCH, most = MOST): Promise<number> {
    let archived = 0;
    if (this.config.archiveClosedAfterDays === 0) return archived;
    for (const workspaceId of await this.due.workspaces()) {
      try {
        for (let left = most, more = true; more && left > 0 && !this.stopped;) {
          const count = await this.work.run({ workspaceId }, () => this.archiveSome(Math.min(batch, left)));
          archived += count;
          left -= count;
          more = count === batch;
        }
      } catch (err) {
        // One workspace's trouble is not the others'.
        this.logger.warn({ err, workspaceId }, 'closed conversations cannot be archived right now');
      }
    }
    return archived;
  }

  private async archiveSome(batch: number): Promise<number> {
    const before = await this.due.lock(this.config.archiveClosedAfterDays, batch);
    if (before.length === 0) return 0;
    const after = await this.conversations.save(before.map((each) => ({ ...each, status: 'archived' })));
    await this.presenter.announce(
      before.map((each, i) => ({
        before: each,
        after: after[i]!,
        events: [CONVERSATION_EVENTS.STATUS_CHANGED],
      })),
    );
    for (const { id } of before)
      this.audit.record({
        actor: null,
        action: 'conversation.status',
        subject: { type: 'conversation', id },
        details: { from: 'closed', to: 'archived' },
      });
    return before.length;
  }

  private schedule(afterMs: number): void {
    this.timer = setTimeout(() => {
      this.running = this.archive()
        .then((archived) => {
          if (archived > 0) this.logger.info({ archived }, 'archived closed conversations');
        })
        .catch((err: unknown) =>
          this.logger.warn({ err }, 'closed conversations cannot be archived right now'),
        )
        .finally(() => {
          if (!this.stopped) this.schedule(EVERY_MS);
        });
    }, afterMs).unref();
  }
}
