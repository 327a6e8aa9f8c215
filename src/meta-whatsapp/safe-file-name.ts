import { cutCodePoints, storableText } from './storable-text';

const MAX_STEM = 130;
const MAX_EXTENSION = 16;

const INVISIBLE = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu;
const RESERVED = /[<>:"|?*]/g;

/**
 * The base name of a file as the customer named it, safe to show and to offer for download: no folders, no control
 * or direction-changing characters, no leading dots, at most 146 code points with the extension kept.
 * Null if nothing is left.
 */
export function safeFileName(given: string): string | null {
  const base = given.slice(Math.max(given.lastIndexOf('/'), given.lastIndexOf('\\')) + 1);
  const dot = base.lastIndexOf('.');
  const stemEnd = dot > 0 && base.length - dot <= MAX_EXTENSION ? dot : base.length;
  const stem = clean(base.slice(0, Math.min(stemEnd, 10 * MAX_STEM))).replace(/^[.\s]+/, '');
  const name = cutCodePoints(stem, MAX_STEM) + clean(base.slice(stemEnd));
  return name.replace(/^\.+|[.\s]+$/g, '') || null;
}

function clean(part: string): string {
  return storableText(part.replace(INVISIBLE, '').replace(RESERVED, '_'));
}
