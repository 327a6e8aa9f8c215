import { Injectable, type OnModuleInit } from '@nestjs/common';
import { clock } from '../common/clock';
import { audienceOf } from '../conversations/conversation.policy';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { Journal } from '../platform/events/journal';
import { JobQueue } from '../platform/jobs/job-queue';
import { type Job, type JobResult, JobWorker } from '../platform/jobs/job-worker';
import { advance, type DeliveryReport } from './delivery-state';
import { type EarlyReport, EarlyReportsRepository } from './early-reports.repository';
import { MESSAGE_EVENTS } from './message.events';
import { MessagesRepository, type OutboundMessage } from './messages.repository';
import { toDeliveryState } from './messages.types';

/** A report and the message it speaks of: by our id where the provider echoes it, else by the provider's. */
export interface AddressedReport {
  messageId: number | null;
  externalId: string | null;
  /** The number of ours that a provider's report came for; our id is believed of that number's messages only. */
  integrationId?: number;
  report: DeliveryReport;
}

const JOIN_EARLY = 'deliveries.join-early';
/** First look after this, in ms. */
const JOIN_AFTER_MS = 5_000;
/** No transaction lives longer than this, in ms: afterwards a report and its message cannot have missed each other. */
const RACE_MS = 60_000;

/** How far messages of ours have come. */
@Injectable()
export class DeliveriesService implements OnModuleInit {
  constructor(
    private readonly work: UnitOfWork,
    private readonly messages: MessagesRepository,
    private readonly early: EarlyReportsRepository,
    private readonly journal: Journal,
    private readonly jobs: JobQueue,
    private readonly worker: JobWorker,
  ) {}

  onModuleInit(): void {
    this.worker.register(JOIN_EARLY, (job) => this.joinEarly(job));
  }

  /**
   * Applies a batch of reports, in any order, any number of times: the end is the same. Within the open unit of
   * work. Reports whose message is not known yet are kept until it is.
   */
  async apply(reports: AddressedReport[]): Promise<void> {
    if (reports.length === 0) return;
    const ids = reports.flatMap((r) => r.messageId ?? []);
    const externalIds = reports.flatMap((r) => r.externalId ?? []);
    const messages = await this.messages.lockOutbound(ids, externalIds);
    const byId = new Map(messages.map((m) => [m.id, m]));
    const byExternalId = new Map(
      messages.flatMap((m) => (m.whatsappMessageId === null ? [] : [[m.whatsappMessageId, m] as const])),
    );

    const changed = new Set<OutboundMessage>();
    const learnt: string[] = [];
    const unknown: AddressedReport[] = [];
    const take = (addressed: AddressedReport): void => {
      const { messageId, externalId, report } = addressed;
      const message = byExternalId.get(externalId ?? '') ?? byId.get(messageId ?? 0);
      if (message === undefined || !isAbout(message, addressed)) {
        unknown.push(addressed);
        return;
      }
      if (externalId !== null && message.whatsappMessageId === null) {
        message.whatsappMessageId = externalId;
        byExternalId.set(externalId, message);
        learnt.push(externalId);
        changed.add(message);
      }
      const next = advance(message, report);
      if (next === message) return;
      Object.assign(message, next);
      changed.add(message);
    };
    reports.forEach(take);
    if (learnt.length > 0) {
      for (const { externalId, report } of await this.early.takeOf(learnt))
        take({ messageId: null, externalId, report });
    }

    if (changed.size > 0) {
      await this.messages.saveDeliveries([...changed]);
      this.journal.append(
        ...[...changed].map((message) => ({
          type: MESSAGE_EVENTS.STATUS_CHANGED,
          conversationId: message.conversationId,
          audience: audienceOf(message),
          payload: toDeliveryState(message),
        })),
      );
    }
    await this.keepForLater(unknown);
  }

  private async keepForLater(unknown: AddressedReport[]): Promise<void> {
    const kept = unknown.flatMap(({ externalId, report }) =>
      externalId === null ? [] : [{ externalId, report }],
    );
    if (kept.length === 0) return;
    const earliest = new Map<string, EarlyReport>();
    for (const early of kept) {
      const key = `${early.externalId} ${early.report.status}`;
      const known = earliest.get(key);
      if (known === undefined || early.report.at < known.report.at) earliest.set(key, early);
    }
    await this.early.keep([...earliest.values()]);
    this.jobs.enqueue({ task: JOIN_EARLY, key: 'all', runAt: new Date(clock.now() + JOIN_AFTER_MS) });
  }

  /** A report kept in the same moment in which its message became known was seen by neither side. */
  private async joinEarly(job: Job): Promise<JobResult> {
    return await this.work.run(job, async () => {
      const matched = await this.early.takeMatched();
      await this.apply(matched.map(({ externalId, report }) => ({ messageId: null, externalId, report })));
      const young = await this.early.anySince(new Date(clock.now() - RACE_MS));
      return young ? { runAgainAt: new Date(clock.now() + RACE_MS / 2) } : undefined;
    });
  }
}

function isAbout(message: OutboundMessage, { externalId, integrationId }: AddressedReport): boolean {
  if (externalId === null) return true;
  if (message.whatsappMessageId !== null) return message.whatsappMessageId === externalId;
  return integrationId === undefined || message.integrationId === integrationId;
}
