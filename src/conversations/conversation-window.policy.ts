/** What we may say first: anything, or only what Meta has approved beforehand. */
export type AllowedKind = 'free_form' | 'template';

/** Until when the customer may be answered freely. */
export interface MessagingWindow {
  open: boolean;
  expires_at: string | null;
  /** What may be sent now. */
  allowed: AllowedKind[];
}

/** Channels whose provider takes free answers only for a day after the customer's last message. */
const CHANNELS_WITH_WINDOW: ReadonlySet<string> = new Set(['whatsapp']);

interface Windowed {
  channel: string;
  windowExpiresAt: Date | null;
}

/** Whether anything may be said now; always true on a channel that knows no window. */
export function isWindowOpen(conversation: Windowed, now: Date): boolean {
  if (!CHANNELS_WITH_WINDOW.has(conversation.channel)) return true;
  return conversation.windowExpiresAt !== null && conversation.windowExpiresAt.getTime() > now.getTime();
}

/**
 * The window as a reader sees it at this moment; null on a channel that knows none. It changes without anything
 * happening, so it belongs into answers and never into the journal.
 */
export function messagingWindow(conversation: Windowed, now: Date): MessagingWindow | null {
  if (!CHANNELS_WITH_WINDOW.has(conversation.channel)) return null;
  const open = isWindowOpen(conversation, now);
  return {
    open,
    expires_at: conversation.windowExpiresAt?.toISOString() ?? null,
    allowed: open ? ['free_form', 'template'] : ['template'],
  };
}
