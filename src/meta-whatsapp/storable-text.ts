/** Longest text kept of any one field, in UTF-16 units. WhatsApp's own limit for a text is 4,096. */
export const MAX_TEXT_LENGTH = 65_536;

/** Levels of nesting that `storableJson` keeps. */
export const MAX_JSON_DEPTH = 32;

const TOO_DEEP = '[nested too deeply]';

/** ES2024, in Node since version 20; the compiler's es2023 library does not know it. */
interface WellFormedString {
  isWellFormed(): boolean;
  toWellFormed(): string;
}

/** Whether PostgreSQL can store the text as it is: no NUL, no lone surrogate. */
export function isStorable(text: string): boolean {
  return (text as unknown as WellFormedString).isWellFormed() && !text.includes('\u0000');
}

/**
 * The text with what PostgreSQL refuses in `text` and `jsonb` made visible: NUL becomes `␀` (U+2400), a lone
 * surrogate becomes U+FFFD. Deterministic; a text without them is returned as it is.
 */
export function storableText(text: string): string {
  if (isStorable(text)) return text;
  return (text as unknown as WellFormedString).toWellFormed().replaceAll('\u0000', '\u2400');
}

/** At most `max` UTF-16 units of the text, never half of a surrogate pair. */
export function cutText(text: string, max: number): string {
  if (text.length <= max) return text;
  const last = text.charCodeAt(max - 1);
  const splitsPair = last >= 0xd800 && last <= 0xdbff;
  return text.slice(0, splitsPair ? max - 1 : max);
}

/** At most `max` code points of the text. */
export function cutCodePoints(text: string, max: number): string {
  if (text.length <= max) return text;
  return Array.from(text.slice(0, 2 * max))
    .slice(0, max)
    .join('');
}

/**
 * A copy of a JSON value in which every text and key is storable and nothing is nested deeper than
 * `MAX_JSON_DEPTH` (so that `JSON.stringify` of it cannot overflow the stack).
 */
export function storableJson(value: unknown, depth = MAX_JSON_DEPTH): unknown {
  if (typeof value === 'string') return storableText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth <= 0) return TOO_DEEP;
  if (Array.isArray(value)) return value.map((item) => storableJson(item, depth - 1));
  // fromEntries defines properties, so a key named __proto__ stays a plain key
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [storableText(key), storableJson(item, depth - 1)]),
  );
}
