import { compact, type JsonObject } from './json-values';

/** The customer that writes. Either identity may be missing; its keys are then absent, as at Meta. */
export interface Customer {
  /** Telephone number; anything but its digits is ignored. */
  phone?: string;
  /** Business-scoped user id (BSUID), such as `BR.13491208655302741918`. */
  userId?: string;
  parentUserId?: string;
  name?: string;
  username?: string;
}

/** One element of `messages[]` without who wrote it and when: `type`, the object of that name, and what goes beside. */
export interface InboundContent extends JsonObject {
  type: string;
  context?: JsonObject;
  referral?: JsonObject;
}

/** A media object of a webhook. `Simulator.putMedia` returns one that can be downloaded. */
export interface InboundMedia {
  id: string;
  mime_type: string;
  /** Base64, not hex. */
  sha256: string;
  url?: string;
}

export interface InboundContact extends JsonObject {
  name?: { formatted_name: string; first_name?: string; last_name?: string };
  phones?: { phone?: string; wa_id?: string; type?: string }[];
  /** `contact_request` when it answers a request for the telephone number. */
  origin?: 'contact_request' | 'other';
}

export interface InboundReferral extends JsonObject {
  source_url: string;
  source_id: string;
  source_type: 'ad' | 'post';
  headline?: string;
  body?: string;
  media_type?: 'image' | 'video';
  image_url?: string;
  video_url?: string;
  thumbnail_url?: string;
  ctwa_clid?: string;
}

function interactive(kind: string, reply: object, replyTo?: string): InboundContent {
  return withContext({ type: 'interactive', interactive: { type: kind, [kind]: reply } }, replyTo);
}

function withContext(content: InboundContent, replyTo?: string): InboundContent {
  return replyTo === undefined ? content : { ...content, context: { id: replyTo } };
}

/**
 * What a customer can send, in exactly Meta's shape.
 *
 * `replyTo` is the wamid of the quoted message; `Simulator.customerSays` adds `context.from`.
 */
export const inbound = {
  text: (body: string): InboundContent => ({ type: 'text', text: { body } }),

  image: (media: InboundMedia & { caption?: string }): InboundContent => ({ type: 'image', image: media }),

  video: (media: InboundMedia & { caption?: string }): InboundContent => ({ type: 'video', video: media }),

  /** `voice: true` was recorded in the app, `false` is a file. */
  audio: (media: InboundMedia & { voice?: boolean }): InboundContent => ({
    type: 'audio',
    audio: { voice: false, ...media },
  }),

  document: (media: InboundMedia & { filename?: string; caption?: string }): InboundContent => ({
    type: 'document',
    document: media,
  }),

  sticker: (media: InboundMedia & { animated?: boolean }): InboundContent => ({
    type: 'sticker',
    sticker: { animated: false, ...media },
  }),

  location: (place: {
    latitude: number;
    longitude: number;
    name?: string;
    address?: string;
    url?: string;
  }): InboundContent => ({ type: 'location', location: place }),

  contacts: (...contacts: InboundContact[]): InboundContent => ({ type: 'contacts', contacts }),

  buttonReply: (reply: { id: string; title: string }, replyTo?: string): InboundContent =>
    interactive('button_reply', reply, replyTo),

  listReply: (reply: { id: string; title: string; description?: string }, replyTo?: string): InboundContent =>
    interactive('list_reply', reply, replyTo),

  /** A filled-in flow. `response` becomes the JSON text that Meta puts into `response_json`. */
  flowReply: (response: unknown, options: { name?: string; body?: string; replyTo?: string } = {}) =>
    interactive(
      'nfm_reply',
      {
        name: options.name ?? 'flow',
        body: options.body ?? 'Sent',
        response_json: JSON.stringify(response),
      },
      options.replyTo,
    ),

  /** A tap on a quick-reply button of a template. */
  button: (button: { payload: string; text: string }, replyTo?: string): InboundContent =>
    withContext({ type: 'button', button }, replyTo),

  /** No emoji = the reaction is taken back (the key is absent then). */
  reaction: (messageId: string, emoji?: string): InboundContent => ({
    type: 'reaction',
    reaction: compact({ message_id: messageId, emoji }),
  }),

  order: (order: {
    catalog_id: string;
    text?: string;
    product_items: {
      product_retailer_id: string;
      quantity: number | string;
      item_price: number | string;
      currency: string;
    }[];
  }): InboundContent => ({ type: 'order', order }),

  /** What arrives for polls, live locations, view-once media, and edits on ordinary numbers. */
  unsupported: (kind?: string): InboundContent =>
    compact({
      type: 'unsupported',
      unsupported: kind === undefined ? undefined : { type: kind },
      errors: [
        {
          code: 131051,
          title: 'Message type unknown',
          message: 'Message type unknown',
          error_data: { details: 'Message type is currently not supported.' },
        },
      ],
    }),

  /** The customer (the `from` of the message, with the old number) has a new number. No `contacts` go with it. */
  changedNumber: (change: {
    body?: string;
    wa_id: string;
    user_id?: string;
    parent_user_id?: string;
    previous_user_id?: string;
    previous_parent_user_id?: string;
  }): InboundContent => ({
    type: 'system',
    system: { type: 'user_changed_number', body: 'The customer changed the number', ...change },
  }),

  /** The BSUID changed and no number may be shared: only ids are present. */
  changedUserId: (change: {
    user_id: string;
    previous_user_id: string;
    parent_user_id?: string;
    previous_parent_user_id?: string;
  }): InboundContent => ({ type: 'system', system: { type: 'user_changed_user_id', ...change } }),

  /** Numbers in coexistence with the WhatsApp Business app only. `message` is the new content. */
  edit: (originalMessageId: string, message: InboundContent): InboundContent => ({
    type: 'edit',
    edit: { original_message_id: originalMessageId, message },
  }),

  /** Numbers in coexistence with the WhatsApp Business app only. */
  revoke: (originalMessageId: string): InboundContent => ({
    type: 'revoke',
    revoke: { original_message_id: originalMessageId },
  }),

  /** Any content as an answer to a message. */
  reply: (replyTo: string, content: InboundContent): InboundContent => withContext(content, replyTo),

  /** Forwarded; `frequently` = more than five times. */
  forwarded: (content: InboundContent, frequently = false): InboundContent => ({
    ...content,
    context: frequently ? { frequently_forwarded: true } : { forwarded: true },
  }),

  /** A question about a product of the catalogue. */
  aboutProduct: (
    content: InboundContent,
    product: { catalog_id: string; product_retailer_id: string },
  ): InboundContent => ({ ...content, context: { referred_product: product } }),

  /** The first message after a click on an advertisement. */
  fromAd: (referral: InboundReferral, content: InboundContent): InboundContent => ({ ...content, referral }),

  /** Any other type, as it stands. */
  raw: (content: InboundContent): InboundContent => content,
};
