import { type AppError, type ErrorCode, notFound } from '../common/app-error';

/** How every error of the live chat looks. */
export interface ChatError {
  status: 'error';
  message: string;
  error_code: ErrorCode;
  details?: unknown;
}

/** What the contract says in fixed words. */
const WORDS: Partial<Record<ErrorCode, string>> = {
  PAYLOAD_TOO_LARGE: 'File too large',
  RATE_LIMITED: 'Rate limit exceeded',
};

/** The same of what the core says in words of its own. */
const SENTENCES: ReadonlyMap<string, string> = new Map([
  [notFound('conversation').message, 'Conversation not found'],
]);

export function chatErrorOf(error: AppError): ChatError {
  return {
    status: 'error',
    message: WORDS[error.code] ?? SENTENCES.get(error.message) ?? error.message,
    error_code: error.code,
    ...(error.details === undefined ? {} : { details: error.details }),
  };
}

/** An answer of the live chat. */
export interface ChatAnswer<T> {
  status: 'success';
  data: T;
}

export function answer<T>(data: T): ChatAnswer<T> {
  return { status: 'success', data };
}
