import { clock } from '../common/clock';
import { invalid } from '../common/app-error';
import type { HeaderDto } from '../messages/outgoing.dto';
import type { MediaType, OutgoingContent, OutgoingType } from '../messages/outgoing.types';

type Of<T extends OutgoingType> = Extract<OutgoingContent, { type: T }>;

const KILOBYTE = 1024;
const MEGABYTE = 1024 * KILOBYTE;
const OFFICE = 'application/vnd.openxmlformats-officedocument';

/** The files that Meta takes, by what they are sent as. */
const FILES: Readonly<Record<MediaType, { bytes: number; types: readonly string[] }>> = {
  image: { bytes: 5 * MEGABYTE, types: ['image/jpeg', 'image/png'] },
  video: { bytes: 16 * MEGABYTE, types: ['video/mp4', 'video/3gpp'] },
  audio: {
    bytes: 16 * MEGABYTE,
    types: ['audio/aac', 'audio/mp4', 'audio/mpeg', 'audio/amr', 'audio/ogg'],
  },
  document: {
    bytes: 100 * MEGABYTE,
    types: [
      'application/pdf',
      'text/plain',
      'application/msword',
      'application/vnd.ms-excel',
      'application/vnd.ms-powerpoint',
      `${OFFICE}.wordprocessingml.document`,
      `${OFFICE}.spreadsheetml.sheet`,
      `${OFFICE}.presentationml.presentation`,
    ],
  },
  sticker: { bytes: 500 * KILOBYTE, types: ['image/webp'] },
};

const MAX_CAPTION = 1_024;
const MAX_INTERACTIVE_BODY = 1_024;
const MAX_HEADER = 60;
const MAX_FOOTER = 60;
const MAX_BUTTONS = 3;
const MAX_BUTTON_TITLE = 20;
const MAX_BUTTON_ID = 256;
const MAX_SECTIONS = 10;
const MAX_ROWS = 10;
const MAX_ROW_ID = 200;
const MAX_ROW_TITLE = 24;
const MAX_ROW_DESCRIPTION = 72;
const MAX_TEMPLATE_HEADER = 60;
const MAX_QUICK_REPLY = 128;
const MAX_COPY_CODE = 15;
const REACTION_DAYS = 30;
const DAY_MS = 86_400_000;

/** One emoji, however many code points it has. */
const EMOJI = new RegExp('^(?:\\p{RGI_Emoji}|\\p{Extended_Pictographic})$', 'v');

const CHECKS: { readonly [T in OutgoingType]: (content: Of<T>) => void } = {
  text: () => undefined,
  image: captioned,
  video: captioned,
  audio: uncaptioned,
  document: captioned,
  sticker: uncaptioned,
  location: () => undefined,
  contacts: () => undefined,
  interactive: checkInteractive,
  template: checkTemplate,
  reaction: checkReaction,
};

/**
 * What Meta would not take, found out before anything is stored.
 *
 * @throws AppError `VALIDATION_FAILED` naming the field
 */
export function checkLimits(content: OutgoingContent): void {
  (CHECKS[content.type] as (content: OutgoingContent) => void)(content);
}

function captioned(content: Of<MediaType>): void {
  checkFile(content, content.type, 'attachments');
  atMost(content.text, MAX_CAPTION, 'body', 'A caption');
}

function uncaptioned(content: Of<MediaType>): void {
  checkFile(content, content.type, 'attachments');
  if (content.text !== null)
    throw invalid(
      'body',
      `WhatsApp shows no text with ${content.type === 'audio' ? 'an audio' : 'a sticker'}: send it as a message of its own.`,
    );
}

function checkFile({ file }: OutgoingContent, as: MediaType, field: string): void {
  if (file === null) return;
  const { bytes, types } = FILES[as];
  if (!types.includes(file.mimeType))
    throw invalid(
      field,
      `WhatsApp takes ${article(as)} as ${listed(types)}; "${file.name}" is ${file.mimeType}.`,
    );
  if (file.fileSize > bytes)
    throw invalid(
      field,
      `WhatsApp takes ${article(as)} of up to ${sizeOf(bytes)}; "${file.name}" has ${sizeOf(file.fileSize)}.`,
    );
}

