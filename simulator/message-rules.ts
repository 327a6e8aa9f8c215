import { graphFailure, type GraphFailure } from './graph-error';
import { phoneDigits, USER_ID_FORMAT } from './identifiers';
import { at, isObject, listAt, textAt, textOf, type JsonObject } from './json-values';

/** Whom a message goes to: `to` wins over `recipient` when both are given. */
export interface Recipient {
  /** Exactly as the client wrote it. */
  input: string;
  kind: 'phone' | 'user' | 'group';
  /** Digits of a phone; the id itself otherwise. */
  id: string;
}

interface Surroundings {
  displayPhoneNumber: string;
  mediaExists: (id: string) => boolean;
}

class Refusal extends Error {
  constructor(readonly failure: GraphFailure) {
    super(failure.details);
  }
}

const refuse = (code: number, details: string): never => {
  throw new Refusal(graphFailure(code, details));
};

/**
 * The recipient of a message body, or Graph's refusal of it. Whether a template exists is looked at elsewhere.
 */
export function checkMessage(body: JsonObject, around: Surroundings): Recipient | GraphFailure {
  try {
    if (body.messaging_product !== 'whatsapp') {
      refuse(100, 'The parameter messaging_product is required and must be "whatsapp".');
    }
    const recipient = recipientOf(body);
    if (recipient.kind === 'phone' && recipient.id === phoneDigits(around.displayPhoneNumber)) {
      refuse(131021, 'Recipient phone number and sender phone number are the same');
    }
    if (body.biz_opaque_callback_data !== undefined) string(body, 512, 'biz_opaque_callback_data');
    if (body.context !== undefined) string(body, 255, 'context', 'message_id');
    checkContent(body, around);
    return recipient;
  } catch (error) {
    if (error instanceof Refusal) return error.failure;
    throw error;
  }
}

function recipientOf(body: JsonObject): Recipient {
  if (body.to !== undefined) {
    const input = typeof body.to === 'number' ? String(body.to) : string(body, 128, 'to');
    if (body.recipient_type === 'group') return { input, kind: 'group', id: input };
    const id = phoneDigits(input);
    if (!/^[+\d\s().-]+$/.test(input) || id.length < 7 || id.length > 15) {
      refuse(131009, 'The parameter to is not a valid phone number');
    }
    return { input, kind: 'phone', id };
  }
  if (body.recipient === undefined) refuse(131008, 'The parameter to is required.');
  const input = string(body, 160, 'recipient');
  if (!USER_ID_FORMAT.test(input)) refuse(131009, 'The parameter recipient is not a valid user id');
  return { input, kind: 'user', id: input };
}

function string(body: JsonObject, limit: number, ...path: (string | number)[]): string {
  const name = path.map((step, index) => (index === 0 ? step : `['${step}']`)).join('');
  const value = at(body, ...path);
  if (value === undefined || value === null || value === '') {
    return refuse(131008, `The parameter ${name} is required.`);
  }
  if (typeof value !== 'string') return refuse(131009, `Param ${name} must be a string.`);
  if (Array.from(value).length > limit) {
    refuse(100, `Param ${name} must be at most ${limit} characters long.`);
  }
  return value;
}

function optional(body: JsonObject, limit: number, ...path: (string | number)[]): void {
  if (at(body, ...path) !== undefined) string(body, limit, ...path);
}

function checkContent(body: JsonObject, around: Surroundings): void {
  const type = body.type === undefined ? 'text' : string(body, 64, 'type');
  if (type !== 'contacts' && Object.hasOwn(TYPES, type) && !isObject(body[type])) {
    refuse(131008, `The parameter ${type} is required.`);
  }
  const check = Object.hasOwn(TYPES, type) ? TYPES[type] : undefined;
  if (!check) refuse(131051, `Message type "${type}" is not currently supported`);
  check?.(body, around);
}

type ContentCheck = (body: JsonObject, around: Surroundings) => void;

