import type { GraphFailure } from './graph-answer';

/** No answer came. */
export type LostCall = Extract<GraphFailure, { kind: 'not_sent' | 'unknown' }>;

/** Errors that come up only before anything of the request is written. */
const BEFORE_WRITING: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EAI_FAIL',
  'EAI_NODATA',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_REVOKED',
  'CERT_UNTRUSTED',
  'CERT_REJECTED',
  'CERT_SIGNATURE_FAILURE',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'HOSTNAME_MISMATCH',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_SSL_UNSUPPORTED_PROTOCOL',
  'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
  'ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE',
  'ERR_SSL_PACKET_LENGTH_TOO_LONG',
]);

/** System calls of the same stage: a timeout of `connect` is not one of an open connection. */
const BEFORE_WRITING_CALLS: ReadonlySet<string> = new Set(['connect', 'getaddrinfo']);

/** Words of errors without a telling code: a hang-up during the TLS handshake, a port that `fetch` never opens. */
const BEFORE_WRITING_WORDS: readonly string[] = [
  'Client network socket disconnected before secure TLS connection was established',
  'bad port',
];

/**
 * What a failed `fetch` means for the message: `not_sent` if the failure belongs to finding, reaching or trusting
 * the server, else `unknown`. Reasons name the error's code only; messages of errors may hold secrets.
 */
export function outcomeOfFailure(error: unknown): LostCall {
  const cause = fieldsOf(error).cause ?? error;
  return isBeforeWriting(cause) ? lostBefore(cause) : lostAfterwards(cause);
}

/** Where nothing of the request had left. */
export function lostBefore(cause: unknown): LostCall {
  const reason = `WhatsApp could not be reached (${codeOf(cause)}); the message was not sent`;
  return { kind: 'not_sent', reason };
}

/** Where some of it may have. */
export function lostAfterwards(cause: unknown): LostCall {
  const reason = `The connection to WhatsApp broke (${codeOf(cause)}); the message may have been sent`;
  return { kind: 'unknown', reason };
}

function isBeforeWriting(cause: unknown): boolean {
  const { code, syscall, message, errors } = fieldsOf(cause);
  // one error for each address of the host that was tried
  if (Array.isArray(errors) && errors.length > 0) return errors.every(isBeforeWriting);
  if (typeof code === 'string' && BEFORE_WRITING.has(code)) return true;
  if (typeof syscall === 'string' && BEFORE_WRITING_CALLS.has(syscall)) return true;
  return typeof message === 'string' && BEFORE_WRITING_WORDS.includes(message);
}

function codeOf(cause: unknown): string {
  const { code } = fieldsOf(cause);
  return typeof code === 'string' && /^[A-Z0-9_]{1,64}$/.test(code) ? code : 'no code';
}

interface ErrorFields {
  cause?: unknown;
  code?: unknown;
  syscall?: unknown;
  message?: unknown;
  errors?: unknown;
}

/** Not `instanceof`: errors may come from another realm. */
function fieldsOf(error: unknown): ErrorFields {
  return typeof error === 'object' && error !== null ? error : {};
}
