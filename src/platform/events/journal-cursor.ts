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

/** PostgreSQL's `xmin:xmax:xip,…`: all below xmin ended, all from xmax on yet to come, the listed ones running. */
const SNAPSHOT = /^(\d{1,19}):(\d{1,19}):(\d{1,19}(?:,\d{1,19})*)?$/;
const MAX_LENGTH = 20_000;
const MAX_XID = 2n ** 63n - 1n;

export function formatCursor(cursor: JournalCursor): string {
  return cursor.upto === null ? cursor.base : `${cursor.base}~${cursor.upto}~${cursor.after}`;
}

/** Throws `CURSOR_INVALID` for anything that {@link formatCursor} did not make. */
export function parseCursor(text: unknown): JournalCursor {
  const parts = typeof text === 'string' && text.length <= MAX_LENGTH ? text.split('~') : [];
  const [base, upto, after] = parts;
  if (base !== undefined && isSnapshot(base)) {
    if (parts.length === 1) return { base, upto: null, after: 0 };
    if (parts.length === 3 && isSnapshot(upto!) && /^\d{1,15}$/.test(after!))
      return { base, upto: upto!, after: Number(after) };
  }
  throw new AppError('CURSOR_INVALID', 'This is not a cursor that the server gave out.');
}

/** How many transactions had begun between two places; of those read to their end. */
export function transactionsBetween(from: JournalCursor, to: JournalCursor): number {
  return Number(parseSnapshot(to.base)!.xmax - parseSnapshot(from.base)!.xmax);
}

/**
 * The part of a snapshot that a crash cannot change: transactions up to `last`, the newest that left an entry.
 * PostgreSQL gives out the number of a transaction that left no trace on disk, such as one rolled back just before
 * the crash, a second time. A reader that had noted it as ended would take the entries of its second holder for
 * read. What lies beyond `last` has no entries in this snapshot, so nothing is read twice for leaving it out.
 */
export function durablePart(snapshot: string, last: string): string {
  const { xmin, xmax, running } = parseSnapshot(snapshot)!;
  const end = BigInt(last) + 1n;
  if (xmax <= end) return snapshot;
  return `${xmin < end ? xmin : end}:${end}:${running.filter((xid) => xid < end).join(',')}`;
}

function isSnapshot(text: string): boolean {
  const parsed = parseSnapshot(text);
  if (parsed === null) return false;
  const { xmin, xmax, running } = parsed;
  const bounded = running.every((xid, i) => xid >= xmin && xid < xmax && (i === 0 || xid > running[i - 1]!));
  return xmin > 0n && xmin <= xmax && xmax <= MAX_XID && bounded;
}

function parseSnapshot(text: string): { xmin: bigint; xmax: bigint; running: bigint[] } | null {
  const [, xmin, xmax, running] = SNAPSHOT.exec(text) ?? [];
  if (xmin === undefined || xmax === undefined) return null;
  return { xmin: BigInt(xmin), xmax: BigInt(xmax), running: running?.split(',').map(BigInt) ?? [] };
}
