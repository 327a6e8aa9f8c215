import {
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type BeforeApplicationShutdown,
} from '@nestjs/common';
import { Client } from 'pg';
import type { Logger } from 'pino';
import { CONFIG, type Config } from '../../config/config';
import { PlatformDatabase } from '../database/connections';
import { LOGGER } from '../observability/observability.module';

export type Topic = 'journal' | 'jobs';

const CHANNEL = 'apicechat_wake';
/** At most one notification per topic in this time, in ms: a NOTIFY costs every other commit a little. */
const NOTIFY_GAP_MS = 10;
const RECONNECT_MS = 1_000;

/**
 * "There is something new" between the parts of one process, at once, and between processes, by
 * LISTEN/NOTIFY. Only a hint: whoever waits for one also looks by itself every second.
 */
@Injectable()
export class WakeUp implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly listeners = new Map<Topic, Set<() => void>>();
  private readonly lastNotified = new Map<Topic, number>();
  private readonly scheduled = new Map<Topic, NodeJS.Timeout>();
  private client: Client | null = null;
  private retry: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly platform: PlatformDatabase,
  ) {}

  on(topic: Topic, listener: () => void): () => void {
    const set = this.listeners.get(topic) ?? new Set();
    this.listeners.set(topic, set.add(listener));
    return () => set.delete(listener);
  }

  signal(topic: Topic): void {
    this.callListeners(topic);
    if (this.scheduled.has(topic) || this.stopped) return;
    const wait = Math.max(0, (this.lastNotified.get(topic) ?? 0) + NOTIFY_GAP_MS - Date.now());
    this.scheduled.set(
      topic,
      setTimeout(() => this.notify(topic), wait),
    );
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.listen();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.retry);
    for (const timer of this.scheduled.values()) clearTimeout(timer);
    await this.client?.end().catch(() => undefined);
  }

  private notify(topic: Topic): void {
    this.scheduled.delete(topic);
    this.lastNotified.set(topic, Date.now());
    this.platform
      .query('select pg_notify($1, $2)', [CHANNEL, `${process.pid} ${topic}`])
      .catch((err: unknown) => this.logger.debug({ err }, 'other processes could not be notified'));
  }

  private async listen(): Promise<void> {
    if (this.stopped) return;
    const client = new Client({
      connectionString: this.config.database.url!,
      application_name: 'apicechat wake-up',
      keepAlive: true,
    });
    client.on('notification', (note) => {
      const [pid, topic] = (note.payload ?? '').split(' ');
      if (pid !== String(process.pid)) this.callListeners(topic as Topic);
    });
    client.on('error', () => undefined); // 'end' follows
    client.on('end', () => this.listenAgain());
    try {
      await client.connect();
      await client.query(`listen ${CHANNEL}`);
      this.client = client;
    } catch (err) {
      this.logger.warn({ err }, 'cannot listen for notifications; looking every second instead');
      await client.end().catch(() => undefined);
      this.listenAgain();
    }
  }

  private listenAgain(): void {
    this.client = null;
    if (this.stopped) return;
    clearTimeout(this.retry);
    this.retry = setTimeout(() => void this.listen(), RECONNECT_MS);
  }

  private callListeners(topic: Topic): void {
    for (const listener of this.listeners.get(topic) ?? []) listener();
  }
}
