import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { PlatformDatabase } from '../database/connections';
import { UnitOfWork } from '../database/unit-of-work';
import { LOGGER } from '../observability/observability.module';
import { DatabaseListener } from './database-listener';

const CHANNEL = 'apicechat_broadcast';
/** PostgreSQL's limit of a notification, in bytes, is 8000. */
const MAX_BYTES = 7_900;
/** What is sent within this time, in ms, travels together: each sending is a commit of its own. */
const GATHER_MS = 10;

interface Topic {
  hear: (message: unknown) => void;
  afterGap: () => void;
}

/**
 * Small passing news between all processes, such as who types: told once to those that listen, stored nowhere.
 * Every process, the sender too, hears it from the database, so all hear all in one order. What must not be missed
 * belongs into the journal.
 */
@Injectable()
export class Broadcast {
  private readonly topics = new Map<string, Topic>();
  private gathered: string[] = [];
  private sending: Promise<void> | null = null;

  constructor(
    listener: DatabaseListener,
    private readonly platform: PlatformDatabase,
    private readonly work: UnitOfWork,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    listener.subscribe(CHANNEL, {
      hear: (text) => {
        const space = text.indexOf(' ');
        this.topics.get(text.slice(0, space))?.hear(JSON.parse(text.slice(space + 1)));
      },
      afterGap: () => {
        for (const topic of this.topics.values()) topic.afterGap();
      },
    });
  }

  /** One listener per topic. `afterGap`: something may have been missed. Neither may throw. */
  on(topic: string, hear: (message: unknown) => void, afterGap: () => void = () => undefined): void {
    this.topics.set(topic, { hear, afterGap });
  }

  /** Told when the open unit of work commits, in the order of commits; never where it does not. */
  sendOnCommit(topic: string, message: object): void {
    this.work.current.send('broadcast_send', 'select pg_notify($1, $2)', [CHANNEL, encode(topic, message)]);
  }

  /** Told in the order of the calls, or not at all where the database is away. */
  send(topic: string, message: object): void {
    this.gathered.push(encode(topic, message));
    this.sending ??= this.sendGathered();
  }

  /** Resolves once all that was sent is told, or is given up. */
  async flush(): Promise<void> {
    await this.sending;
  }

  /** One statement at a time: two of them, on two connections, could overtake each other. */
  private async sendGathered(): Promise<void> {
    await delay(GATHER_MS);
    while (this.gathered.length > 0) {
      const texts = this.gathered;
      this.gathered = [];
      try {
        await this.platform.query(
          'select pg_notify($1, t) from unnest($2::text[]) with ordinality as g(t, n) order by n',
          [CHANNEL, texts],
        );
      } catch (err) {
        this.logger.debug({ err }, 'nobody could be told passing news');
      }
    }
    this.sending = null;
  }
}

function encode(topic: string, message: object): string {
  const text = `${topic} ${JSON.stringify(message)}`;
  if (Buffer.byteLength(text) > MAX_BYTES)
    throw new Error(`A broadcast of ${topic} is larger than ${MAX_BYTES} bytes.`);
  return text;
}
