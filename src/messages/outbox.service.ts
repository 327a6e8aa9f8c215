import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type { Logger } from 'pino';
import { clock } from '../common/clock';
import { declareChannel } from '../conversations/channel-traits.port';
import { audienceOf } from '../conversations/conversation.policy';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { Journal } from '../platform/events/journal';
import { JobQueue } from '../platform/jobs/job-queue';
import { HoldLost, isPassing, type Job, type JobResult, JobWorker } from '../platform/jobs/job-worker';
import { LOGGER } from '../platform/observability/observability.module';
import type { ChannelDriver, FirstResult, Prepared, SendResult } from './channel-driver.port';
import { DeliveriesService } from './deliveries.service';
import { MESSAGE_EVENTS } from './message.events';
import { MessagesRepository } from './messages.repository';
import { toDeliveryState } from './messages.types';
import { type OutboxHead, OutboxRepository, type Postponement } from './outbox.repository';

const SEND = 'messages.send';
/** Then other conversations get their turn. */
const SENDS_PER_TURN = 20;
/** A message whose preparation throws this often is set aside, so that those behind it go out. */
const PREPARE_TRIES = 5;
/** Tries to record a result while the database is away, and the wait between them in ms. */
const RECORD_TRIES = 6;
const RECORD_WAIT_MS = 500;
/** A message that could not be sent for this long, in ms, is not sent any more: nobody wants it a day late. */
const GIVE_UP_MS = 24 * 3_600_000;

const ANSWER_LOST =
  'The sending was interrupted and it is not known whether the message went out. It is not sent again by itself; the state changes as soon as WhatsApp reports it.';

const STOOD_STILL =
  'It was not sent: the server stood still, and what comes after it was sent meanwhile. Send it again if it is still wanted.';

const WITHDRAWN = 'Withdrawn before it was sent.';
const GIVEN_UP = 'Given up after a day.';
const NOT_PREPARED =
  'The server failed to prepare this message, so it was not sent. Tell your administrator.';

type KnownResult = Exclude<SendResult, { kind: 'held_back' }>;

interface Try {
  id: number;
  /** 1 for the first one. */
  attempt: number;
  send: (mayGo: () => boolean) => Promise<SendResult>;
}

type Step =
  | ({ next: 'send' } & Try)
  | { next: 'first'; run: () => Promise<FirstResult>; id: number }
  | { next: 'again' }
  | { next: 'done' }
  | { next: 'wait'; until: Date };

/**
 * Sends a conversation's pending messages, in order: one job per conversation, which stops at the first message
 * that must wait. Order, retry and pause all come from that.
 */
@Injectable()
export class Outbox implements OnModuleInit {
  private readonly drivers = new Map<string, ChannelDriver>();

