import { randomUUID } from 'node:crypto';
import { type BeforeApplicationShutdown, Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { clock } from '../../common/clock';
import { PlatformDatabase } from '../database/connections';
import { LOGGER } from '../observability/observability.module';
import { DatabaseListener } from './database-listener';

export type Topic = 'journal' | 'jobs';

const CHANNEL = 'apicechat_wake';
/** At most one notification per topic in this time, in ms: a NOTIFY costs every other commit a little. */
const NOTIFY_GAP_MS = 25;

/**
 * "There is something new" between the parts of one process, at once, and between processes, by
 * LISTEN/NOTIFY. Only a hint: whoever waits for one also looks by itself every second.
 */
@Injectable()
export class WakeUp implements BeforeApplicationShutdown {
  private readonly listeners = new Map<Topic, Set<() => void>>();
  private readonly lastNotified = new Map<Topic, number>();
  private readonly scheduled = new Map<Topic, NodeJS.Timeout>();
  /** Process numbers repeat: in containers every server is process 1. */
  private readonly sender = randomUUID();
  private stopped = false;

  constructor(
    listener: DatabaseListener,
    private readonly platform: PlatformDatabase,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    listener.subscribe(CHANNEL, {
      hear: (text) => {
        const [sender, topic] = text.split(' ');
        if (sender !== this.sender) this.callListeners(topic as Topic);
      },
    });
  }

  on(topic: Topic, listener: () => void): () => void {
    const set = this.listeners.get(topic) ?? new Set();
    this.listeners.set(topic, set.add(listener));
    return () => set.delete(listener);
  }

  signal(topic: Topic): void {
    this.callListeners(topic);
    if (this.scheduled.has(topic) || this.stopped) return;
    const wait = Math.max(0, (this.lastNotified.get(topic) ?? 0) + NOTIFY_GAP_MS - clock.now());
    this.scheduled.set(
      topic,
      setTimeout(() => this.notify(topic), wait),
    );
  }

  beforeApplicationShutdown(): void {
    this.stopped = true;
    for (const timer of this.scheduled.values()) clearTimeout(timer);
  }

  private notify(topic: Topic): void {
    this.scheduled.delete(topic);
    this.lastNotified.set(topic, clock.now());
    this.platform
      .query('select pg_notify($1, $2)', [CHANNEL, `${this.sender} ${topic}`])
      .catch((err: unknown) => this.logger.debug({ err }, 'other processes could not be notified'));
  }

  private callListeners(topic: Topic): void {
    for (const listener of this.listeners.get(topic) ?? []) listener();
  }
}
