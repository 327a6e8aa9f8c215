import { CONTACT_EVENTS } from '../contacts/contact.events';
import { BOT_EVENTS } from '../bots/bot.events';
import { CONVERSATION_EVENTS, NOTE_EVENTS } from '../conversations/conversation.events';
import { MESSAGE_EVENTS } from '../messages/message.events';
import { NOTIFICATION_EVENTS } from '../notifications/notification.events';
import type { ClientMessages, PassingEvents, StreamedEvents } from './crm-payloads';

/** What the gateway itself says. */
export const SYSTEM_EVENTS = {
  /** `{ cursor }`: from here on the socket hears everything. */
  READY: 'stream:ready',
  /** `{ cursor }`: too much was missed; fetch the state anew, then go on from the cursor. */
  RESYNC_REQUIRED: 'resync_required',
  NOTIFICATION: NOTIFICATION_EVENTS.SENT,
  ERROR: 'system:error',
  JOINED: 'joined_conversation',
  LEFT: 'left_conversation',
  PRESENCE: 'presence:changed',
  TYPING: 'typing',
} as const satisfies Record<string, keyof PassingEvents | 'system:notification'>;

/** What a client may say. */
export const CLIENT_EVENTS = {
  JOIN_CONVERSATION: 'join:conversation',
  LEAVE_CONVERSATION: 'leave:conversation',
  RESUME: 'resume',
  PRESENCE_SET: 'presence:set',
  PRESENCE_LIST: 'presence:list',
  TYPING_START: 'typing:start',
  TYPING_STOP: 'typing:stop',
} as const satisfies Record<string, keyof ClientMessages>;

const STREAMED: (keyof StreamedEvents)[] = [
  ...Object.values(MESSAGE_EVENTS),
  ...Object.values(CONVERSATION_EVENTS),
  ...Object.values(NOTE_EVENTS),
  ...Object.values(BOT_EVENTS),
  ...Object.values(CONTACT_EVENTS),
  ...Object.values(NOTIFICATION_EVENTS),
];

/** Entries of the journal that go to staff; each reaches the client under its own name. */
export const STREAMED_EVENTS: ReadonlySet<string> = new Set(STREAMED);
