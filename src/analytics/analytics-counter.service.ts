import { Injectable, type OnModuleInit } from '@nestjs/common';
import { CONVERSATION_EVENTS } from '../conversations/conversation.events';
import { MESSAGE_EVENTS } from '../messages/message.events';
import { PATIENT, UnitOfWork } from '../platform/database/unit-of-work';
import type { JournalConsumer } from '../platform/events/journal-consumer';
import { JournalConsumers } from '../platform/events/journal-consumers';
import type { JournalEvent } from '../platform/events/journal-reader';
import { AnalyticsRepository } from './analytics.repository';

/** Conversations that are counted in one transaction. Where nobody counted for hours each may have hundreds of messages. */
const PORTION = 500;

/**
 * Follows the journal to know in which conversations there is something to count. What is counted is read from what is
 * stored, from where each conversation was counted up to, so that entries handed over twice count once
 * (docs/decisions/0010-kept-numbers.md).
 */
@Injectable()
export class AnalyticsCounter implements OnModuleInit, JournalConsumer {
  readonly name = 'analytics';
  readonly types = [MESSAGE_EVENTS.NEW, MESSAGE_EVENTS.DELETED, ...Object.values(CONVERSATION_EVENTS)];
  /** A conversation in which much is said is counted once for all of it. */
  readonly atOnce = 5_000;
  readonly bare = true;
  readonly rest = 20;

  constructor(
    private readonly consumers: JournalConsumers,
    private readonly work: UnitOfWork,
    private readonly rows: AnalyticsRepository,
  ) {}

  onModuleInit(): void {
    this.consumers.register(this);
  }

  wants(event: JournalEvent): boolean {
    return event.conversationId !== null;
  }

  /** Messages are counted with the look of every second: together, where many come. */
  isUrgent(event: JournalEvent): boolean {
    return event.type !== MESSAGE_EVENTS.NEW;
  }

  async handle(workspaceId: number, events: JournalEvent[]): Promise<void> {
    const ids = [...new Set(events.map(({ conversationId }) => conversationId!))];
    // What one has counted stays counted, so that too much for one handling is less the next time.
    for (let from = 0; from < ids.length; from += PORTION) {
      const portion = ids.slice(from, from + PORTION);
      await this.work.run({ workspaceId }, () => this.rows.measure(portion), PATIENT);
    }
  }
}
