import type { Live } from './live';

/** The others see it for 5 s; more often than needed, the server takes it not. */
const REPEAT_MS = 4_500;
const IDLE_MS = 4_000;
/** What is not repeated has ended, in ms. */
const SHOWN_MS = 8_000;

/** Who is typing, on both sides. */
export class Typing {
  isShown = false;
  private hideTimer = 0;
  private idleTimer = 0;
  private startedAt = 0;
  private conversationId: number | null = null;

  constructor(
    private readonly live: Live,
    private readonly onChange: () => void,
  ) {}

  /** The other side. */
  show(isTyping: boolean): void {
    window.clearTimeout(this.hideTimer);
    this.isShown = isTyping;
    if (isTyping) this.hideTimer = window.setTimeout(() => this.show(false), SHOWN_MS);
    this.onChange();
  }

  hide(): void {
    if (this.isShown) this.show(false);
  }

  /** This side has written something, or has nothing written any more. */
  write(conversationId: number | null, isWriting: boolean): void {
    window.clearTimeout(this.idleTimer);
    if (conversationId === null) return;
    if (!isWriting) return this.ended();
    this.conversationId = conversationId;
    if (Date.now() - this.startedAt > REPEAT_MS) {
      this.startedAt = Date.now();
      this.live.tell('typing_start', { conversation_id: conversationId });
    }
    this.idleTimer = window.setTimeout(() => this.ended(), IDLE_MS);
  }

  stop(): void {
    window.clearTimeout(this.idleTimer);
    window.clearTimeout(this.hideTimer);
    this.isShown = false;
    this.startedAt = 0;
  }

  private ended(): void {
    if (this.startedAt === 0) return;
    this.startedAt = 0;
    this.live.tell('typing_stop', { conversation_id: this.conversationId });
  }
}
