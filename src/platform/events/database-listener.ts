import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Client } from 'pg';
import type { Logger } from 'pino';
import { CONFIG, type Config } from '../../config/config';
import { connectionAs, PLATFORM_ROLE } from '../database/connections';
import { LOGGER } from '../observability/observability.module';

const RECONNECT_MS = 1_000;
const CONNECT_TIMEOUT_MS = 5_000;

interface Subscriber {
  /** Called with the text of each notification, in the order of their commits. */
  hear: (text: string) => void;
  /** Called when the connection stands again after it was lost: notifications may have been missed meanwhile. */
  afterGap?: () => void;
}

/** The one connection of a process that LISTENs. It comes back by itself; what was said meanwhile is lost. */
@Injectable()
export class DatabaseListener implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly subscribers = new Map<string, Subscriber>();
  private client: Client | null = null;
  private listening: Promise<void> | null = null;
  private retry: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Before the start only. One subscriber per channel. */
  subscribe(channel: string, subscriber: Subscriber): void {
    this.subscribers.set(channel, subscriber);
  }

  async onApplicationBootstrap(): Promise<void> {
    await (this.listening = this.listen(false));
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.retry);
    await this.listening; // an end while it connects would be lost on the driver
    await this.client?.end().catch(() => undefined);
  }

  private async listen(again: boolean): Promise<void> {
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
    client.on('notification', ({ channel, payload }) => this.subscribers.get(channel)?.hear(payload ?? ''));
    client.on('error', () => undefined); // 'end' follows
    client.on('end', () => this.listenAgain(client));
    try {
      await client.connect();
      await client.query([...this.subscribers.keys()].map((channel) => `listen ${channel};`).join(' '));
      if (again) for (const { afterGap } of this.subscribers.values()) afterGap?.();
    } catch (err) {
      if (this.stopped) return;
      this.logger.warn({ err }, 'cannot listen for notifications; what is waited for is looked for instead');
      await client.end().catch(() => undefined);
      this.listenAgain(client);
    }
  }

  private listenAgain(ended: Client): void {
    if (this.client !== ended) return;
    this.client = null;
    if (this.stopped) return;
    this.retry = setTimeout(() => {
      this.listening = this.listen(true);
    }, RECONNECT_MS);
  }
}
