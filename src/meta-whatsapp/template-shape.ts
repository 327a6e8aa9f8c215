import { type Loose, objectsOf, textOf } from './loose-json';

export type TemplateButtonKind = 'quick_reply' | 'url' | 'copy_code' | 'other';

/** What a template says and what it needs, read from Meta's description of it. */
export interface TemplateShape {
  header:
    | null
    | { kind: 'text'; text: string; variables: string[] }
    | { kind: 'image' | 'video' | 'document' | 'location' }
    | { kind: 'other'; format: string };
  body: { text: string; variables: string[] };
  footer: string | null;
  buttons: TemplateButton[];
  /** Whether its variables have names rather than numbers. */
  named: boolean;
}

export interface TemplateButton {
  kind: TemplateButtonKind;
  text: string;
  /** Whether a value must come with each message. */
  needsValue: boolean;
}

const VARIABLE = /\{\{\s*(\w+)\s*\}\}/g;
const FILE_HEADERS = ['image', 'video', 'document', 'location'] as const;
const BUTTON_KINDS: Readonly<Record<string, TemplateButtonKind>> = {
  QUICK_REPLY: 'quick_reply',
  URL: 'url',
  COPY_CODE: 'copy_code',
  // The button of a one-time password takes the code as the end of an address.
  OTP: 'url',
};

/** @param components Meta's list of them, which may hold anything */
export function templateShapeOf(components: unknown, parameterFormat: string | null): TemplateShape {
  const list = objectsOf(components);
  const of = (type: string): Loose | undefined =>
    list.find((one) => textOf(one.type)?.toUpperCase() === type);
  const body = textOf(of('BODY')?.text) ?? '';
  const names = [...variablesOf(body), ...variablesOf(textOf(of('HEADER')?.text) ?? '')];
  return {
    header: headerOf(of('HEADER')),
    body: { text: body, variables: variablesOf(body) },
    footer: textOf(of('FOOTER')?.text),
    buttons: objectsOf(of('BUTTONS')?.buttons).map(buttonOf),
    named: parameterFormat === 'NAMED' || names.some((name) => !/^\d+$/.test(name)),
  };
}

/** The text with its variables filled in; one without a value stays as it is. */
export function fillIn(text: string, valueOf: (name: string) => string | undefined): string {
  return text.replaceAll(VARIABLE, (whole, name: string) => valueOf(name) ?? whole);
}

/** Each once; those with numbers in the order of these, those with names in the order of the text. */
function variablesOf(text: string): string[] {
  const names = [...new Set([...text.matchAll(VARIABLE)].map((found) => found[1]!))];
  return names.every((name) => /^\d+$/.test(name)) ? names.sort((a, b) => Number(a) - Number(b)) : names;
}

function headerOf(header: Loose | undefined): TemplateShape['header'] {
  if (header === undefined) return null;
  const format = textOf(header.format, 40)?.toLowerCase() ?? 'text';
  if (format === 'text') {
    const text = textOf(header.text) ?? '';
    return { kind: 'text', text, variables: variablesOf(text) };
  }
  const file = FILE_HEADERS.find((kind) => kind === format);
  return file === undefined ? { kind: 'other', format } : { kind: file };
}

function buttonOf(button: Loose): TemplateButton {
  const kind = BUTTON_KINDS[textOf(button.type, 40)?.toUpperCase() ?? ''] ?? 'other';
  const isOpen = variablesOf(textOf(button.url) ?? '').length > 0 || textOf(button.type) === 'OTP';
  return {
    kind,
    text: textOf(button.text) ?? '',
    needsValue: kind === 'copy_code' || (kind === 'url' && isOpen),
  };
}
