import { Injectable, type OnModuleInit } from '@nestjs/common';
import { clock } from '../common/clock';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { JobQueue } from '../platform/jobs/job-queue';
import { type Job, type JobResult, JobWorker } from '../platform/jobs/job-worker';
import { MessageChangesRepository, type Revocation } from './message-changes.repository';
import { MessageChangesService } from './message-changes.service';

const REVOKE = 'messages.revoke';
/** The wait for a message that is not here yet is as long as it was waited for already, within these, in ms. */
const SHORTEST_WAIT_MS = 5_000;
const LONGEST_WAIT_MS = 3_600_000;
/** WhatsApp brings a message again for so long, in ms, until it is accepted. */
const MAY_COME_MS = 7 * 24 * 3_600_000;

/**
 * What customers delete on their phones is deleted here too. A job and not the intake does it: that locks conversations
 * before messages, a deletion the other way round; and the earlier message may arrive after the word that it is deleted.
 */
@Injectable()
export class RevocationsService implements OnModuleInit {
  constructor(
    private readonly work: UnitOfWork,
    private readonly rows: MessageChangesRepository,
    private readonly changes: MessageChangesService,
    private readonly jobs: JobQueue,
    private readonly worker: JobWorker,
  ) {}

  onModuleInit(): void {
    this.worker.register(REVOKE, (job) => this.revoke(job));
  }

  /** Within the open unit of work that stores them. */
  note(revocations: Revocation[]): void {
    this.jobs.enqueue(
      ...revocations.map((payload) => ({ task: REVOKE, key: `message:${payload.id}`, payload })),
    );
  }

  private async revoke(job: Job): Promise<JobResult> {
    const revocation = job.payload as unknown as Revocation;
    return await this.work.run(job, async () => {
      const found = await this.rows.findRevoked(revocation);
      if (found === null) return;
      if (found.messageId !== null) return await this.changes.revoked(found.messageId);
      const waited = clock.now() - found.revokedAt.getTime();
      if (waited > MAY_COME_MS) return;
      const wait = Math.min(Math.max(waited, SHORTEST_WAIT_MS), LONGEST_WAIT_MS);
      return { runAgainAt: new Date(clock.now() + wait) };
    });
  }
}
