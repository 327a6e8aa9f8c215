import { Client, type ClientConfig } from 'pg';
import { DatabaseLate } from './database-errors';

/** How often a connection that owes an answer is looked at, in ms. */
const LOOK_MS = 250;

/**
 * A connection that is given up where PostgreSQL owes an answer and nothing comes: a link that swallows everything
 * and closes nothing would hold its user for as long as TCP hopes, which is many minutes.
 *
 * Looks are counted, not time: after the process has stood still, what came meanwhile is read before the next look.
 */
export class WatchedClient extends Client {
  /** So long, in ms, PostgreSQL may be silent. */
  silenceLimitMs: number;
  private owes = false;
  private silentLooks = 0;
  private heardBytes = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(config?: ClientConfig & { silenceLimitMs?: number }) {
    super(config);
    this.silenceLimitMs = config?.silenceLimitMs ?? Infinity;
    // A connection that breaks says so to whoever waits for an answer, and then possibly once more as an event,
    // after its user has let go of it. An event that nobody hears would end the process.
    this.on('error', () => undefined);
    this.on('drain', () => (this.owes = false));
    this.on('end', () => {
      clearTimeout(this.timer);
      this.timer = undefined;
    });
    const query = this.query.bind(this) as (...args: unknown[]) => unknown;
    this.query = ((...args: unknown[]) => {
      this.watch();
      return query(...args);
    }) as typeof this.query;
  }

  private watch(): void {
    if (this.owes) return;
    this.owes = true;
    this.silentLooks = 0;
    this.heardBytes = this.bytesRead;
    if (this.timer === undefined) this.timer = setTimeout(() => this.look(), LOOK_MS).unref();
    else this.timer.refresh();
  }

  private look(): void {
    if (!this.owes) return;
    const { bytesRead } = this;
    this.silentLooks = bytesRead === this.heardBytes ? this.silentLooks + 1 : 0;
    this.heardBytes = bytesRead;
    if (this.silentLooks * LOOK_MS >= this.silenceLimitMs) this.connection.stream.destroy(new DatabaseLate());
    else this.timer?.refresh();
  }

  private get bytesRead(): number {
    return (this.connection.stream as { bytesRead?: number }).bytesRead ?? 0;
  }
}
