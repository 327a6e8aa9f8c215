import { Injectable, type OnModuleInit } from '@nestjs/common';
import { clock } from '../common/clock';
import type { StaffActor } from '../common/actor';
import { isWindowOpen } from '../conversations/conversation-window.policy';
import { ConversationsService } from '../conversations/conversations.service';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { JobQueue } from '../platform/jobs/job-queue';
import { type Job, type JobResult, JobWorker } from '../platform/jobs/job-worker';
import type { ChannelDriver, Tell } from './channel-driver.port';
import { Outbox } from './outbox.service';
import { type InboundReference, ReadReceiptsRepository } from './read-receipts.repository';

/** The answer of `POST /messages/conversation/:id/typing`. */
export interface TypingDto {
  conversation_id: number;
  /** False where the customer's channel shows no such thing, or there is nothing to answer. */
  accepted: boolean;
}

const READ = 'messages.tell-read';
const TYPING = 'messages.tell-typing';
const MAX_TRIES = 4;
/** Calls at a time in this process: a slow provider must not fill the slots in which messages are sent. */
const AT_ONCE = 2;
const BUSY_MS = 500;
/** Providers show it for a while; asked again sooner, nothing is said, in ms. */
const TYPING_EVERY_MS = 10_000;
/** Told later than this, in ms, it would no longer be true. */
const TYPING_STALE_MS = 10_000;

/**
 * What a customer is told besides messages: that theirs were read, and that somebody is writing. Both as well as it
 * goes: never in the way of a message, and given up soon.
 */
@Injectable()
export class ReadReceiptsService implements OnModuleInit {
  private calls = 0;
  private readonly typingSince = new Map<string, number>();

  constructor(
    private readonly work: UnitOfWork,
    private readonly rows: ReadReceiptsRepository,
    private readonly conversations: ConversationsService,
    private readonly outbox: Outbox,
    private readonly jobs: JobQueue,
    private readonly worker: JobWorker,
  ) {}

  onModuleInit(): void {
    this.worker.register(READ, (job) => this.tellRead(job));
    this.worker.register(TYPING, (job) => this.tellTyping(job));
    this.conversations.useReadListener((conversation) => this.read(conversation.id, conversation.readUpToId));
  }

  /** Staff have read a conversation up to this message. Within the open unit of work. */
  async read(conversationId: number, upToId: number): Promise<void> {
    const newest = await this.rows.newestInbound(conversationId, upToId);
    if (newest === null || this.outbox.driverOf(newest.channel)?.markRead === undefined) return;
    if (await this.rows.want(conversationId, newest.id)) this.ask(READ, conversationId);
  }

  /** The actor is writing an answer. */
  async typing(actor: StaffActor, conversationId: number): Promise<TypingDto> {
    return await this.work.run(actor, async () => {
      const conversation = await this.conversations.requireVisible(actor, conversationId);
      const accepted =
        this.outbox.driverOf(conversation.channel)?.typing !== undefined &&
        isWindowOpen(conversation, clock.date()) &&
        (await this.rows.newestInbound(conversationId, null)) !== null;
      if (accepted) this.ask(TYPING, conversationId, { by: actor.userId });
      return { conversation_id: conversationId, accepted };
    });
  }

  private ask(task: string, conversationId: number, more: object = {}): void {
    const payload = { conversation_id: conversationId, asked_at: clock.now(), ...more };
    this.jobs.enqueue({ task, key: `conversation:${conversationId}`, payload });
  }

  private async tellRead(job: Job): Promise<JobResult> {
    const conversationId = job.payload['conversation_id'] as number;
    return await this.limited(async () => {
      const found = await this.work.run(job, async () => {
        const wanted = await this.rows.wanted(conversationId);
        const newest = wanted === null ? null : await this.rows.newestInbound(conversationId, wanted);
        return await this.prepared(newest, (driver, message) => driver.markRead?.(message));
      });
      if (found === null) return;
      const outcome = await found.tell();
      if (outcome === 'told') await this.work.run(job, () => this.rows.told(conversationId, found.id));
      if (outcome === 'later' && job.attempt < MAX_TRIES)
        throw new Error('the customer could not be told right now that their messages were read');
    });
  }

  private async tellTyping(job: Job): Promise<JobResult> {
    const conversationId = job.payload['conversation_id'] as number;
    const now = clock.now();
    if (now - (job.payload['asked_at'] as number) > TYPING_STALE_MS) return;
    if (!this.mayTypeNow(`${job.workspaceId}/${conversationId}`, now)) return;
    await this.limited(async () => {
      const found = await this.work.run(job, async () =>
        this.prepared(await this.rows.newestInbound(conversationId, null), (driver, message) =>
          driver.typing?.(message, job.payload['by'] as number),
        ),
      );
      // Whoever sees somebody writing sees their own messages read.
      if (found !== null && (await found.tell()) === 'told')
        await this.work.run(job, () => this.rows.told(conversationId, found.id));
    });
  }

  private async prepared(
    message: InboundReference | null,
    prepare: (driver: ChannelDriver, message: InboundReference) => Promise<Tell | null> | undefined,
  ): Promise<{ tell: Tell; id: number } | null> {
    if (message === null) return null;
    const driver = this.outbox.driverOf(message.channel);
    const tell = driver === null ? null : ((await prepare(driver, message)) ?? null);
    return tell === null ? null : { tell, id: message.id };
  }

  private async limited(fn: () => Promise<void>): Promise<JobResult> {
    if (this.calls >= AT_ONCE) return { runAgainAt: new Date(clock.now() + BUSY_MS) };
    this.calls++;
    try {
      await fn();
    } finally {
      this.calls--;
    }
  }

  /** Per process: it only saves calls. */
  private mayTypeNow(key: string, now: number): boolean {
    for (const [other, since] of this.typingSince)
      if (now - since >= TYPING_EVERY_MS) this.typingSince.delete(other);
    if (this.typingSince.has(key)) return false;
    this.typingSince.set(key, now);
    return true;
  }
}