  constructor(
    private readonly work: UnitOfWork,
    private readonly rows: OutboxRepository,
    private readonly messages: MessagesRepository,
    private readonly deliveries: DeliveriesService,
    private readonly journal: Journal,
    private readonly jobs: JobQueue,
    private readonly worker: JobWorker,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onModuleInit(): void {
    this.worker.register(SEND, (job) => this.sendAll(job));
  }

  /** Each channel, while the modules start. */
  registerDriver(driver: ChannelDriver): void {
    this.drivers.set(driver.channel, driver);
    declareChannel(driver.channel, driver.traits);
  }

  driverOf(channel: string): ChannelDriver | null {
    return this.drivers.get(channel) ?? null;
  }

  /** Within the open unit of work that wrote the message. */
  async enqueue(...conversationIds: number[]): Promise<void> {
    this.jobs.enqueue(
      ...conversationIds.map((id) => ({
        task: SEND,
        key: `conversation:${id}`,
        payload: { conversation_id: id },
      })),
    );
  }

  /** A message that is deleted and of which no try has begun is never sent. Within the open unit of work. */
  async withdraw(id: number, conversationId: number): Promise<void> {
    await this.failed(id, null, WITHDRAWN);
    await this.enqueue(conversationId); // what waited behind it
  }

  /** A number of ours works again: what waited for it is tried at once. Within the open unit of work. */
  async resume(integrationId: number): Promise<void> {
    await this.enqueue(...(await this.rows.conversationsWaiting(integrationId)));
  }

  /** The same, where no unit of work is open. */
  async wake(workspaceId: number, integrationId: number): Promise<void> {
    await this.work.run({ workspaceId }, () => this.resume(integrationId));
  }

  private async sendAll(job: Job): Promise<JobResult> {
    const conversationId = job.payload['conversation_id'] as number;
    for (let sends = 0; sends < SENDS_PER_TURN && !job.signal.aborted;) {
      const step = await this.begin(job, conversationId).catch((error: unknown) =>
        this.setAside(job, conversationId, error),
      );
      if (step.next === 'done') return;
      if (step.next === 'wait') return { runAgainAt: step.until };
      if (step.next === 'again') continue;
      sends++;
      if (step.next === 'first') {
        await this.recordFirst(job, step.id, await step.run());
        continue;
      }
      // Where the process stood still another one may have seen to this, and sent what comes after it.
      const result = await step.send(() => job.isSurelyHeld());
      await this.record(job.workspaceId, step, result);
      if (result.kind === 'held_back') break; // whoever takes the job goes on, with a hold that is sure
    }
    return { runAgainAt: clock.date() };
  }

  /** One transaction: what to do with the oldest pending message, and the mark that its try has begun. */
  private async begin(job: Job, conversationId: number): Promise<Step> {
    return await this.work.run(job, async (tx): Promise<Step> => {
      await job.assertHeld(tx);
      const head = await this.rows.lockHead(conversationId);
      if (head === null) return { next: 'done' };
      if (head.sendingSince !== null) {
        await this.uncertain(head.id, ANSWER_LOST);
        return { next: 'again' };
      }
      if (head.deletedAt !== null) {
        await this.failed(head.id, null, WITHDRAWN);
        return { next: 'again' };
      }
      if (clock.now() - head.createdAt.getTime() > GIVE_UP_MS) {
        const last = head.errorReason === null ? '' : ` The last reason was: ${head.errorReason}`;
        await this.failed(head.id, null, GIVEN_UP + last);
        return { next: 'again' };
      }
      if (head.sendAfter !== null && head.sendAfter.getTime() > clock.now())
        return { next: 'wait', until: head.sendAfter };
      const driver = this.drivers.get(head.channel);
      if (driver?.prepare === undefined) {
        await this.failed(head.id, null, `Nothing here can send on the channel "${head.channel}".`);
        return { next: 'again' };
      }
      const message = { ...head, workspaceId: job.workspaceId, conversationId, attempt: head.attempts + 1 };
      return await this.try(head, await driver.prepare(message));
    });
  }

  private async try(head: OutboxHead, prepared: Prepared): Promise<Step> {
    switch (prepared.kind) {
      case 'failed':
        await this.failed(head.id, prepared.code, prepared.reason);
        return { next: 'again' };
      case 'paused':
        if (prepared.reason !== null && prepared.reason !== head.errorReason) {
          await this.rows.explain(head.id, prepared.reason);
          await this.announce(head.id);
        }
        return { next: 'wait', until: prepared.until };
      case 'first':
        return { next: 'first', run: prepared.run, id: head.id };
      case 'ready':
        await this.rows.beginTry(head.id);
        return { next: 'send', send: prepared.send, id: head.id, attempt: head.attempts + 1 };
    }
  }

  /** A message that nothing can be made of must not keep those behind it. */
  private async setAside(job: Job, conversationId: number, error: unknown): Promise<Step> {
    if (error instanceof HoldLost || isPassing(error) || job.attempt < PREPARE_TRIES) throw error;
    this.logger.error({ err: error, conversation: conversationId }, 'a message cannot be prepared');
    return await this.work.run(job, async (tx): Promise<Step> => {
      await job.assertHeld(tx);
      const head = await this.rows.lockHead(conversationId);
      if (head?.sendingSince === null) await this.failed(head.id, null, NOT_PREPARED);
      // A new run, in which the next message has all its tries.
      return { next: 'wait', until: clock.date() };
    });
  }

  /** Only while the job is still ours: whoever took it over may be sending the message by now. */
  private async recordFirst(job: Job, id: number, result: FirstResult): Promise<void> {
    if (result.kind === 'done') return;
    await this.work.run(job, async (tx) => {
      await job.assertHeld(tx);
      await this.write(id, result, result.kind === 'later' ? 1 : 0);
    });
  }

  /** What became of a try. While the database is away the knowledge exists only here, so it is kept for a while. */
  private async record(workspaceId: number, { id, attempt: nth }: Try, result: SendResult): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.work.run({ workspaceId }, () =>
          result.kind === 'held_back'
            ? this.takeBack(id, nth)
            : this.write(id, result, result.kind === 'paused' ? -1 : 0),
        );
      } catch (err) {
        this.logger.warn(
          { err, message: id, result: result.kind, attempt },
          'the result of a send cannot be recorded right now',
        );
        if (attempt === RECORD_TRIES) throw err;
        await delay(RECORD_WAIT_MS * attempt);
      }
    }
  }

  /**
   * A try that never left. Where another process has taken over, it has declared the message uncertain and sent what
   * comes after: it cannot go out in its place any more, and an earlier try of it may have been taken.
   */
  private async takeBack(id: number, nth: number): Promise<void> {
    const [message] = await this.messages.lockOutbound([id], []);
    if (message?.whatsappStatus === 'uncertain' && nth === 1) return await this.failed(id, null, STOOD_STILL);
    if (message?.whatsappStatus !== 'pending') return;
    const { errorCode: code, errorReason: reason } = message;
    await this.rows.postpone(id, { notBefore: null, code, reason, tries: -1 });
  }

  /** @param tries see {@link Postponement} */
  private async write(id: number, result: KnownResult, tries: Postponement['tries']): Promise<void> {
    if (result.kind === 'sent') {
      return await this.deliveries.apply([
        { messageId: id, externalId: result.externalId, report: { status: 'sent', at: result.at } },
      ]);
    }
    const [message] = await this.messages.lockOutbound([id], []);
    // What the provider has reported meanwhile is true and stays.
    const state = message?.whatsappStatus;
    if (result.kind === 'failed' && (state === 'pending' || state === 'uncertain'))
      return await this.failed(id, result.code, result.reason);
    if (message === undefined || result.kind === 'failed' || state !== 'pending') return;
    if (result.kind === 'uncertain') return await this.uncertain(id, result.reason);
    const { code, reason } = result;
    const notBefore = result.kind === 'later' ? result.notBefore : null;
    await this.rows.postpone(id, { notBefore, code, reason, tries });
    if (message.errorReason !== reason) await this.announce(id);
  }

  private async failed(id: number, code: number | null, reason: string): Promise<void> {
    await this.deliveries.apply([
      {
        messageId: id,
        externalId: null,
        report: { status: 'failed', at: clock.date(), error: { code, reason } },
      },
    ]);
  }

  private async uncertain(id: number, reason: string): Promise<void> {
    await this.rows.markUncertain(id, reason);
    await this.announce(id);
  }

  private async announce(id: number): Promise<void> {
    const [message] = await this.messages.lockOutbound([id], []);
    if (message === undefined) return;
    this.journal.append({
      type: MESSAGE_EVENTS.STATUS_CHANGED,
      conversationId: message.conversationId,
      audience: audienceOf(message),
      payload: toDeliveryState(message),
    });
  }
}
