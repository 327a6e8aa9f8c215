import type { FileType } from './file-types';

const MAX_NAME = 200;
const INVISIBLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/gu;
const RESERVED = /[<>:"|?*]/g;
const DEVICE = /^(con|prn|aux|nul|com\d|lpt\d)$/i;

/**
 * The name a file is shown and offered under: of what the sender called it the last step, without anything invisible
 * or meaningful to a file system, and with the extension that belongs to its content.
 */
export function fileName(given: string | null, type: FileType): string {
  const base = (given ?? '')
    .slice(-4 * MAX_NAME)
    .replace(/^.*[/\\]/s, '')
    .replace(INVISIBLE, '')
    .replace(RESERVED, '_')
    .trim();
  const dot = base.lastIndexOf('.');
  const extension = base.slice(dot + 1).toLowerCase();
  const known = dot >= 0 && (extension === type.extension || type.alsoNamed?.includes(extension) === true);
  const keeps = known || (type.mimeType === 'application/octet-stream' && /^[a-z0-9]{1,16}$/.test(extension));
  const stem = (dot > 0 ? base.slice(0, dot) : base).replace(/^[.\s]+|[.\s]+$/g, '');
  const safe = Array.from(stem).slice(0, MAX_NAME).join('');
  return `${safe === '' || DEVICE.test(safe) ? 'file' : safe}.${keeps && dot > 0 ? extension : type.extension}`;
}
