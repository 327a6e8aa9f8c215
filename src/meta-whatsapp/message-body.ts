import type { ContactCard, ContentKind, InteractiveContent, MessageContent } from './message-payload';
import { MAX_TEXT_LENGTH, cutText } from './storable-text';

type Content<K extends ContentKind> = Extract<MessageContent, { kind: K }>;
type Interactive<T extends InteractiveContent['interactive_type']> = Extract<
  InteractiveContent,
  { interactive_type: T }
>;

/** What people read for each kind of message. */
const BODIES: { readonly [K in ContentKind]: (content: Content<K>) => string } = {
  text: (text) => text.body,
  image: (image) => image.caption ?? '[image]',
  video: (video) => video.caption ?? '[video]',
  audio: (audio) => audio.caption ?? (audio.voice ? '[voice message]' : '[audio]'),
  document: (document) => document.caption ?? placeholder('document', document.filename),
  sticker: (sticker) => sticker.caption ?? '[sticker]',
  location: (location) => placeholder('location', placeOf(location)),
  contacts: ({ contacts }) => placeholder(contacts.length > 1 ? 'contacts' : 'contact', namesOf(contacts)),
  interactive: (interactive) => interactiveBody(interactive),
  button: (button) => button.text ?? button.payload ?? '[button message]',
  reaction: (reaction) => reaction.emoji ?? '[reaction removed]',
  order: (order) => placeholder('order', counted(order.product_items.length, 'item')),
  unsupported: (unsupported) => placeholder('unsupported message', unsupported.unsupported_type),
  system: (system) => system.body ?? placeholder('system message', system.system_type),
  edit: (edit) => `[edited] ${bodyOf(edit.message)}`,
  revoke: () => '[message deleted]',
  request_welcome: () => '[request_welcome message]',
  unknown: (unknown) => `[${unknown.type} message]`,
};

const INTERACTIVE_BODIES: {
  readonly [T in InteractiveContent['interactive_type']]: (content: Interactive<T>) => string;
} = {
  button_reply: ({ button_reply: reply }) => reply.title ?? reply.id ?? '[button reply]',
  list_reply: ({ list_reply: reply }) => reply.title ?? reply.id ?? '[list reply]',
  nfm_reply: ({ nfm_reply: reply }) => placeholder('form reply', reply.body),
  call_permission_reply: ({ call_permission_reply: reply }) => placeholder('call permission', reply.response),
  other: (reply) => `[${reply.subtype} reply]`,
};

/** A message as text for people: what it says, or a placeholder in square brackets. At most 65,536 UTF-16 units. */
export function bodyOf(content: MessageContent): string {
  const write = BODIES[content.kind] as (content: MessageContent) => string;
  return cutText(write(content), MAX_TEXT_LENGTH);
}

function interactiveBody(content: InteractiveContent): string {
  const write = INTERACTIVE_BODIES[content.interactive_type] as (content: InteractiveContent) => string;
  return write(content);
}

function placeholder(what: string, detail: string | null | undefined): string {
  return detail ? `[${what}: ${detail}]` : `[${what}]`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function placeOf(location: Content<'location'>): string {
  const named = [location.name, location.address].filter(Boolean).join(', ');
  if (named) return named;
  const { latitude, longitude } = location;
  return latitude === null || longitude === null ? '' : `${latitude}, ${longitude}`;
}

const NAMES_SHOWN = 5;

function namesOf(cards: readonly ContactCard[]): string {
  const names = cards.slice(0, NAMES_SHOWN).map(nameOn).filter(Boolean).join(', ');
  const more = cards.length - NAMES_SHOWN;
  return more > 0 ? `${names} and ${more} more` : names;
}

function nameOn({ name, phones, org, emails }: ContactCard): string | undefined {
  const parts = [name?.first_name, name?.last_name].filter(Boolean).join(' ');
  return name?.formatted_name ?? (parts || (phones?.[0]?.phone ?? org?.company ?? emails?.[0]?.email));
}
