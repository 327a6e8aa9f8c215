import { Later, Refusal, SessionOver } from './api';
import type { Session } from './session';

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;

/** Something to send: the one that has waited longest. */
export interface Parcel {
  send(token: string): Promise<void>;
  refuse(refusal: Refusal): void;
}

/**
 * Sends one thing after the other, each only once what was written before it is acknowledged or refused: so they
 * arrive in their order, also where two tabs send the same.
 */
export class Sender {
  private isRunning = false;
  private tries = 0;
  private notBefore = 0;
  private timer = 0;
  private isStopped = false;

  constructor(
    private readonly session: Session,
    private readonly next: () => Parcel | null,
    private readonly onSessionOver: () => void,
  ) {}

  /** There is something to send, or the server is back. */
  wake(): void {
    window.clearTimeout(this.timer);
    if (this.isStopped) return;
    const wait = this.notBefore - Date.now();
    if (wait > 0) this.timer = window.setTimeout(() => this.wake(), wait);
    else if (!this.isRunning) void this.run();
  }

  stop(): void {
    this.isStopped = true;
    window.clearTimeout(this.timer);
  }

  private async run(): Promise<void> {
    this.isRunning = true;
    try {
      let parcel = this.next();
      while (parcel !== null && (await this.send(parcel)) && !this.isStopped) parcel = this.next();
    } finally {
      this.isRunning = false;
    }
  }

  /** Answers whether the next may follow at once. */
  private async send(parcel: Parcel): Promise<boolean> {
    let token: string | null = null;
    try {
      token = await this.session.require();
      if (token === null) return false;
      await parcel.send(token);
      this.tries = 0;
      return true;
    } catch (error) {
      if (error instanceof Refusal) {
        parcel.refuse(error);
        return true;
      }
      if (error instanceof DOMException && error.name === 'AbortError') return true;
      if (error instanceof SessionOver && token !== null) {
        this.session.reject(token);
        this.onSessionOver();
      }
      // A new session is tried at once; one that is refused as well waits like everything else.
      const isFirst = error instanceof SessionOver && this.tries === 0;
      this.pause(isFirst ? 0 : error instanceof Later ? error.waitMs : null);
      return false;
    }
  }

  private pause(waitMs: number | null): void {
    const usual = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.tries) * (0.5 + Math.random() / 2);
    this.tries++;
    if (waitMs !== null) this.notBefore = Date.now() + waitMs;
    if (!this.isStopped) this.timer = window.setTimeout(() => this.wake(), waitMs ?? usual);
  }
}
