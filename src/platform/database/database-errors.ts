import { AppError } from '../../common/app-error';

interface DriverError extends Error {
  code?: string;
  constraint?: string;
  driverError?: DriverError;
}

/** SQLSTATE or socket error code of a driver's error, through TypeORM's wrapping; null where there is none. */
export function sqlState(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  const inner = (error as DriverError).driverError ?? (error as DriverError);
  return inner.code ?? null;
}

/** The name of the violated constraint or unique index, to be turned into words by the feature that owns it. */
export function violatedConstraint(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  const inner = (error as DriverError).driverError ?? (error as DriverError);
  return inner.constraint ?? null;
}

export const UNIQUE_VIOLATION = '23505';
export const FOREIGN_KEY_VIOLATION = '23503';

/** Serialization failure and deadlock: the whole transaction may be tried again. */
export function isRetryable(error: unknown): boolean {
  return ['40001', '40P01'].includes(sqlState(error) ?? '');
}

const SOCKET_ERRORS = [
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EHOSTUNREACH',
];
// pg raises these without a code.
const LOST_CONNECTION =
  /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Client was closed|Driver not Connected/;

/** The database cannot be reached or cannot serve now; the same call may succeed later. */
export function isUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const state = sqlState(error);
  if (state === null) return LOST_CONNECTION.test(error.message);
  // 08 connection, 53 resources (disk, memory, connections), 57 shut down or cancelled by a timeout, 55P03 lock timeout, 58 system
  return (
    SOCKET_ERRORS.includes(state) ||
    /^(08|53|57|58)/.test(state) ||
    state === '55P03' ||
    state === '25P03' ||
    isRetryable(error)
  );
}

/** The data itself was refused: a value PostgreSQL cannot hold (22) or a broken constraint (23). */
export function isDataError(error: unknown): boolean {
  return /^(22|23)/.test(sqlState(error) ?? '');
}

/** Errors of the driver in our own words; anything else unchanged. */
export function translated(error: unknown): unknown {
  if (error instanceof AppError || !isUnavailable(error)) return error;
  return new AppError(
    'DATABASE_UNAVAILABLE',
    'The database cannot answer right now; try again in a moment.',
    undefined,
    {
      cause: error,
      retryAfterSeconds: 2,
    },
  );
}
