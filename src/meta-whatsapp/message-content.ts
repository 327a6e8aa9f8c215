import { contactCardOf } from './contact-card';
import { interactiveContentOf } from './interactive-content';
import {
  flagOf,
  idOf,
  type Loose,
  numberOf,
  objectOf,
  objectsOf,
  phoneOf,
  present,
  textOf,
  timeOf,
} from './loose-json';
import { MEDIA_KINDS, mediaContentOf } from './media-content';
import type {
  AnyMediaContent,
  ContactsContent,
  EditContent,
  InteractiveContent,
  MessageContent,
  OrderContent,
  ReactionContent,
  RevokeContent,
  SystemContent,
  TextContent,
  UnknownContent,
} from './message-payload';

type Reader<C extends MessageContent> = (message: Loose) => C | null;

/** Types that an edit may bring. */
const PLAIN_READERS = new Map<string, Reader<TextContent | AnyMediaContent>>([
  ['text', textContent],
  ...MEDIA_KINDS.map((kind): [string, Reader<AnyMediaContent>] => [kind, (message) => media(message, kind)]),
]);

const READERS: ReadonlyMap<string, Reader<MessageContent>> = new Map<string, Reader<MessageContent>>([
  ...PLAIN_READERS,
  ['location', location],
  ['contacts', contacts],
  ['interactive', interactive],
  ['button', button],
  ['reaction', reaction],
  ['order', order],
  ['unsupported', unsupported],
  ['system', system],
  ['edit', edit],
  ['revoke', revoke],
  ['request_welcome', () => ({ kind: 'request_welcome' })],
]);

const LEGACY_TYPES: ReadonlyMap<string, string> = new Map([
  ['voice', 'audio'],
  ['unknown', 'unsupported'],
]);

/** A message's type in today's words; `unknown` if it names none. */
export function messageTypeOf(message: Loose): string {
  const type = textOf(message.type, 64);
  if (type === null) return 'unknown';
  return LEGACY_TYPES.get(type) ?? type;
}

/** What the message holds. Never null: a message whose content we cannot read is of kind `unknown`. */
export function messageContentOf(message: Loose, type: string): MessageContent {
  return READERS.get(type)?.(message) ?? { kind: 'unknown', type };
}

function textContent(message: Loose): TextContent | null {
  const body = textOf(objectOf(message.text)?.body);
  return body === null ? null : { kind: 'text', body };
}

function media(message: Loose, kind: AnyMediaContent['kind']): AnyMediaContent | null {
  const given = objectOf(message[kind]);
  if (given) return mediaContentOf(kind, given);
  const legacyVoice = kind === 'audio' ? objectOf(message.voice) : null;
  return legacyVoice && mediaContentOf('audio', { voice: true, ...legacyVoice });
}

function location(message: Loose): MessageContent | null {
  const given = objectOf(message.location);
  if (given === null) return null;
  const latitude = degreesOf(given.latitude, 90);
  const longitude = degreesOf(given.longitude, 180);
  const place = present({
    name: textOf(given.name),
    address: textOf(given.address),
    url: textOf(given.url),
  });
  return { kind: 'location', latitude, longitude, ...place };
}

function degreesOf(value: unknown, limit: number): number | null {
  const degrees = numberOf(value);
  return degrees !== null && Math.abs(degrees) <= limit ? degrees : null;
}

function contacts(message: Loose): ContactsContent | null {
  if (!Array.isArray(message.contacts)) return null;
  // until May 2026 the origin stood on the message, for all of its cards
  const { origin } = message;
  const cards = objectsOf(message.contacts).map((card) => contactCardOf({ origin, ...card }));
  return { kind: 'contacts', contacts: cards };
}

function interactive(message: Loose): InteractiveContent | null {
  const given = objectOf(message.interactive);
  return given && interactiveContentOf(given);
}

function button(message: Loose): MessageContent | null {
  const given = objectOf(message.button);
  return given && { kind: 'button', text: textOf(given.text), payload: textOf(given.payload) };
}

function reaction(message: Loose): ReactionContent | null {
  const given = objectOf(message.reaction);
  const target = idOf(given?.message_id);
  return target === null ? null : { kind: 'reaction', message_id: target, emoji: textOf(given?.emoji, 64) };
}

function order(message: Loose): OrderContent | null {
  const given = objectOf(message.order);
  if (given === null) return null;
  return {
    kind: 'order',
    ...present({ catalog_id: idOf(given.catalog_id), text: textOf(given.text) }),
    product_items: objectsOf(given.product_items).map((item) => ({
      quantity: numberOf(item.quantity),
      item_price: numberOf(item.item_price),
      ...present({
        product_retailer_id: idOf(item.product_retailer_id),
        currency: textOf(item.currency, 8),
      }),
    })),
  };
}

function unsupported(message: Loose): MessageContent {
  return { kind: 'unsupported', unsupported_type: textOf(objectOf(message.unsupported)?.type, 64) };
}

function system(message: Loose): SystemContent | null {
  const given = objectOf(message.system);
  if (given === null) return null;
  const identity = objectOf(message.identity);
  return {
    kind: 'system',
    system_type: textOf(given.type, 64),
    ...present({
      body: textOf(given.body),
      wa_id: phoneOf(given.wa_id) ?? phoneOf(given.new_wa_id),
      user_id: idOf(given.user_id),
      parent_user_id: idOf(given.parent_user_id),
      previous_user_id: idOf(given.previous_user_id),
      previous_parent_user_id: idOf(given.previous_parent_user_id),
      identity: identity && {
        ...present({
          acknowledged: flagOf(identity.acknowledged),
          hash: textOf(identity.hash, 256),
          created_at: timeOf(identity.created_timestamp)?.toISOString() ?? null,
        }),
      },
    }),
  };
}

function edit(message: Loose): EditContent | null {
  const given = objectOf(message.edit);
  const original = idOf(given?.original_message_id);
  const changed = objectOf(given?.message);
  if (original === null || changed === null) return null;
  return { kind: 'edit', original_message_id: original, message: plainContentOf(changed) };
}

function plainContentOf(message: Loose): TextContent | AnyMediaContent | UnknownContent {
  const type = messageTypeOf(message);
  return PLAIN_READERS.get(type)?.(message) ?? { kind: 'unknown', type };
}

function revoke(message: Loose): RevokeContent | null {
  const original = idOf(objectOf(message.revoke)?.original_message_id);
  return original === null ? null : { kind: 'revoke', original_message_id: original };
}
