import { Injectable, type OnModuleInit } from '@nestjs/common';
import { clock } from '../common/clock';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { type Job, type JobResult, JobWorker } from '../platform/jobs/job-worker';
import { ObjectStorage } from '../platform/storage/object-storage';
import { UploadsRepository } from './uploads.repository';
import { SWEEP } from './uploads.service';

const EVERY_MS = 3_600_000;
/** What nothing shows is kept this long, in ms: time enough to send what was uploaded. */
const UNUSED_KEPT_MS = 7 * 24 * 3_600_000;
const BATCH = 200;

/**
 * Removes uploads that nothing shows, and files that no upload claims: what was never sent, what deleted messages
 * showed, and what crashes left behind. Runs where there are files, once an hour.
 */
@Injectable()
export class UploadsSweeper implements OnModuleInit {
  constructor(
    private readonly work: UnitOfWork,
    private readonly rows: UploadsRepository,
    private readonly storage: ObjectStorage,
    private readonly worker: JobWorker,
  ) {}

  onModuleInit(): void {
    this.worker.register(SWEEP, (job) => this.sweep(job));
  }

  private async sweep(job: Job): Promise<JobResult> {
    const before = new Date(clock.now() - UNUSED_KEPT_MS);
    while (!job.signal.aborted) {
      const removed = await this.work.run(job, () => this.rows.removeUnused(before, BATCH));
      if (removed < BATCH) break;
    }
    while (!job.signal.aborted) {
      const keys = await this.work.run(job, () => this.rows.unclaimed(BATCH));
      await this.storage.delete(keys);
      await this.work.run(job, () => this.rows.forget(keys));
      if (keys.length < BATCH) break;
    }
    const more = await this.work.run(job, () => this.rows.anythingStored());
    return more ? { runAgainAt: new Date(clock.now() + EVERY_MS) } : undefined;
  }
}
