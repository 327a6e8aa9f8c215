import { AppError } from './app-error';

/** A list that is read on from a place in it. A cursor is null where nothing follows in its direction. */
export interface CursorPage<T> {
  data: T[];
  next_cursor: string | null;
  prev_cursor: string | null;
}

/** The values by which a list is ordered, of one row of it. Opaque to clients. */
export type CursorValues = readonly (string | number | null)[];

const MAX_LENGTH = 500;

export function encodeCursor(values: CursorValues): string {
  return Buffer.from(JSON.stringify(values)).toString('base64url');
}

/** Throws `CURSOR_INVALID` for what {@link encodeCursor} did not make, as far as `isValid` can tell. */
export function decodeCursor<Values extends unknown[]>(
  text: string,
  isValid: (values: unknown[]) => values is Values,
): Values {
  const values = text.length <= MAX_LENGTH ? parsed(text) : null;
  const known = Array.isArray(values) && encodeCursor(values as CursorValues) === text;
  if (!known || !isValid(values)) {
    throw new AppError('CURSOR_INVALID', 'This is not a cursor that the server gave out.');
  }
  return values;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    return null;
  }
}
