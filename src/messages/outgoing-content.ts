import { invalid } from '../common/app-error';
import { checked } from '../platform/http/validation';
import {
  ButtonsPayload,
  ContactsPayload,
  LinkButtonPayload,
  ListPayload,
  LocationPayload,
  MediaPayload,
  ReactionPayload,
  TemplatePayload,
} from './outgoing.dto';
import { type ContentInput, isMedia, type OutgoingType, type Payloads } from './outgoing.types';

type PayloadClass = new () => object;

/** The shape of each type: whether words go with it, and what else does. */
interface Shape {
  text: 'required' | 'optional' | 'none';
  /** Null: nothing else. */
  payload: ((given: object) => PayloadClass) | null;
}

const MEDIA: Shape = { text: 'optional', payload: () => MediaPayload };

const SHAPES: Readonly<Record<OutgoingType, Shape>> = {
  text: { text: 'required', payload: null },
  image: MEDIA,
  video: MEDIA,
  audio: MEDIA,
  document: MEDIA,
  sticker: MEDIA,
  location: { text: 'none', payload: () => LocationPayload },
  contacts: { text: 'none', payload: () => ContactsPayload },
  interactive: { text: 'required', payload: interactiveClassOf },
  template: { text: 'none', payload: () => TemplatePayload },
  reaction: { text: 'none', payload: () => ReactionPayload },
};

/** Also the list of what `interactive_type` may be. */
const INTERACTIVE: Readonly<Record<string, PayloadClass>> = {
  button: ButtonsPayload,
  list: ListPayload,
  cta_url: LinkButtonPayload,
};

/** One message of a request, of the right shape; its file is not looked at yet. */
export interface Draft {
  /** Null: what its file is. */
  type: OutgoingType | null;
  text: string | null;
  payload: Payloads[OutgoingType];
  upload: { id: number; field: string } | null;
}

/**
 * The messages that a request asks for, in their order: one, or one for each attachment.
 *
 * @throws AppError `VALIDATION_FAILED` naming the field
 */
export function draftsOf(input: ContentInput): Draft[] {
  const attachments = input.attachments ?? [];
  const text = input.body ?? null;
  if (attachments.length === 0) return [draftOf(input.type ?? 'text', text, input.payload ?? null)];

  const type = input.type ?? null;
  if (type !== null && !isMedia(type))
    throw invalid(
      'type',
      `A message of type ${type} has no attachments: leave type out, or name what they are.`,
    );
  if (text !== null && attachments[0]?.caption)
    throw invalid('body', 'body is the caption of the first attachment, which has one of its own.');
  const payload = input.payload ? checked(MediaPayload, input.payload, 'payload') : null;
  if (payload?.link !== undefined || payload?.media_id !== undefined)
    throw invalid('payload', 'A message has attachments or an address of a file, not both.');
  return attachments.map(({ upload_id: id, caption }, i) => ({
    type,
    text: (i === 0 ? text : null) ?? caption ?? null,
    payload,
    upload: { id, field: `attachments.${i}.upload_id` },
  }));
}

function draftOf(type: OutgoingType, text: string | null, given: object | null): Draft {
  const shape = SHAPES[type];
  if (shape.text === 'required' && text === null)
    throw invalid('body', `A message of type ${type} needs a body.`);
  if (shape.text === 'none' && text !== null)
    throw invalid('body', `A message of type ${type} has no body; what it says is in payload.`);
  if (shape.payload === null) {
    if (given !== null) throw invalid('payload', `A message of type ${type} has no payload.`);
    return { type, text, payload: null, upload: null };
  }
  if (given === null) {
    const instead = isMedia(type) ? ' or attachments' : '';
    throw invalid('payload', `A message of type ${type} needs a payload${instead}.`);
  }
  const payload = checked(shape.payload(given), given, 'payload') as Payloads[OutgoingType];
  const id = checkFiles(type, payload);
  return { type, text, payload, upload: id === null ? null : { id, field: 'payload.header.upload_id' } };
}

/** What the shape alone cannot say about files. Answers the upload that goes with the message. */
function checkFiles(type: OutgoingType, payload: Payloads[OutgoingType]): number | null {
  if (isMedia(type)) {
    const media = payload as MediaPayload;
    exactlyOne('payload', [media.link, media.media_id], 'attachments, payload.link or payload.media_id');
    return null;
  }
  if (type === 'interactive') {
    const { header } = payload as Payloads['interactive'];
    if (!header) return null;
    if (header.type === 'text') {
      exactlyOne('payload.header', [header.text], 'text');
      exactlyNone('payload.header', [header.upload_id, header.link], 'A header of type text has no file.');
      return null;
    }
    exactlyNone('payload.header', [header.text], `A header of type ${header.type} has no text.`);
    exactlyOne('payload.header', [header.upload_id, header.link], 'upload_id and link');
    return header.upload_id ?? null;
  }
  if (type === 'template') {
    const { header } = payload as TemplatePayload;
    if (!header) return null;
    exactlyOne(
      'payload.header',
      [header.value, header.upload_id, header.link, header.location],
      'value, upload_id, link and location',
    );
    const isFile = (header.upload_id ?? header.link ?? null) !== null;
    if (isFile !== Boolean(header.type))
      throw invalid('payload.header.type', 'type goes with upload_id or link, and says what the file is.');
    return header.upload_id ?? null;
  }
  return null;
}

function interactiveClassOf(given: object): PayloadClass {
  const kind = (given as { interactive_type?: unknown }).interactive_type;
  const found = typeof kind === 'string' && Object.hasOwn(INTERACTIVE, kind) ? INTERACTIVE[kind] : undefined;
  if (found === undefined)
    throw invalid(
      'payload.interactive_type',
      `interactive_type must be one of the following values: ${Object.keys(INTERACTIVE).join(', ')}`,
    );
  return found;
}

function exactlyOne(field: string, given: unknown[], names: string): void {
  if (given.filter((one) => one !== undefined && one !== null).length !== 1)
    throw invalid(field, `${field} needs ${names.includes(' ') ? `exactly one of ${names}` : names}.`);
}

function exactlyNone(field: string, given: unknown[], problem: string): void {
  if (given.some((one) => one !== undefined && one !== null)) throw invalid(field, problem);
}
