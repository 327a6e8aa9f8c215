import { traitsOf } from './channel-traits.port';

/** What we may say first: anything, or only what the provider has approved beforehand. */
export type AllowedKind = 'free_form' | 'template';

/** Until when the customer may be answered freely. */
export interface MessagingWindow {
  open: boolean;
  expires_at: string | null;
  /** What may be sent now. */
  allowed: AllowedKind[];
}

interface Windowed {
  channel: string;
  windowExpiresAt: Date | null;
}

/** Whether anything may be said now; always true on a channel that knows no window. */
export function isWindowOpen(conversation: Windowed, now: Date): boolean {
  if (!traitsOf(conversation.channel).window) return true;
  return conversation.windowExpiresAt !== null && conversation.windowExpiresAt.getTime() > now.getTime();
}

/**
 * The window as a reader sees it at this moment; null on a channel that knows none. It changes without anything
 * happening, so it belongs into answers and never into the journal.
 */
export function messagingWindow(conversation: Windowed, now: Date): MessagingWindow | null {
  if (!traitsOf(conversation.channel).window) return null;
  const open = isWindowOpen(conversation, now);
  return {
    open,
    expires_at: conversation.windowExpiresAt?.toISOString() ?? null,
    allowed: open ? ['free_form', 'template'] : ['template'],
  };
}
