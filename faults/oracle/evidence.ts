import type { ChatHeard } from '../load/chat-client';
import type { Heard } from '../load/listener';
import type { InboundOperation, ReplyOperation } from '../load/operations';

export interface StoredMessage {
  id: number;
  conversationId: number;
  channel: string;
  /** A telephone number, or a user of the live chat. */
  phone: string;
  senderType: string;
  body: string | null;
  externalId: string | null;
  clientMessageId: string | null;
  status: string;
  reason: string | null;
}

export interface StoredConversation {
  id: number;
  contactId: number;
  phone: string;
  unreadCount: number;
  read: boolean;
  readUpToId: number;
  lastMessageId: number | null;
}

export interface JournalEntry {
  id: number;
  type: string;
  conversationId: number;
  messageId: number;
  status: string;
}

/** From this entry on a conversation is theirs; null: nobody's. */
export interface OwnerStep {
  entryId: number;
  conversationId: number;
  owner: number | null;
}

/** A socket on /crm of somebody who does not see everything, or whose session ends. */
export interface LimitedHearer {
  who: string;
  userId: number;
  heard: readonly Heard[];
  /** Until then they were a supervisor; -Infinity: never. */
  seesAllUntil: number;
  endedAt: number | null;
}

/** A send that Meta took. */
export interface AcceptedSend {
  phone: string;
  body: string;
  /** Our own id, as it was handed over. */
  messageId: number;
  wamid: string;
}

/** Everything that is left of one fault once all is quiet. */
export interface Evidence {
  inbound: readonly InboundOperation[];
  replies: readonly ReplyOperation[];
  messages: readonly StoredMessage[];
  conversations: readonly StoredConversation[];
  /** In the order of their ids. */
  journal: readonly JournalEntry[];
  /** In the order in which Meta took them. */
  accepted: readonly AcceptedSend[];
  /** Of each socket on /crm, in the order in which it heard them. */
  heard: readonly (readonly Heard[])[];
  /** In the order of their entries. */
  owners: readonly OwnerStep[];
  limited: readonly LimitedHearer[];
  chat: {
    heard: readonly ChatHeard[];
    /** Users who say that they have read what they are told. */
    readers: ReadonlySet<string>;
  };
}

export interface Expectations {
  /** What Meta has told of a message that it took. */
  endState: (send: AcceptedSend) => string;
  /** States in which a reply may end that Meta never took. */
  unsent: readonly string[];
}

export const ALL_SENT_AND_READ: Expectations = { endState: () => 'read', unsent: [] };
/** Who dies in the middle of a send leaves a message of which nobody knows: it is shown as that. */
export const SENDER_MAY_DIE: Expectations = { endState: () => 'read', unsent: ['uncertain'] };
/** Who comes back to it and finds that it has not left says so. */
export const SENDER_MAY_SLEEP: Expectations = { endState: () => 'read', unsent: ['uncertain', 'failed'] };
