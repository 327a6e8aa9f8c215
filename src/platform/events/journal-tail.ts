import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import { LOGGER } from '../observability/observability.module';
import type { JournalCursor } from './journal-cursor';
import { type JournalEvent, JournalReader } from './journal-reader';
import { WakeUp } from './wake-up';

const PAGE = 1_000;
/** Looks this often, in ms, where no signal comes (another process wrote and the notification was lost). */
const POLL_MS = 1_000;

/** Follows the journal in this process from its start on and hands entries, in order, to one listener. */
@Injectable()
export class JournalTail implements BeforeApplicationShutdown {
  private cursor: JournalCursor | null = null;
  private reading: Promise<void> | null = null;
  private again = false;
  private timer: NodeJS.Timeout | undefined;
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

  /** The position, between two readings: it then names a snapshot. */
  async settled(): Promise<JournalCursor> {
    while (this.position.upto !== null && this.reading !== null) await this.reading;
    return this.position;
  }

  /** Starts with what commits after this call. `listener` must not throw. */
  async start(listener: (events: JournalEvent[]) => void): Promise<void> {
    this.cursor = await this.reader.now();
    const look = (): void => {
      if (this.stopped) return;
      if (this.reading !== null) {
        this.again = true;
        return;
      }
      this.reading = this.readAll(listener).finally(() => {
        this.reading = null;
        if (this.again) {
          this.again = false;
          look();
        }
      });
    };
    this.stopListening = this.wakeUp.on('journal', look);
    this.timer = setInterval(look, POLL_MS);
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopListening();
    clearInterval(this.timer);
    await this.reading;
    this.stopped = true;
  }

  private async readAll(listener: (events: JournalEvent[]) => void): Promise<void> {
    try {
      for (;;) {
        this.again = false;
        const page = await this.reader.read(this.cursor!, PAGE);
        this.cursor = page.next;
        if (page.events.length > 0) listener(page.events);
        if (page.complete) return;
      }
    } catch (err) {
      // The place is kept: nothing is missed, only late.
      this.logger.warn({ err }, 'the journal cannot be read right now');
    }
  }
}