function checkInteractive(content: Of<'interactive'>): void {
  const { payload } = content;
  atMost(content.text, MAX_INTERACTIVE_BODY, 'body', 'The body of an interactive message');
  atMost(payload.footer, MAX_FOOTER, 'payload.footer', 'A footer');
  if (payload.header) checkHeader(content, payload.header);
  switch (payload.interactive_type) {
    case 'button':
      if (payload.buttons.length > MAX_BUTTONS)
        throw invalid('payload.buttons', `WhatsApp shows up to ${MAX_BUTTONS} buttons.`);
      payload.buttons.forEach(({ id, title }, i) => {
        atMost(title, MAX_BUTTON_TITLE, `payload.buttons.${i}.title`, 'The title of a button');
        atMost(id, MAX_BUTTON_ID, `payload.buttons.${i}.id`, 'The id of a button');
      });
      distinct(payload.buttons, 'payload.buttons', 'buttons');
      return;
    case 'list':
      return checkList(payload);
    case 'cta_url':
      return atMost(payload.display_text, MAX_BUTTON_TITLE, 'payload.display_text', 'The text of a button');
  }
}

function checkHeader(content: OutgoingContent, header: HeaderDto): void {
  atMost(header.text, MAX_HEADER, 'payload.header.text', 'A header');
  if (header.type === 'text') return;
  if (content.type === 'interactive' && content.payload.interactive_type === 'list')
    throw invalid('payload.header.type', 'The header of a list is a text.');
  checkFile(content, header.type, 'payload.header.upload_id');
}

function checkList(list: Extract<Of<'interactive'>['payload'], { interactive_type: 'list' }>): void {
  const { button, sections } = list;
  atMost(button, MAX_BUTTON_TITLE, 'payload.button', 'The text of the button');
  if (sections.length > MAX_SECTIONS)
    throw invalid('payload.sections', `A list has up to ${MAX_SECTIONS} sections.`);
  const rows = sections.flatMap((section) => section.rows);
  if (rows.length > MAX_ROWS)
    throw invalid('payload.sections', `A list has up to ${MAX_ROWS} rows in all its sections together.`);
  sections.forEach((section, s) => {
    const at = `payload.sections.${s}`;
    if (sections.length > 1 && !section.title)
      throw invalid(`${at}.title`, 'Where there are several sections, each needs a title.');
    atMost(section.title, MAX_ROW_TITLE, `${at}.title`, 'The title of a section');
    section.rows.forEach(({ id, title, description }, r) => {
      atMost(id, MAX_ROW_ID, `${at}.rows.${r}.id`, 'The id of a row');
      atMost(title, MAX_ROW_TITLE, `${at}.rows.${r}.title`, 'The title of a row');
      atMost(description, MAX_ROW_DESCRIPTION, `${at}.rows.${r}.description`, 'The description of a row');
    });
  });
  distinct(rows, 'payload.sections', 'rows');
}

function checkTemplate(content: Of<'template'>): void {
  const { header, buttons } = content.payload;
  atMost(header?.value?.text, MAX_TEMPLATE_HEADER, 'payload.header.value.text', 'The header of a template');
  if (header?.type) checkFile(content, header.type, 'payload.header.upload_id');
  for (const [i, { type, value }] of (buttons ?? []).entries()) {
    if (type === 'quick_reply') atMost(value, MAX_QUICK_REPLY, `payload.buttons.${i}.value`, 'A quick reply');
    if (type === 'copy_code') atMost(value, MAX_COPY_CODE, `payload.buttons.${i}.value`, 'A code to copy');
  }
}

function checkReaction({ payload, target }: Of<'reaction'>): void {
  if (payload.emoji !== '' && !EMOJI.test(payload.emoji))
    throw invalid('payload.emoji', 'emoji is a single emoji, or empty to take the reaction back.');
  if (target === null || target.externalId === null)
    throw invalid('payload.message_id', 'This message never reached WhatsApp, so nobody can react to it.');
  if (clock.now() - target.at.getTime() > REACTION_DAYS * DAY_MS)
    throw invalid(
      'payload.message_id',
      `WhatsApp takes reactions to messages of the last ${REACTION_DAYS} days.`,
    );
}

/** Counted in code points, as Meta does. */
function atMost(text: string | null | undefined, limit: number, field: string, what: string): void {
  const length = Array.from(text ?? '').length;
  if (length > limit)
    throw invalid(field, `${what} has up to ${limit} characters on WhatsApp; ${field} has ${length}.`);
}

function distinct(choices: { id: string }[], field: string, what: string): void {
  if (new Set(choices.map(({ id }) => id)).size < choices.length)
    throw invalid(field, `Each of the ${what} needs an id of its own.`);
}

function article(as: MediaType): string {
  return `${as === 'image' || as === 'audio' ? 'an' : 'a'} ${as}`;
}

function listed(types: readonly string[]): string {
  return `${types.slice(0, -1).join(', ')}${types.length > 1 ? ' or ' : ''}${types.at(-1)}`;
}

function sizeOf(bytes: number): string {
  return bytes < MEGABYTE
    ? `${Math.ceil(bytes / KILOBYTE)} kB`
    : `${(Math.ceil((bytes / MEGABYTE) * 10) / 10).toString()} MB`;
}
