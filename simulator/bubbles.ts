import { at, isObject, listAt, textAt, textOf, type JsonObject } from './json-values';

/** A tap the customer can make on a message of the business. */
export interface Choice {
  kind: 'button_reply' | 'list_reply' | 'button';
  id: string;
  title: string;
  description?: string;
}

/** What one chat bubble shows, whichever side it comes from. */
export interface BubbleContent {
  kind: string;
  text: string;
  header?: string;
  footer?: string;
  /** A media id of this simulator. */
  mediaId?: string;
  filename?: string;
  /** An address the page must not load by itself. */
  link?: string;
  /** The wamid of the quoted message. */
  quotes?: string;
  choices?: Choice[];
}

const MEDIA_KINDS = ['image', 'video', 'audio', 'document', 'sticker'];

/** The bubble of a message body as Graph takes it, or as a webhook carries it: the shapes are near enough. */
export function bubbleContent(body: JsonObject): BubbleContent {
  const kind = textAt(body, 'type') ?? 'text';
  const quotes = textAt(body, 'context', 'message_id') ?? textAt(body, 'context', 'id');
  const bubble: BubbleContent = { kind, text: wordsOf(kind, body), ...(quotes ? { quotes } : {}) };
  if (MEDIA_KINDS.includes(kind)) {
    const mediaId = at(body, kind, 'id');
    if (mediaId !== undefined) bubble.mediaId = textOf(mediaId);
    const link = textAt(body, kind, 'link');
    if (link) bubble.link = link;
    const filename = textAt(body, kind, 'filename');
    if (filename) bubble.filename = filename;
  }
  if (kind === 'interactive') {
    const header = textAt(body, 'interactive', 'header', 'text');
    if (header) bubble.header = header;
    const headerMedia = ['image', 'video', 'document']
      .map((each) => at(body, 'interactive', 'header', each, 'id'))
      .find((id) => id !== undefined);
    if (headerMedia !== undefined) bubble.mediaId = textOf(headerMedia);
    const footer = textAt(body, 'interactive', 'footer', 'text');
    if (footer) bubble.footer = footer;
    const link = textAt(body, 'interactive', 'action', 'parameters', 'url');
    if (link) bubble.link = link;
  }
  if (kind === 'template') {
    const header = textAt(body, 'template', 'filled', 'header');
    if (header) bubble.header = header;
    const footer = textAt(body, 'template', 'filled', 'footer');
    if (footer) bubble.footer = footer;
    const headerMedia = listAt(body, 'template', 'components')
      .map((one) => at(one, 'parameters', 0))
      .map((parameter) => at(parameter, textAt(parameter, 'type') ?? '', 'id'))
      .find((id) => id !== undefined);
    if (headerMedia !== undefined) bubble.mediaId = textOf(headerMedia);
  }
  const choices = choicesOf(kind, body);
  if (choices.length > 0) bubble.choices = choices;
  return bubble;
}

function wordsOf(kind: string, body: JsonObject): string {
  const part = body[kind];
  switch (kind) {
    case 'text':
      return textAt(part, 'body') ?? '';
    case 'location':
      return [
        textAt(part, 'name'),
        textAt(part, 'address'),
        `${String(at(part, 'latitude'))}, ${String(at(part, 'longitude'))}`,
      ]
        .filter(Boolean)
        .join('\n');
    case 'contacts':
      return listAt(body, 'contacts')
        .map((one) =>
          [textAt(one, 'name', 'formatted_name'), textAt(one, 'phones', 0, 'phone')]
            .filter(Boolean)
            .join('\n'),
        )
        .join('\n');
    case 'interactive': {
      const type = textAt(part, 'type') ?? '';
      return (
        textAt(part, 'body', 'text') ?? textAt(part, type, 'title') ?? textAt(part, type, 'body') ?? type
      );
    }
    case 'button':
      return textAt(part, 'text') ?? '';
    case 'template': {
      const filled = textAt(part, 'filled', 'text');
      if (filled !== undefined) return filled;
      const values = listAt(part, 'components').flatMap((one) =>
        textAt(one, 'type') === 'body' ? listAt(one, 'parameters').map(parameterText) : [],
      );
      return [`Template “${textAt(part, 'name') ?? ''}”`, values.join(' · ')].filter(Boolean).join('\n');
    }
    case 'order':
      return `Order of ${listAt(part, 'product_items').length} item(s)`;
    case 'system':
      return textAt(part, 'body') ?? textAt(part, 'type') ?? '';
    case 'unsupported':
      return 'A message of a type that is not supported';
    default:
      return textAt(part, 'caption') ?? '';
  }
}

function parameterText(parameter: unknown): string {
  const type = textAt(parameter, 'type') ?? '';
  return textAt(parameter, 'text') ?? textAt(parameter, type, 'fallback_value') ?? `[${type}]`;
}

function choicesOf(kind: string, body: JsonObject): Choice[] {
  if (kind === 'interactive') {
    const buttons = listAt(body, 'interactive', 'action', 'buttons').map((button) => ({
      kind: 'button_reply' as const,
      id: textAt(button, 'reply', 'id') ?? '',
      title: textAt(button, 'reply', 'title') ?? '',
    }));
    const rows = listAt(body, 'interactive', 'action', 'sections')
      .flatMap((section) => listAt(section, 'rows'))
      .filter(isObject)
      .map((row) => ({
        kind: 'list_reply' as const,
        id: textAt(row, 'id') ?? '',
        title: textAt(row, 'title') ?? '',
        ...(textAt(row, 'description') ? { description: textAt(row, 'description') ?? '' } : {}),
      }));
    return [...buttons, ...rows].filter((choice) => choice.id !== '');
  }
  if (kind === 'template') {
    const filled = listAt(body, 'template', 'filled', 'buttons').filter(
      (button) => textAt(button, 'type') === 'QUICK_REPLY',
    );
    if (filled.length > 0) {
      return filled.map((button) => ({
        kind: 'button' as const,
        id: textAt(button, 'payload') ?? '',
        title: textAt(button, 'text') ?? '',
      }));
    }
    return listAt(body, 'template', 'components')
      .filter((one) => textAt(one, 'sub_type') === 'quick_reply')
      .map((one) => textAt(one, 'parameters', 0, 'payload') ?? '')
      .filter((payload) => payload !== '')
      .map((payload) => ({ kind: 'button' as const, id: payload, title: payload }));
  }
  return [];
}
