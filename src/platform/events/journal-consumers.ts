import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type { Logger } from 'pino';
import { CONFIG, type Config } from '../../config/config';
import { PlatformDatabase } from '../database/connections';
import { LOGGER } from '../observability/observability.module';
import { handleInTime, type JournalConsumer } from './journal-consumer';
import { JournalReader } from './journal-reader';
import { JournalRunner } from './journal-runner';
import { takeBack } from './journal-set-aside';
import { JournalTail } from './journal-tail';

const POLL_MS = 1_000;

/**
 * Hands the journal to its consumers, each from a place of its own that is kept in the database, so that what
 * happens while nobody runs is handed over afterwards.
 *
 * - A consumer begins with what commits after its first start.
 * - One process at a time works for a consumer: it holds the consumer's row locked, so a killed process is
 *   replaced as soon as PostgreSQL sees its connection end.
 * - Every entry is handed over at least once: the place is saved after the handler has returned. Twice only where the
 *   process or the database died in between, or where the handler failed or timed out halfway.
 * - Entries come in the order of the journal: as they happened, within a conversation.
 * - An entry whose handling fails 5 times is set aside and logged; until then, some 8 s as a rule and less than
 *   60 s, those behind it wait. An operator may hand it over once more.
 * - A consumer that stood still until its entries were removed (24 h) goes on with what is left, and that is logged.
 */
@Injectable()
export class JournalConsumers implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly runners: JournalRunner[] = [];
  private timer: NodeJS.Timeout | undefined;

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly db: PlatformDatabase,
    private readonly reader: JournalReader,
    private readonly tail: JournalTail,
  ) {}

  /** While the modules start. */
  register(consumer: JournalConsumer): void {
    if (this.runners.some((runner) => runner.consumer.name === consumer.name))
      throw new Error(`Two journal consumers are called ${consumer.name}.`);
    this.runners.push(new JournalRunner(consumer, this.db, this.reader, this.logger));
  }

  /** Also where no jobs run: what happens before the first worker's start is not to be missed. */
  async onApplicationBootstrap(): Promise<void> {
    for (const runner of this.runners) await runner.settle();
    if (this.config.role === 'api' || this.runners.length === 0) return;
    // What the tail reads anyhow tells when there is something to do. The cursor is the truth, this only a hint.
    this.tail.observe((events) => {
      for (const runner of this.runners) if (events.some((event) => runner.isFor(event))) runner.look();
    });
    this.timer = setInterval(() => this.runners.forEach((runner) => runner.look()), POLL_MS);
    for (const runner of this.runners) runner.look();
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await Promise.all(this.runners.map((runner) => runner.stop()));
  }

  /**
   * Hands over once more what was set aside, behind all that came since; false where there is no such row. Where the
   * handler fails again the row stays as it is, and so it does where the process dies: see {@link JournalConsumer.handle}.
   */
  async retry(setAsideId: number): Promise<boolean> {
    return await this.db.transaction(async (client) => {
      const entry = await takeBack(client, setAsideId);
      if (entry === null) return false;
      const runner = this.runners.find(({ consumer }) => consumer.name === entry.consumer);
      if (runner === undefined) throw new Error(`There is no journal consumer "${entry.consumer}" any more.`);
      await runner.alone(client);
      await handleInTime(runner.consumer, [entry.event]);
      return true;
    });
  }
}
