import type { MetaError } from './meta-error';

/**
 * What a message holds, by kind: only fields we know, coerced, safe to store as jsonb. Field names are Meta's where
 * Meta has one. Texts come from strangers: addresses and file names among them are for showing, not for trusting.
 */
export type MessagePayload = MessageContent & PayloadExtras;

export type MessageContent =
  | TextContent
  | AnyMediaContent
  | LocationContent
  | ContactsContent
  | InteractiveContent
  | ButtonContent
  | ReactionContent
  | OrderContent
  | UnsupportedContent
  | SystemContent
  | EditContent
  | RevokeContent
  | RequestWelcomeContent
  | UnknownContent;

export type ContentKind = MessageContent['kind'];

/** What any message may carry besides its content. */
export interface PayloadExtras {
  /** The advertisement or post the customer came from; on the first message only. */
  referral?: Referral;
  context?: ContextExtras;
  errors?: MetaError[];
}

export interface Referral {
  source_url?: string;
  source_id?: string;
  /** `ad` or `post`. */
  source_type?: string;
  headline?: string;
  body?: string;
  media_type?: string;
  image_url?: string;
  video_url?: string;
  thumbnail_url?: string;
  ctwa_clid?: string;
  welcome_message?: string;
}

export interface ContextExtras {
  frequently_forwarded?: true;
  /** The catalogue item a question is about. */
  referred_product?: { catalog_id?: string; product_retailer_id?: string };
}

export interface TextContent {
  kind: 'text';
  body: string;
}

export type MediaKind = 'image' | 'video' | 'audio' | 'document' | 'sticker';

export interface MediaContent<K extends MediaKind> {
  kind: K;
  /** For looking the file up; from a webhook it dies after 7 days. */
  media_id: string | null;
  /** Lower case, without parameters. */
  mime_type: string | null;
  /** What followed the first semicolon, such as `codecs=opus`. */
  mime_parameters?: string;
  /** Base64, not hex. */
  sha256?: string;
  caption?: string;
  /** A safe base name. */
  filename?: string;
  /** Recorded in the app rather than sent as a file. */
  voice?: boolean;
  animated?: boolean;
  /** https only; needs the access token and dies after 5 minutes. Check the host before sending the token. */
  url?: string;
}

export type AnyMediaContent = { [K in MediaKind]: MediaContent<K> }[MediaKind];

export interface LocationContent {
  kind: 'location';
  latitude: number | null;
  longitude: number | null;
  name?: string;
  address?: string;
  url?: string;
}

export interface ContactsContent {
  kind: 'contacts';
  contacts: ContactCard[];
}

/** A card as sent: every part is optional, even the name. */
export interface ContactCard {
  name?: {
    formatted_name?: string;
    first_name?: string;
    last_name?: string;
    middle_name?: string;
    prefix?: string;
    suffix?: string;
  };
  phones?: { phone?: string; wa_id?: string; user_id?: string; type?: string }[];
  emails?: { email?: string; type?: string }[];
  urls?: { url?: string; type?: string }[];
  addresses?: {
    street?: string;
    city?: string;
    state?: string;
    zip?: string;
    country?: string;
    country_code?: string;
    type?: string;
  }[];
  org?: { company?: string; department?: string; title?: string };
  birthday?: string;
  vcard?: string;
  /** `contact_request`: the customer answered our request for a phone number. */
  origin?: string;
}

export type InteractiveContent =
  ButtonReplyContent | ListReplyContent | FormReplyContent | CallPermissionContent | OtherReplyContent;

export interface ButtonReplyContent {
  kind: 'interactive';
  interactive_type: 'button_reply';
  button_reply: { id: string | null; title: string | null };
}

export interface ListReplyContent {
  kind: 'interactive';
  interactive_type: 'list_reply';
  list_reply: { id: string | null; title: string | null; description?: string };
}

/** The answer to a form (WhatsApp Flow, address message). */
export interface FormReplyContent {
  kind: 'interactive';
  interactive_type: 'nfm_reply';
  nfm_reply: {
    name?: string;
    body?: string;
    /** What was filled in, when Meta's text holds a JSON object; nothing is nested deeper than 32. */
    response?: { [key: string]: unknown };
    /** That text itself, when it does not. */
    response_text?: string;
  };
}

export interface CallPermissionContent {
  kind: 'interactive';
  interactive_type: 'call_permission_reply';
  call_permission_reply: {
    /** `accept` or `reject`. */
    response: string | null;
    is_permanent?: boolean;
    /** ISO 8601. */
    expires_at?: string;
    /** `user_action` or `automatic`. */
    response_source?: string;
  };
}

/** A reply of a kind we do not know by heart (`payment_method`, …), kept as it came. */
export interface OtherReplyContent {
  kind: 'interactive';
  interactive_type: 'other';
  subtype: string;
  value: unknown;
}

/** A tap on the quick-reply button of a template. */
export interface ButtonContent {
  kind: 'button';
  text: string | null;
  payload: string | null;
}

/** Only the latest reaction of a person to a message counts; without an emoji it takes the earlier one back. */
export interface ReactionContent {
  kind: 'reaction';
  message_id: string;
  emoji: string | null;
}

export interface OrderContent {
  kind: 'order';
  catalog_id?: string;
  text?: string;
  product_items: {
    product_retailer_id?: string;
    quantity: number | null;
    item_price: number | null;
    currency?: string;
  }[];
}

/** A message that WhatsApp does not hand to businesses (polls, live locations, view-once media, …). */
export interface UnsupportedContent {
  kind: 'unsupported';
  unsupported_type: string | null;
}

/** The customer changed phone number or user id, or their security code changed. */
export interface SystemContent {
  kind: 'system';
  /** `user_changed_number`, `user_changed_user_id`, `customer_identity_changed`, … */
  system_type: string | null;
  body?: string;
  /** The new number, digits only. */
  wa_id?: string;
  user_id?: string;
  parent_user_id?: string;
  previous_user_id?: string;
  previous_parent_user_id?: string;
  identity?: { acknowledged?: boolean; hash?: string; created_at?: string };
}

export interface EditContent {
  kind: 'edit';
  original_message_id: string;
  message: TextContent | AnyMediaContent | UnknownContent;
}

export interface RevokeContent {
  kind: 'revoke';
  original_message_id: string;
}

/** Withdrawn by Meta in March 2026. */
export interface RequestWelcomeContent {
  kind: 'request_welcome';
}

/** A type we do not know, or a known one without the object that should hold its content. */
export interface UnknownContent {
  kind: 'unknown';
  type: string;
}
