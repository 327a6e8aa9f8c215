import {
  type InteractivePayload,
  isMedia,
  type OutgoingContent,
  type OutgoingType,
  type StoredContent,
} from './outgoing.types';

type Of<T extends OutgoingType> = Extract<OutgoingContent, { type: T }>;

/** What people read for each type: the same words in the same brackets as for what customers send. */
const BODIES: { readonly [T in OutgoingType]: (content: Of<T>) => string } = {
  text: (content) => content.text ?? '',
  image: (content) => content.text ?? '[image]',
  video: (content) => content.text ?? '[video]',
  audio: (content) => content.text ?? (content.payload?.voice ? '[voice message]' : '[audio]'),
  document: (content) =>
    content.text ?? bracketed('document', content.payload?.filename ?? content.file?.name),
  sticker: () => '[sticker]',
  location: ({ payload: { name, address, latitude, longitude } }) =>
    bracketed('location', [name, address].filter(Boolean).join(', ') || `${latitude}, ${longitude}`),
  contacts: ({ payload: { contacts } }) =>
    bracketed(
      contacts.length > 1 ? 'contacts' : 'contact',
      contacts.map((card) => card.name.formatted_name).join(', '),
    ),
  interactive: ({ text, payload }) =>
    `${text}\n${choicesOf(payload)
      .map((choice) => `[${choice}]`)
      .join(' ')}`,
  template: ({ payload }) =>
    [bracketed('template', payload.name), ...(payload.body ?? []).map((value) => value.text)].join(' '),
  reaction: ({ payload }) => payload.emoji || '[reaction removed]',
};

/** A content as it is stored where its channel has nothing better to say. */
export function storedFormOf(content: OutgoingContent): StoredContent {
  const body = (BODIES[content.type] as (content: OutgoingContent) => string)(content);
  return { body, payload: payloadOf(content) };
}

/** The form in which messages of customers are kept: `kind`, and what there is beside the words. */
function payloadOf(content: OutgoingContent): object | null {
  if (content.type === 'text') return null;
  if (content.type === 'reaction')
    return {
      kind: 'reaction',
      message_id: content.target?.externalId ?? null,
      emoji: content.payload.emoji || null,
    };
  if (content.type === 'interactive') return { kind: 'interactive', text: content.text, ...content.payload };
  if (!isMedia(content.type)) return { kind: content.type, ...content.payload };
  const { payload, file, text } = content as Of<'image'>;
  return {
    kind: content.type,
    media_id: null,
    mime_type: file?.mimeType ?? null,
    ...(text === null ? {} : { caption: text }),
    ...(file === null || content.type !== 'document' ? {} : { filename: file.name }),
    ...payload,
  };
}

function choicesOf(payload: InteractivePayload): string[] {
  switch (payload.interactive_type) {
    case 'button':
      return payload.buttons.map((button) => button.title);
    case 'list':
      return payload.sections.flatMap((section) => section.rows.map((row) => row.title));
    case 'cta_url':
      return [`${payload.display_text}: ${payload.url}`];
  }
}

function bracketed(what: string, detail: string | null | undefined): string {
  return detail ? `[${what}: ${detail}]` : `[${what}]`;
}
