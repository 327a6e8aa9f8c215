/**
 * Every error a caller may see has a code, and the code alone decides the HTTP status.
 * Codes are a contract: clients branch on them, so one is added or retired, never renamed.
 * Sockets answer with the same object (`exception` event or acknowledgement).
 */
export const ERROR_STATUS = {
  VALIDATION_FAILED: 400,
  MALFORMED_BODY: 400,
  CURSOR_INVALID: 400,
  SPAM_REFUSED: 400,
  UNAUTHENTICATED: 401,
  INVALID_CREDENTIALS: 401,
  INVALID_SIGNATURE: 401,
  FORBIDDEN: 403,
  ACCESS_UNDECLARED: 403,
  VERIFY_TOKEN_MISMATCH: 403,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  CONFLICT: 409,
  IDEMPOTENCY_KEY_REUSED: 409,
  CONVERSATION_CLOSED: 409,
  WINDOW_CLOSED: 409,
  CHANNEL_NOT_CONNECTED: 409,
  RESYNC_REQUIRED: 410,
  PAYLOAD_TOO_LARGE: 413,
  URI_TOO_LONG: 414,
  UNSUPPORTED_MEDIA_TYPE: 415,
  RANGE_NOT_SATISFIABLE: 416,
  RATE_LIMITED: 429,
  HEADERS_TOO_LARGE: 431,
  INTERNAL: 500,
  PROVIDER_FAILED: 502,
  UNAVAILABLE: 503,
  DATABASE_UNAVAILABLE: 503,
  STORAGE_UNAVAILABLE: 503,
} as const satisfies Record<string, number>;

export type ErrorCode = keyof typeof ERROR_STATUS;

/** What a caller is told, over HTTP and over sockets alike. */
export interface ErrorBody {
  statusCode: number;
  code: ErrorCode;
  message: string;
  details?: unknown;
  requestId?: string;
}

/** A failure with a meaning for the caller. Anything else that is thrown becomes `INTERNAL`. */
export class AppError extends Error {
  override readonly name = 'AppError';

  /**
   * @param message one plain sentence for a person; never a secret, an SQL text or a stack
   * @param details machine-readable extras, such as the fields that failed validation
   */
  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly details?: unknown,
    options?: { cause?: unknown; retryAfterSeconds?: number },
  ) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.retryAfterSeconds = options?.retryAfterSeconds;
  }

  /** Seconds a client should wait, sent as `Retry-After`. */
  readonly retryAfterSeconds: number | undefined;

  get status(): number {
    return ERROR_STATUS[this.code];
  }

  toBody(requestId?: string): ErrorBody {
    return {
      statusCode: this.status,
      code: this.code,
      message: this.message,
      ...(this.details === undefined ? {} : { details: this.details }),
      ...(requestId === undefined ? {} : { requestId }),
    };
  }
}

/** A missing thing and one the caller may not see answer the same, so that nobody can tell them apart. */
export function notFound(what: string): AppError {
  return new AppError('NOT_FOUND', `No such ${what}.`);
}

/** One field of what was asked is not as it must be: the same form as of a body that does not validate. */
export function invalid(field: string, problem: string): AppError {
  return new AppError('VALIDATION_FAILED', problem, [{ field, problem }]);
}
