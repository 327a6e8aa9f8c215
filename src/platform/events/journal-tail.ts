import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import { AppError } from '../../common/app-error';
import { LOGGER } from '../observability/observability.module';
import type { JournalCursor } from './journal-cursor';
import { type JournalEvent, JournalReader } from './journal-reader';
import { WakeUp } from './wake-up';

const PAGE = 1_000;
/** Looks this often, in ms, where no signal comes (another process wrote and the notification was lost). */
const POLL_MS = 1_000;
/**
 * After a reading it rests twice as long as that took, within these bounds in ms: news are told at once where there is
 * time for it, and under load one reading serves several commits.
 */
const REST_MS = { least: 1, most: 10 };

/** Follows the journal in this process from its start on and hands entries, in order, to one listener. */
@Injectable()
export class JournalTail implements BeforeApplicationShutdown {
  private cursor: JournalCursor | null = null;
  /** Whether it read to the end. */
  private reading: Promise<boolean> | null = null;
  private listener: (events: JournalEvent[]) => void = () => undefined;
  private readonly observers = new Set<(events: JournalEvent[]) => void>();
  private again = false;
  private restsUntil = -Infinity;
  private timer: NodeJS.Timeout | undefined;
  private soon: NodeJS.Timeout | undefined;
  private stopListening: () => void = () => undefined;
  private stopped = false;

  constructor(
    private readonly reader: JournalReader,
    private readonly wakeUp: WakeUp,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** How far the listener has been told. */
  get position(): JournalCursor {
    if (this.cursor === null) throw new Error('The journal is not being followed yet.');
    return this.cursor;
  }

  /**
   * Resolves once the listener has been told everything that had committed when this was called. The position
   * then is between two readings and no older than any cursor that a server gave out before.
   * Throws `DATABASE_UNAVAILABLE`.
   */
  async refresh(): Promise<void> {
    await this.reading; // it began before this call, so it does not count
    this.look();
    if ((await this.reading) !== true)
      throw new AppError(
        'DATABASE_UNAVAILABLE',
        'The journal cannot be read right now; try again in a moment.',
      );
  }

  /** Starts with what commits after this call. `listener` must not throw. */
  async start(listener: (events: JournalEvent[]) => void): Promise<void> {
    this.cursor = await this.reader.now();
    this.listener = listener;
    this.stopListening = this.wakeUp.on('journal', () => this.lookSoon());
    this.timer = setInterval(() => this.look(), POLL_MS);
  }

  /** Shows what is read to somebody else as well, for as long as this process follows the journal. Must not throw. */
  observe(observer: (events: JournalEvent[]) => void): void {
    this.observers.add(observer);
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopListening();
    clearInterval(this.timer);
    while (this.soon !== undefined || this.reading !== null) {
      if (this.soon !== undefined) this.look();
      await this.reading;
    }
    this.stopped = true;
  }

  private lookSoon(): void {
    if (this.soon !== undefined || this.stopped) return;
    const wait = this.restsUntil - performance.now();
    if (wait <= 0) this.look();
    else this.soon = setTimeout(() => this.look(), wait);
  }

  private look(): void {
    clearTimeout(this.soon);
    this.soon = undefined;
    if (this.stopped) return;
    if (this.reading !== null) {
      this.again = true;
      return;
    }
    const began = performance.now();
    this.reading = this.readAll().finally(() => {
      this.reading = null;
      const now = performance.now();
      this.restsUntil = now + Math.min(Math.max(2 * (now - began), REST_MS.least), REST_MS.most);
      if (this.again) {
        this.again = false;
        this.lookSoon();
      }
    });
  }

  private async readAll(): Promise<boolean> {
    try {
      for (;;) {
        this.again = false;
        const page = await this.reader.read(this.cursor!, PAGE);
        this.cursor = page.next;
        if (page.events.length > 0) {
          this.listener(page.events);
          for (const observer of this.observers) observer(page.events);
        }
        if (page.complete) return true;
      }
    } catch (err) {
      // The place is kept: nothing is missed, only late.
      this.logger.warn({ err }, 'the journal cannot be read right now');
      return false;
    }
  }
}
