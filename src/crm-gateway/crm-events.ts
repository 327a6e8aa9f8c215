import { CONTACT_EVENTS } from '../contacts/contact.events';
import { CONVERSATION_EVENTS } from '../conversations/conversation.events';
import { MESSAGE_EVENTS } from '../messages/message.events';

/** What the gateway itself says. */
export const SYSTEM_EVENTS = {
  /** `{ cursor }`: from here on the socket hears everything. */
  READY: 'stream:ready',
  /** `{ cursor }`: too much was missed; fetch the state anew, then go on from the cursor. */
  RESYNC_REQUIRED: 'resync_required',
  NOTIFICATION: 'system:notification',
  ERROR: 'system:error',
} as const;

/** What a client may say. */
export const CLIENT_EVENTS = {
  JOIN_CONVERSATION: 'join:conversation',
  LEAVE_CONVERSATION: 'leave:conversation',
  RESUME: 'resume',
} as const;

/** Entries of the journal that go to staff; each reaches the client under its own name. */
export const STREAMED_EVENTS: ReadonlySet<string> = new Set([
  ...Object.values(MESSAGE_EVENTS),
  ...Object.values(CONVERSATION_EVENTS),
  ...Object.values(CONTACT_EVENTS),
]);

/** Second argument of every streamed event. */
export interface EventMeta {
  /** Unique; grows within a conversation. */
  id: number;
  /** Connect with `auth: { token, after: cursor }`, or send `resume`, to hear what came after this event. */
  cursor: string;
  occurred_at: string;
}
