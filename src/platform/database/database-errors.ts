import { isNativeError } from 'node:util/types';
import { AppError } from '../../common/app-error';

/** The server must not start like this; the message tells the operator what to do. */
export class StartRefused extends Error {
  override readonly name = 'StartRefused';
}

interface DriverError extends Error {
  code?: string;
  constraint?: string;
  driverError?: DriverError;
}

/** The driver's error itself, out of TypeORM's wrapping. */
function unwrapped(error: unknown): DriverError | null {
  if (!isNativeError(error)) return null;
  const outer: DriverError = error;
  return outer.driverError ?? outer;
}

/** SQLSTATE or socket error code of a driver's error; null where there is none. */
export function sqlState(error: unknown): string | null {
  return unwrapped(error)?.code ?? null;
}

export const UNIQUE_VIOLATION = '23505';
export const FOREIGN_KEY_VIOLATION = '23503';
export const LOCK_NOT_AVAILABLE = '55P03';
export const QUERY_CANCELED = '57014';
/** Of every statement after one that failed. */
export const TRANSACTION_ABORTED = '25P02';

/** Which constraint a driver's error is about; null where it is about none. */
export function constraintOf(error: unknown): string | null {
  return unwrapped(error)?.constraint ?? null;
}

/** What a transaction had read was changed by another one before it could build on it: it is to be run again. */
export class Overtaken extends Error {
  override readonly name = 'Overtaken';
  readonly code = '40001';
}

/** The database may do what was asked for, but not in time. */
export class DatabaseLate extends Error {
  override readonly name = 'DatabaseLate';
  readonly code = 'ETIMEDOUT';

  constructor() {
    super('The database did not answer in time.');
  }
}

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
  /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Client was closed|Driver not Connected|Cannot use a pool after calling end/;

/** The database cannot be reached or cannot serve now; the same call may succeed later. */
export function isUnavailable(error: unknown): boolean {
  if (!isNativeError(error)) return false;
  const state = sqlState(error);
  if (state === null) return LOST_CONNECTION.test(error.message);
  // 08 connection, 53 resources (disk, memory, connections), 57 shut down or cancelled by a timeout, 55P03 lock timeout, 58 system
  return (
    SOCKET_ERRORS.includes(state) ||
    /^(08|53|57|58)/.test(state) ||
    state === LOCK_NOT_AVAILABLE ||
    state === '25P03' ||
    isRetryable(error)
  );
}

/** The data itself was refused: a value PostgreSQL cannot hold (22) or a broken constraint (23). */
export function isDataError(error: unknown): boolean {
  return /^(22|23)/.test(sqlState(error) ?? '');
}

/** What a caller is told whose connection broke, whatever the broken connection made of it. */
export function connectionLost(error: unknown): unknown {
  if (error instanceof AppError || isUnavailable(error)) return error;
  return new Error('Connection terminated', { cause: error });
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
