import { randomBytes } from 'node:crypto';
import { compact, type JsonObject } from './json-values';

/** A refusal in Graph's own words: `details` is what a client should read besides `code`. */
export interface GraphFailure {
  httpStatus: number;
  code: number;
  details: string;
  subcode?: number;
}

interface CodeFacts {
  httpStatus: number;
  title: string;
}

// Statuses as in Meta's table; 130429 and 131056 are answered with 429, which is what partners report.
const CODES: Record<number, CodeFacts> = {
  0: { httpStatus: 401, title: 'AuthException' },
  1: { httpStatus: 400, title: 'API Unknown' },
  2: { httpStatus: 503, title: 'API Service' },
  4: { httpStatus: 400, title: 'API Too Many Calls' },
  10: { httpStatus: 403, title: 'Permission Denied' },
  100: { httpStatus: 400, title: 'Invalid parameter' },
  190: { httpStatus: 401, title: 'Access token has expired' },
  368: { httpStatus: 403, title: 'Temporarily blocked for policies violations' },
  130429: { httpStatus: 429, title: 'Rate limit hit' },
  131000: { httpStatus: 500, title: 'Something went wrong' },
  131008: { httpStatus: 400, title: 'Required parameter is missing' },
  131009: { httpStatus: 400, title: 'Parameter value is not valid' },
  131016: { httpStatus: 500, title: 'Service unavailable' },
  131021: { httpStatus: 400, title: 'Recipient cannot be sender' },
  131026: { httpStatus: 400, title: 'Message undeliverable' },
  131047: { httpStatus: 400, title: 'Re-engagement message' },
  131048: { httpStatus: 400, title: 'Spam rate limit hit' },
  131049: { httpStatus: 400, title: 'Message not delivered to maintain healthy ecosystem engagement' },
  131050: { httpStatus: 400, title: 'User has stopped marketing messages' },
  131051: { httpStatus: 400, title: 'Unsupported message type' },
  131052: { httpStatus: 400, title: 'Media download error' },
  131053: { httpStatus: 400, title: 'Media upload error' },
  131056: { httpStatus: 429, title: '(Business Account, Consumer Account) pair rate limit hit' },
  131057: { httpStatus: 500, title: 'Account in maintenance mode' },
  132000: { httpStatus: 400, title: 'Template Param Count Mismatch' },
  132001: { httpStatus: 404, title: 'Template does not exist' },
  132012: { httpStatus: 400, title: 'Template Parameter Format Mismatch' },
};

export function errorTitle(code: number): string {
  return CODES[code]?.title ?? 'Something went wrong';
}

export function defaultHttpStatus(code: number): number {
  return CODES[code]?.httpStatus ?? 400;
}

/** A failure with the HTTP status that Meta's table gives its code. */
export function graphFailure(code: number, details: string, subcode?: number): GraphFailure {
  return compact({ httpStatus: defaultHttpStatus(code), code, details, subcode });
}

/** The body of a refused Graph call. */
export function graphErrorBody(failure: GraphFailure): JsonObject {
  const { code, details, subcode } = failure;
  // Token errors carry a plain sentence and no error_data.
  const ofToken = code === 190 || code === 0;
  return {
    error: compact({
      message: ofToken ? details : `(#${code}) ${errorTitle(code)}`,
      type: 'OAuthException',
      code,
      error_data: ofToken ? undefined : { messaging_product: 'whatsapp', details },
      error_subcode: subcode,
      fbtrace_id: `A${randomBytes(15).toString('base64url')}`,
    }),
  };
}

/** The same failure as it stands in `statuses[].errors[]` when it comes after the acceptance. */
export function statusError(code: number, details: string): JsonObject {
  const title = errorTitle(code);
  return {
    code,
    title,
    message: title,
    error_data: { details },
    href: 'https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/',
  };
}
