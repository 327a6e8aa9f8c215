import type {
  ContactsPayload,
  HeaderDto,
  LocationPayload,
  MediaPayload,
  TemplatePayload,
} from '../messages/outgoing.dto';
import type { InteractivePayload, MediaType, OutgoingType } from '../messages/outgoing.types';

/** Where a message goes, and what comes back with its statuses. */
export interface OutboundEnvelope {
  /** The phone number with country code; digits are enough. Wins over `recipient`, as it does at Meta. */
  to?: string | null;
  /** The business-scoped user id, for a customer whose phone number is not known. */
  recipient?: string | null;
  /** The message it answers. */
  replyToWamid?: string | null;
  /** Comes back on the statuses of this message: the only handle when the answer is lost. At most 512 characters. */
  callbackData: string;
}

/** A stored message of ours. */
export interface OutboundContent {
  type: string;
  body: string | null;
  payload: object | null;
  /** Meta's id of its file, where it has one of ours. */
  mediaId: string | null;
}

/**
 * The JSON for `POST /<phone number id>/messages`; null for a content that WhatsApp has no type for.
 *
 * @throws RangeError without a phone number or user id
 */
export function outboundMessage(envelope: OutboundEnvelope, content: OutboundContent): object | null {
  const { type } = content;
  const build = Object.hasOwn(BUILDERS, type) ? BUILDERS[type as OutgoingType] : undefined;
  if (build === undefined) return null;
  // A reaction names its message by itself.
  const quoted = type === 'reaction' ? null : envelope.replyToWamid;
  return {
    messaging_product: 'whatsapp',
    recipient_type: 'individual',
    ...addressOf(envelope),
    type,
    [type]: build(content),
    ...(quoted && { context: { message_id: quoted } }),
    biz_opaque_callback_data: envelope.callbackData,
  };
}

type Builder = (content: OutboundContent) => unknown;

const BUILDERS: Readonly<Record<OutgoingType, Builder>> = {
  text: ({ body }) => ({ body, preview_url: false }),
  image: media('caption'),
  video: media('caption'),
  audio: media('voice'),
  document: media('caption', 'filename'),
  sticker: media(),
  location: ({ payload }) => placeOf(payload as LocationPayload),
  contacts: ({ payload }) => (payload as ContactsPayload).contacts.map(cardOf),
  interactive: (content) => interactiveOf(content),
  template: ({ payload, mediaId }) => templateOf(payload as TemplatePayload, mediaId),
  reaction: ({ payload }) => {
    const { message_id, emoji } = payload as { message_id: string; emoji: string | null };
    return { message_id, emoji: emoji ?? '' };
  },
};

/** A file and those of its fields that Meta takes for the type. */
function media(...fields: ('caption' | 'filename' | 'voice')[]): Builder {
  return ({ payload, mediaId }) => {
    const given = payload as Omit<MediaPayload, 'media_id'> & { media_id: string | null; caption?: string };
    const extras = fields.map((field) => [field, given[field]] as const);
    return {
      ...fileOf(given.link, mediaId ?? given.media_id),
      ...Object.fromEntries(extras.filter(([, value]) => value !== undefined && value !== null)),
    };
  };
}

function fileOf(link: string | null | undefined, mediaId: string | null): { link: string } | { id: string } {
  return mediaId === null ? { link: link ?? '' } : { id: mediaId };
}

function placeOf({ latitude, longitude, name, address }: LocationPayload): object {
  return { latitude, longitude, ...(name && { name }), ...(address && { address }) };
}

/** Meta wants a part of the name besides the whole. */
function cardOf({ name, ...rest }: ContactsPayload['contacts'][number]): object {
  const { formatted_name: whole, ...parts } = withoutNulls(name);
  return {
    name: Object.keys(parts).length > 0 ? name : { formatted_name: whole, first_name: whole },
    ...withoutNulls(rest),
  };
}

function interactiveOf({ payload, mediaId }: OutboundContent): object {
  const content = payload as InteractivePayload & { text: string };
  const { header, footer } = content;
  return {
    type: content.interactive_type,
    ...(header && { header: headerOf(header, mediaId) }),
    body: { text: content.text },
    ...(footer && { footer: { text: footer } }),
    action: actionOf(content),
  };
}

function headerOf(header: HeaderDto, mediaId: string | null): object {
  if (header.type === 'text') return { type: 'text', text: header.text };
  return { type: header.type, [header.type]: headerFileOf(header.type, header, mediaId) };
}

function headerFileOf(
  type: MediaType,
  { link, filename }: Pick<HeaderDto, 'link' | 'filename'>,
  mediaId: string | null,
): object {
  return { ...fileOf(link, mediaId), ...(type === 'document' && filename && { filename }) };
}

function actionOf(content: InteractivePayload): object {
  switch (content.interactive_type) {
    case 'button':
      return { buttons: content.buttons.map(({ id, title }) => ({ type: 'reply', reply: { id, title } })) };
    case 'list':
      return {
        button: content.button,
        sections: content.sections.map((section) => ({
          ...withoutNulls(section),
          rows: section.rows.map(withoutNulls),
        })),
      };
    case 'cta_url':
      return { name: 'cta_url', parameters: { display_text: content.display_text, url: content.url } };
  }
}

function templateOf(
  { name, language, header, body, buttons }: TemplatePayload,
  mediaId: string | null,
): object {
  const components = [
    ...(header ? [{ type: 'header', parameters: [templateHeaderOf(header, mediaId)] }] : []),
    ...(body?.length ? [{ type: 'body', parameters: body.map(textParameter) }] : []),
    ...(buttons ?? []).map(({ type, index, value }) => ({
      type: 'button',
      sub_type: type,
      index: String(index),
      parameters: [BUTTON_PARAMETERS[type!](value)],
    })),
  ];
  return { name, language: { code: language }, ...(components.length > 0 && { components }) };
}

const BUTTON_PARAMETERS = {
  quick_reply: (payload: string) => ({ type: 'payload', payload }),
  url: (text: string) => ({ type: 'text', text }),
  copy_code: (coupon_code: string) => ({ type: 'coupon_code', coupon_code }),
} as const;

function templateHeaderOf(header: NonNullable<TemplatePayload['header']>, mediaId: string | null): object {
  const { value, location, type } = header;
  if (value) return textParameter(value);
  if (location) return { type: 'location', location: placeOf(location) };
  return { type, [type!]: headerFileOf(type!, header, mediaId) };
}

function textParameter({ name, text }: { name?: string; text: string }): object {
  return { type: 'text', ...(name && { parameter_name: name }), text };
}

/** Without what was given as null. */
function withoutNulls<T extends object>(fields: T): { [K in keyof T]: T[K] } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null)) as T;
}

function addressOf({ to, recipient }: OutboundEnvelope): { to: string } | { recipient: string } {
  const digits = to?.replace(/\D/g, '');
  // without the plus, Meta puts the business number's own country code in front and a stranger gets the message
  if (digits) return { to: `+${digits}` };
  if (recipient) return { recipient };
  throw new RangeError('A message needs a phone number or a user id to go to');
}
