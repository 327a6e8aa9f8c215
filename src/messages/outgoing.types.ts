import type { Upload } from '../uploads/upload.types';
import type { MessageDto } from './messages.types';
import type {
  ButtonsPayload,
  ContactsPayload,
  LinkButtonPayload,
  ListPayload,
  LocationPayload,
  MediaPayload,
  ReactionPayload,
  TemplatePayload,
} from './outgoing.dto';

export const MEDIA_TYPES = ['image', 'video', 'audio', 'document', 'sticker'] as const;
export type MediaType = (typeof MEDIA_TYPES)[number];

export function isMedia(type: string): type is MediaType {
  return MEDIA_TYPES.includes(type as MediaType);
}

/** What may be said to a customer. */
export const OUTGOING_TYPES = [
  'text',
  ...MEDIA_TYPES,
  'location',
  'contacts',
  'interactive',
  'template',
  'reaction',
] as const;
export type OutgoingType = (typeof OUTGOING_TYPES)[number];

/** What a class holds, and nothing of how it is checked. */
type Fields<T> = { [K in keyof T]: T[K] };

export type InteractivePayload = Fields<ButtonsPayload> | Fields<ListPayload> | Fields<LinkButtonPayload>;

/** What stands beside the words, by type. */
export type Payloads = { [T in MediaType]: Fields<MediaPayload> | null } & {
  text: null;
  location: Fields<LocationPayload>;
  contacts: Fields<ContactsPayload>;
  interactive: InteractivePayload;
  template: Fields<TemplatePayload>;
  reaction: Fields<ReactionPayload>;
};

/** What somebody wants to be said, not yet looked at: the part of `POST /messages` that says what, not where. */
export interface ContentInput {
  /** Default: what the attachments are, else `text`. */
  type?: OutgoingType;
  /** The text; the caption of the first attachment; the words above buttons and lists. */
  body?: string | null;
  payload?: object | null;
  attachments?: { upload_id: number; caption?: string | null }[] | null;
}

/** The message that a reaction is to. */
export interface ReactionTarget {
  /** Null where it never reached the provider. */
  externalId: string | null;
  at: Date;
}

interface Content<T extends OutgoingType> {
  type: T;
  text: string | null;
  payload: Payloads[T];
  /** What it shows, or carries in its header. */
  file: Upload | null;
  target: ReactionTarget | null;
}

/** What is to be said, of the right shape; whether a channel takes it is the channel's to say. */
export type OutgoingContent = { [T in OutgoingType]: Content<T> }[OutgoingType];

/** How a content is stored. */
export interface StoredContent {
  /** Readable for people, whatever the type. */
  body: string;
  payload: object | null;
}

/** The answer of `POST /messages`. */
export interface SentMessageDto extends MessageDto {
  /** The messages that the further attachments of the same request became, in the order in which they are sent. */
  followed_by: number[];
}

/** What became of something a bot wanted to say. */
export type BotSend =
  | { kind: 'sent'; message: SentMessageDto }
  /** `not_assigned`: the conversation is not this bot's (any more), so a person may be speaking. */
  | { kind: 'refused'; because: 'not_assigned' | 'closed' | 'window_closed' };
