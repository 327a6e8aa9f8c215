import { HttpException } from '@nestjs/common';
import { AppError, ERROR_STATUS, type ErrorCode } from '../../common/app-error';
import { isDataError, translated } from '../database/database-errors';

/** What the framework throws by itself, by status. */
const CODE_OF_STATUS: Partial<Record<number, ErrorCode>> = {
  400: 'VALIDATION_FAILED',
  401: 'UNAUTHENTICATED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_ALLOWED',
  413: 'PAYLOAD_TOO_LARGE',
  414: 'URI_TOO_LONG',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  429: 'RATE_LIMITED',
  431: 'HEADERS_TOO_LARGE',
  503: 'UNAVAILABLE',
};

/** Any thrown value as the one error class. What has no meaning for the caller becomes `INTERNAL`. */
export function toAppError(thrown: unknown): AppError {
  const error = translated(thrown);
  if (error instanceof AppError) return error;
  if (error instanceof HttpException) return ofStatus(error.getStatus(), error.message, error);
  if (isDataError(error)) {
    return new AppError('VALIDATION_FAILED', 'A value cannot be stored as it is.', undefined, {
      cause: error,
    });
  }
  const status = (error as { statusCode?: unknown } | null)?.statusCode; // Fastify's own errors
  if (error instanceof Error && typeof status === 'number' && status < 500)
    return ofStatus(status, error.message, error);
  return new AppError(
    'INTERNAL',
    'Something went wrong on the server. The request id helps to find out what.',
    undefined,
    {
      cause: error,
    },
  );
}

function ofStatus(status: number, message: string, cause: unknown): AppError {
  const code = CODE_OF_STATUS[status];
  if (code !== undefined) return new AppError(code, message, undefined, { cause });
  const fallback: ErrorCode = status >= 500 ? 'INTERNAL' : 'VALIDATION_FAILED';
  return new AppError(
    fallback,
    ERROR_STATUS[fallback] === 500 ? 'Something went wrong on the server.' : message,
    undefined,
    { cause },
  );
}
