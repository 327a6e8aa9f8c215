import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type { Logger } from 'pino';
import { clock } from '../common/clock';
import { AppError } from '../common/app-error';
import { AttachmentsService } from '../messages/attachments.service';
import type { PendingFile } from '../messages/attachments.types';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { JobQueue } from '../platform/jobs/job-queue';
import { isPassing, type Job, type JobResult, JobWorker } from '../platform/jobs/job-worker';
import { LOGGER } from '../platform/observability/observability.module';
import { UploadsService } from '../uploads/uploads.service';
import { fetchMedia, MediaProblem } from './graph-media';
import { WHATSAPP } from './intake-mapping';
import { FETCH_MEDIA, WhatsappIntegrationsService } from './whatsapp-integrations.service';

/** Files of one workspace that one process fetches at the same time. */
const AT_ONCE = 4;
/** Of all jobs that a process runs at a time so many may be fetching: a slow download must not keep messages waiting. */
const JOBS_AT_ONCE = 3;
const LOOK_AGAIN_MS = 1_000;
const FIRST_WAIT_SECONDS = 5;
const LONGEST_WAIT_SECONDS = 900;
/** Meta forgets what customers sent after this time, in ms. */
const LIFE_MS = 7 * 86_400_000;
/** Tries to get other bytes than those whose checksum was wrong. */
const WRONG_BYTES_TRIES = 5;

/**
 * Brings the files of customers from Meta to where ours are kept: one job per workspace, whose queue are the pending
 * attachments themselves. A file is stored and shown in one transaction, so a killed process only makes it be fetched
 * once more.
 */
@Injectable()
export class MediaFetcher implements OnModuleInit {
  private jobsRunning = 0;

  constructor(
    private readonly work: UnitOfWork,
    private readonly attachments: AttachmentsService,
    private readonly uploads: UploadsService,
    private readonly integrations: WhatsappIntegrationsService,
    private readonly jobs: JobQueue,
    private readonly worker: JobWorker,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onModuleInit(): void {
    this.worker.register(FETCH_MEDIA, (job) => this.fetchAll(job));
  }

  /** Within the open unit of work that took the messages in. */
  fetchSoon(): void {
    this.jobs.enqueue({ task: FETCH_MEDIA, key: 'all' });
  }

  private async fetchAll(job: Job): Promise<JobResult> {
    if (this.jobsRunning >= JOBS_AT_ONCE) return { runAgainAt: new Date(clock.now() + LOOK_AGAIN_MS) };
    this.jobsRunning++;
    try {
      await this.fetchDue(job);
    } finally {
      this.jobsRunning--;
    }
    const next = await this.attachments.nextDue(job.workspaceId, WHATSAPP);
    return next === null ? undefined : { runAgainAt: next };
  }

  private async fetchDue(job: Job): Promise<void> {
    const running = new Map<number, Promise<void>>();
    let broken: { error: unknown } | null = null;
    for (;;) {
      const going = !job.signal.aborted && broken === null;
      const due = going ? await this.attachments.due(job.workspaceId, WHATSAPP, 2 * AT_ONCE) : [];
      for (const file of due.filter(({ id }) => !running.has(id)).slice(0, AT_ONCE - running.size)) {
        const done = this.fetch(job, file)
          .catch((error: unknown) => void (broken ??= { error }))
          .finally(() => running.delete(file.id));
        running.set(file.id, done);
      }
      if (running.size === 0) break;
      await Promise.race([...running.values(), delay(LOOK_AGAIN_MS, undefined, { ref: false })]);
    }
    if (broken !== null) throw (broken as { error: unknown }).error;
  }

  /** Throws only where this process or the database cannot go on. */
  private async fetch(job: Job, file: PendingFile): Promise<void> {
    const { workspaceId } = job;
    try {
      const from = await this.work.run(job, () =>
        file.integrationId === null ? null : this.integrations.sendingState(file.integrationId),
      );
      if (from === null) throw new MediaProblem('The WhatsApp number is not connected any more.', true);
      if ('pausedUntil' in from) throw new MediaProblem(from.reason, false);
      const content = await fetchMedia(from.target, file.mediaId!, job.signal);
      await this.uploads.store({ workspaceId, userId: null }, content, {
        name: file.name ?? file.kind,
        from: 'customer',
        check: ({ sha256 }) => requireChecksum(file, sha256),
        together: (upload) => this.attachments.arrived(file, upload),
      });
    } catch (error) {
      if (job.signal.aborted) return;
      if (isPassing(error)) throw error;
      await this.notNow(workspaceId, file, error);
    }
  }

  private async notNow(workspaceId: number, file: PendingFile, error: unknown): Promise<void> {
    if (error instanceof AppError && error.code === 'NOT_FOUND') return; // nobody waits for it any more
    const reason =
      error instanceof MediaProblem || error instanceof AppError ? error.message : 'The download broke off';
    this.logger.warn(
      { err: error, attachment: file.id, attempt: file.attempts + 1 },
      'a file was not fetched',
    );
    const final =
      (error instanceof MediaProblem && error.final) || (error instanceof AppError && error.status < 500);
    if (final) return await this.attachments.failed(workspaceId, file, reason);
    if (clock.now() - file.since.getTime() > LIFE_MS)
      return await this.attachments.failed(
        workspaceId,
        file,
        `Given up after a week. The last reason was: ${reason}.`,
      );
    const seconds = Math.min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2 ** Math.min(file.attempts, 10));
    const until = new Date(clock.now() + seconds * 1_000 * (0.75 + Math.random() / 2));
    await this.attachments.postpone(workspaceId, file, until);
  }
}

/** Meta writes it in base64, in some places in hexadecimal. What is neither says nothing. */
function requireChecksum({ sha256: announced, attempts }: PendingFile, sha256: string): void {
  const hex = /^[0-9a-f]{64}$/i.test(announced ?? '')
    ? announced!.toLowerCase()
    : Buffer.from(announced ?? '', 'base64').toString('hex');
  if (hex.length === 64 && hex !== sha256)
    throw new MediaProblem('WhatsApp sent other bytes than it announced.', attempts + 1 >= WRONG_BYTES_TRIES);
}
