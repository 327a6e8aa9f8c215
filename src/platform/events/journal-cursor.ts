import { AppError } from '../../common/app-error';

/**
 * A place in the journal: everything that was visible in the snapshot `base` has been read, and of what became
 * visible between `base` and `upto`, the entries up to id `after`.
 *
 * As text, for clients: `base` or `base~upto~after`, opaque to them.
 */
export interface JournalCursor {
  base: string;
  upto: string | null;
  after: number;
}

const SNAPSHOT = /^\d{1,20}:\d{1,20}:(\d{1,20}(,\d{1,20})*)?$/;
const MAX_LENGTH = 20_000;

export function formatCursor(cursor: JournalCursor): string {
  return cursor.upto === null ? cursor.base : `${cursor.base}~${cursor.upto}~${cursor.after}`;
}

/** Throws `CURSOR_INVALID` for anything that {@link formatCursor} did not make. */
export function parseCursor(text: unknown): JournalCursor {
  const parts = typeof text === 'string' && text.length <= MAX_LENGTH ? text.split('~') : [];
  const [base, upto, after] = parts;
  if (base !== undefined && SNAPSHOT.test(base)) {
    if (parts.length === 1) return { base, upto: null, after: 0 };
    if (parts.length === 3 && SNAPSHOT.test(upto!) && /^\d{1,15}$/.test(after!))
      return { base, upto: upto!, after: Number(after) };
  }
  throw new AppError('CURSOR_INVALID', 'This is not a cursor that the server gave out.');
}
