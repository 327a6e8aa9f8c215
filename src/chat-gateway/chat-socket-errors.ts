import { chatErrorOf } from '../app-chat/chat.errors';
import type { AppError } from '../common/app-error';
import type { SocketError, SupportError } from './chat-payloads';

/** What the contract calls otherwise on sockets than over HTTP. */
const WORDS: Partial<Record<AppError['code'], string>> = { UNAUTHENTICATED: 'UNAUTHORIZED' };

/** An error as the events `error` and `connect_error` bring it. */
export function socketErrorOf(error: AppError): SocketError {
  return { code: WORDS[error.code] ?? error.code, message: chatErrorOf(error).message };
}

/** The same as `chat-error`. */
export function supportErrorOf(error: AppError): SupportError {
  return { ...socketErrorOf(error), error_code: error.code };
}
