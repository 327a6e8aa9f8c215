import { randomUUID } from 'node:crypto';
import {
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type BeforeApplicationShutdown,
} from '@nestjs/common';
import { Client } from 'pg';
import type { Logger } from 'pino';
import { CONFIG, type Config } from '../../config/config';
import { connectionAs, PLATFORM_ROLE, PlatformDatabase } from '../database/connections';
import { LOGGER } from '../observability/observability.module';

export type Topic = 'journal' | 'jobs';

const CHANNEL = 'apicechat_wake';
/** At most one notification per topic in this time, in ms: a NOTIFY costs every other commit a little. */
const NOTIFY_GAP_MS = 10;
const RECONNECT_MS = 1_000;
const CONNECT_TIMEOUT_MS = 5_000;

/**
 * "There is something new" between the parts of one process, at once, and between processes, by
 * LISTEN/NOTIFY. Only a hint: whoever waits for one also looks by itself every second.
 */
@Injectable()
export class WakeUp implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly listeners = new Map<Topic, Set<() => void>>();
  private readonly lastNotified = new Map<Topic, number>();
  private readonly scheduled = new Map<Topic, NodeJS.Timeout>();
  /** Process numbers repeat: in containers every server is process 1. */
  private readonly sender = randomUUID();
  private client: Client | null = null;
  private listening: Promise<void> | null = null;
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
    await (this.listening = this.listen());
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.retry);
    for (const timer of this.scheduled.values()) clearTimeout(timer);
    await this.listening; // an end while it connects would be lost on the driver
    await this.client?.end().catch(() => undefined);
  }

  private notify(topic: Topic): void {
    this.scheduled.delete(topic);
    this.lastNotified.set(topic, Date.now());
    this.platform
      .query('select pg_notify($1, $2)', [CHANNEL, `${this.sender} ${topic}`])
      .catch((err: unknown) => this.logger.debug({ err }, 'other processes could not be notified'));
  }

  private async listen(): Promise<void> {
    if (this.stopped) return;
    const { url, options } = connectionAs(PLATFORM_ROLE, this.config.database.url!);
    const client = new Client({
      connectionString: url,
      application_name: 'apicechat wake-up',
      options,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      keepAlive: true,
    });
    this.client = client;
    client.on('notification', (note) => {
      const [sender, topic] = (note.payload ?? '').split(' ');
      if (sender !== this.sender) this.callListeners(topic as Topic);
    });
    client.on('error', () => undefined); // 'end' follows
    client.on('end', () => this.listenAgain(client));
    try {
      await client.connect();
      await client.query(`listen ${CHANNEL}`);
    } catch (err) {
      if (this.stopped) return;
      this.logger.warn({ err }, 'cannot listen for notifications; looking every second instead');
      await client.end().catch(() => undefined);
      this.listenAgain(client);
    }
  }

  private listenAgain(ended: Client): void {
    if (this.client !== ended) return;
    this.client = null;
    if (this.stopped) return;
    this.retry = setTimeout(() => {
      this.listening = this.listen();
    }, RECONNECT_MS);
  }

  private callListeners(topic: Topic): void {
    for (const listener of this.listeners.get(topic) ?? []) listener();
  }
}
