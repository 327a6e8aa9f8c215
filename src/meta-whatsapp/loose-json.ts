import { MAX_TEXT_LENGTH, cutCodePoints, cutText, isStorable, storableText } from './storable-text';

/**
 * An object of JSON that someone else shapes. The readers below take any value of it and answer what it means, or
 * null; an empty text counts as absent. None throws.
 */
export type Loose = { readonly [key: string]: unknown };

/** Longest id taken, in UTF-16 units: it must fit a PostgreSQL index entry (2,704 bytes). */
export const MAX_ID_LENGTH = 512;

const MAX_NAME_LENGTH = 150;
const MAX_PHONE_DIGITS = 20;
const YEAR_2100 = 4_102_444_800;

const DIGITS = /^\d{1,20}$/;
const PHONE = /^\+?[\d\s().-]+$/;
const NUMBER = /^-?\d+(\.\d+)?$/;

export function objectOf(value: unknown): Loose | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Loose) : null;
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The objects of a list; other items are passed over. */
export function objectsOf(value: unknown): Loose[] {
  return listOf(value)
    .map(objectOf)
    .filter((item) => item !== null);
}

/** A text, storable, cut at `max` units. */
export function textOf(value: unknown, max = MAX_TEXT_LENGTH): string | null {
  return typeof value === 'string' && value !== '' ? storableText(cutText(value, max)) : null;
}

/** A person's name: trimmed, at most 150 code points. */
export function nameOf(value: unknown): string | null {
  if (typeof value !== 'string') return null;
  return storableText(cutCodePoints(value.trim(), MAX_NAME_LENGTH)) || null;
}

/** An opaque id, exactly as given. An id too long or not storable is no id: changing it would make another one. */
export function idOf(value: unknown): string | null {
  if (typeof value === 'string') {
    return value !== '' && value.length <= MAX_ID_LENGTH && isStorable(value) ? value : null;
  }
  return Number.isSafeInteger(value) ? String(value) : null;
}

/** A finite number, or one written as decimal text. */
export function numberOf(value: unknown): number | null {
  if (typeof value === 'string') return value.length <= 32 && NUMBER.test(value) ? Number(value) : null;
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

/** Null if it is neither true nor false. */
export function flagOf(value: unknown): boolean | null {
  if (value === true || value === 'true') return true;
  return value === false || value === 'false' ? false : null;
}

/** A phone number as digits only; null if it holds anything that phone numbers do not. */
export function phoneOf(value: unknown): string | null {
  const given = typeof value === 'number' ? idOf(value) : value;
  if (typeof given === 'string' && DIGITS.test(given)) return given;
  if (typeof given !== 'string' || given.length > 2 * MAX_PHONE_DIGITS || !PHONE.test(given)) return null;
  const digits = given.replace(/\D/g, '');
  return digits !== '' && digits.length <= MAX_PHONE_DIGITS ? digits : null;
}

/** Unix seconds, as number or digits, between 1970 and 2100. */
export function timeOf(value: unknown): Date | null {
  const seconds = numberOf(value);
  return seconds !== null && seconds > 0 && seconds <= YEAR_2100 ? new Date(seconds * 1000) : null;
}

type Present<T> = { [K in keyof T as null extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as null extends T[K] ? K : never]?: NonNullable<T[K]>;
};

/** The same fields without those that are null. */
export function present<T extends object>(fields: T): Present<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null)) as Present<T>;
}