const media =
  (type: string, caption: boolean): ContentCheck =>
  (body, around) => {
    const id = at(body, type, 'id');
    if (id === undefined) {
      const link = string(body, 2048, type, 'link');
      if (!/^https?:\/\//i.test(link)) refuse(131009, `Param ${type}['link'] is not a valid URL`);
    } else if (!around.mediaExists(textOf(id))) {
      refuse(131009, `Param ${type}['id'] is not a valid whatsapp business account media attachment ID`);
    }
    if (caption) optional(body, 1024, type, 'caption');
    else if (at(body, type, 'caption') !== undefined)
      refuse(100, `Unexpected key "caption" on param "${type}"`);
  };

const TYPES: Record<string, ContentCheck> = {
  text: (body) => void string(body, 4096, 'text', 'body'),
  image: media('image', true),
  video: media('video', true),
  audio: media('audio', false),
  document: media('document', true),
  sticker: media('sticker', false),
  location: (body) => {
    for (const [key, limit] of [
      ['latitude', 90],
      ['longitude', 180],
    ] as const) {
      const value = at(body, 'location', key);
      if (value === undefined || value === '')
        refuse(131008, `The parameter location['${key}'] is required.`);
      const degrees = Number(value);
      if (!Number.isFinite(degrees) || Math.abs(degrees) > limit) {
        refuse(131009, `Param location['${key}'] is not valid`);
      }
    }
  },
  contacts: (body) => {
    const list = listAt(body, 'contacts');
    if (list.length === 0) refuse(131008, 'The parameter contacts is required.');
    if (list.length > 257) refuse(100, 'Param contacts must have at most 257 elements.');
    list.forEach((_, index) => string(body, 1024, 'contacts', index, 'name', 'formatted_name'));
  },
  reaction: (body) => {
    string(body, 255, 'reaction', 'message_id');
    if (typeof at(body, 'reaction', 'emoji') !== 'string') {
      refuse(131008, "The parameter reaction['emoji'] is required.");
    }
    if (body.context !== undefined) refuse(100, 'Param context is not allowed for reactions');
  },
  interactive: (body) => checkInteractive(body),
  template: (body) => {
    string(body, 512, 'template', 'name');
    string(body, 16, 'template', 'language', 'code');
  },
};

function checkInteractive(body: JsonObject): void {
  const kind = string(body, 64, 'interactive', 'type');
  // A catalogue's product and a carousel's cards carry their own words.
  if (kind !== 'product') string(body, kind === 'list' ? 4096 : 1024, 'interactive', 'body', 'text');
  optional(body, 60, 'interactive', 'footer', 'text');
  if (textAt(body, 'interactive', 'header', 'type') === 'text') {
    string(body, 60, 'interactive', 'header', 'text');
  }
  const action = ['interactive', 'action'];
  if (!isObject(at(body, ...action))) refuse(131008, "The parameter interactive['action'] is required.");
  if (kind === 'button') {
    const buttons = listAt(body, ...action, 'buttons');
    if (buttons.length < 1 || buttons.length > 3) refuse(131009, 'Interactive buttons must be 1 to 3');
    buttons.forEach((_, index) => {
      string(body, 256, ...action, 'buttons', index, 'reply', 'id');
      string(body, 20, ...action, 'buttons', index, 'reply', 'title');
    });
    distinct(
      buttons.map((button) => textAt(button, 'reply', 'id')),
      'button ids',
    );
  }
  if (kind === 'list') {
    string(body, 20, ...action, 'button');
    const sections = listAt(body, ...action, 'sections');
    if (sections.length < 1 || sections.length > 10) refuse(131009, 'Sections must be 1 to 10');
    const rows = sections.flatMap((section) => listAt(section, 'rows'));
    if (rows.length < 1 || rows.length > 10) refuse(131009, 'Total row count must be 1 to 10');
    sections.forEach((section, index) => {
      const path = [...action, 'sections', index];
      if (sections.length > 1) string(body, 24, ...path, 'title');
      else optional(body, 24, ...path, 'title');
      listAt(section, 'rows').forEach((_, row) => {
        string(body, 200, ...path, 'rows', row, 'id');
        string(body, 24, ...path, 'rows', row, 'title');
        optional(body, 72, ...path, 'rows', row, 'description');
      });
    });
    distinct(
      rows.map((row) => textAt(row, 'id')),
      'row ids',
    );
  }
  if (kind === 'cta_url') {
    string(body, 20, ...action, 'parameters', 'display_text');
    string(body, 2000, ...action, 'parameters', 'url');
  }
}

function distinct(ids: unknown[], what: string): void {
  if (new Set(ids).size < ids.length) refuse(131009, `Duplicated ${what}`);
}
