import type { ChannelTraits } from '../conversations/channel-traits.port';
import type { StaffActor } from '../common/actor';
import type { OutgoingContent, StoredContent } from './outgoing.types';

/** A message of ours that a channel shall bring to a customer. */
export interface OutgoingMessage {
  id: number;
  workspaceId: number;
  conversationId: number;
  contactId: number;
  integrationId: number | null;
  type: string;
  body: string | null;
  payload: object | null;
  /** The provider's id of the message this one answers. */
  replyToExternalId: string | null;
  /** The stored file that it shows or carries. */
  uploadId: number | null;
  /** 1 for the first try. Those that ended as `paused` do not count. */
  attempt: number;
}

/** What became of a try. */
export type SendResult =
  | { kind: 'sent'; externalId: string; at: Date }
  | { kind: 'failed'; code: number | null; reason: string }
  /** To be tried again, not before then; the conversation waits, in order. */
  | { kind: 'later'; notBefore: Date; code: number | null; reason: string }
  /** Surely not sent, and for a reason that is not the message's: no try. `prepare` says when to go on. */
  | { kind: 'paused'; code: number | null; reason: string }
  /** Surely not sent, for `mayGo` said so: no try. */
  | { kind: 'held_back' }
  /** Perhaps sent: never repeated by itself, settled by the provider's report. */
  | { kind: 'uncertain'; reason: string };

/** What became of what had to come first. Nothing of the message was sent. */
export type FirstResult = { kind: 'done' } | Extract<SendResult, { kind: 'failed' | 'later' | 'paused' }>;

/** Ready to be sent, or why not yet or never. A pause without a reason leaves the message's own as it is. */
export type Prepared =
  /** `mayGo` is asked with nothing but the sending left to do; where it says no, the message must not leave. */
  | { kind: 'ready'; send: (mayGo: () => boolean) => Promise<SendResult> }
  /** Something comes first, such as bringing its file to the provider; may run any number of times. */
  | { kind: 'first'; run: () => Promise<FirstResult> }
  | { kind: 'paused'; until: Date; reason: string | null }
  | Extract<SendResult, { kind: 'failed' }>;

/** The conversation that something is to be said in. */
export interface SendingThread {
  integrationId: number | null;
}

/** A message of a customer. */
export interface TheirMessage {
  conversationId: number;
  integrationId: number | null;
  externalId: string;
}

/** Tells a customer something. Does not throw; `never`: there is no use in trying again. */
export type Tell = () => Promise<'told' | 'later' | 'never'>;

/** A channel, as messages know it. Channels register themselves with the outbox. */
export interface ChannelDriver {
  readonly channel: string;
  readonly traits: ChannelTraits;
  /**
   * Refuses, with `VALIDATION_FAILED` and the field, what this channel would not take. Otherwise the form to store
   * it in, where the channel knows a better one; null: the usual. In the open unit of work, before anything is stored.
   */
  accept(content: OutgoingContent, thread: SendingThread): Promise<StoredContent | null>;
  /**
   * Reads what the try needs, in the open unit of work. `send` is called after it has committed, outside of any
   * transaction, at most once, and does not throw. `run` is called like it, and then `prepare` is asked again.
   *
   * Left out by a channel whose customers fetch what is said from this server: there a message is sent by being stored.
   */
  prepare?(message: OutgoingMessage): Promise<Prepared>;
  /**
   * Tells the customer that their messages up to this one were read. In the open unit of work; null: there is
   * nothing to tell. What it answers is called outside of any transaction, any number of times.
   */
  markRead?(message: TheirMessage): Promise<Tell | null>;
  /** The same of somebody who is writing an answer to it; `by` whom. */
  typing?(message: TheirMessage, by: number): Promise<Tell | null>;
  /**
   * The same where it costs nothing: told at once, in no unit of work, while it goes on again and again, and when it is
   * over. Left out where a provider would have to be asked.
   */
  typingNow?(by: StaffActor, conversationId: number, typing: boolean): void;
}
