import type { LoggerService } from '@nestjs/common';
import pino, { type DestinationStream, type Logger, type LoggerOptions } from 'pino';
import { currentRequestId } from './request-context';

/** Keys whose values never reach a log line, at any depth that we log. */
const SECRET_KEYS = [
  'password',
  'access_token',
  'accessToken',
  'token',
  'authorization',
  'secret',
  'appSecret',
  'jwtSecret',
  'encryptionKey',
  'x-hub-signature-256',
  'cookie',
];
const SECRET_PATHS = SECRET_KEYS.flatMap((key) => [`["${key}"]`, `*["${key}"]`, `*.*["${key}"]`]);

/** Credentials inside free text: URLs with a password, bearer tokens. */
export function strikeOut(text: string): string {
  return text
    .replace(/\b([a-z][a-z0-9+.-]*:\/\/[^\s:/@]*):[^\s@/]+@/gi, '$1:***@')
    .replace(/\b(bearer)\s+[\w.~+/-]{8,}=*/gi, '$1 ***');
}

/** JSON lines, to standard output unless told otherwise. */
export function createLogger(level: string, destination?: DestinationStream): Logger {
  const options: LoggerOptions = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: SECRET_PATHS, censor: '***' },
    mixin: () => {
      const requestId = currentRequestId();
      return requestId === undefined ? {} : { requestId };
    },
    serializers: {
      err: (error: Error) => ({
        type: error.name,
        message: strikeOut(error.message),
        stack: strikeOut(error.stack ?? ''),
      }),
    },
  };
  return pino(options, destination);
}

/** Nest's own messages, as lines of ours. */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, context?: string): void {
    this.logger.debug({ context }, String(message));
  }
  warn(message: unknown, context?: string): void {
    this.logger.warn({ context }, String(message));
  }
  error(message: unknown, stack?: string, context?: string): void {
    this.logger.error({ context, stack: stack && strikeOut(stack) }, strikeOut(String(message)));
  }
}
