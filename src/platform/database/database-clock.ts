import { type BeforeApplicationShutdown, Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type { Logger } from 'pino';
import { clock } from '../../common/clock';
import { LOGGER } from '../observability/observability.module';
import { PlatformDatabase } from './connections';

const LOOK_EVERY_MS = 15_000;
/** A difference worth telling, in ms. */
const WORTH_TELLING_MS = 5_000;

/** Keeps the clock of this process by the database's. Before anything else works: what is started waits for the first look. */
@Injectable()
export class DatabaseClock implements OnModuleInit, BeforeApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;
  private toldMs = 0;

  constructor(
    private readonly db: PlatformDatabase,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async onModuleInit(): Promise<void> {
    await this.look();
    this.timer = setInterval(() => {
      this.look().catch((err: unknown) => this.logger.debug({ err }, 'the time is not known anew'));
    }, LOOK_EVERY_MS);
    this.timer.unref();
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  private async look(): Promise<void> {
    const asked = performance.now();
    const [row] = await this.db.query<{ ms: number }>(
      'select extract(epoch from clock_timestamp())::float8 * 1000 as ms',
    );
    clock.compare(row!.ms, [asked, performance.now()]);
    this.tellDifference(Date.now() - clock.now());
  }

  /** Nothing goes wrong by it, but for what is not ours: certificates, and whoever reads the log. */
  private tellDifference(ms: number): void {
    if (Math.abs(ms - this.toldMs) < WORTH_TELLING_MS) return;
    this.toldMs = ms;
    this.logger.warn(
      { ms: Math.round(ms) },
      "this machine's clock is not the database's; the database's counts",
    );
  }
}
