import { createHmac, timingSafeEqual } from 'node:crypto';

/** How far the clock of an app's server may be from ours, in ms. */
export const CLOCK_TOLERANCE_MS = 5 * 60_000;

/** What an app's server signs. */
export interface SignedCall {
  /** As it stands in `X-Timestamp`: milliseconds since 1970. */
  timestamp: string;
  method: string;
  /** With the query, as it was sent. */
  url: string;
  /** SHA-256 of the body's bytes. */
  bodyHash: Buffer;
}

/** HMAC-SHA256 with the app's secret. */
export function signatureOf(secret: string, { timestamp, method, url, bodyHash }: SignedCall): Buffer {
  return createHmac('sha256', secret)
    .update(`${timestamp}\n${method}\n${url}\n${bodyHash.toString('hex')}`)
    .digest();
}

/** @param signature hexadecimal, as it stands in `X-Signature` */
export function isSignedBy(secrets: readonly string[], call: SignedCall, signature: string): boolean {
  if (!/^[0-9a-f]{64}$/i.test(signature)) return false;
  const given = Buffer.from(signature, 'hex');
  return secrets.filter((secret) => timingSafeEqual(signatureOf(secret, call), given)).length > 0;
}

export function isTimely(timestamp: string, now: number): boolean {
  return /^\d{1,15}$/.test(timestamp) && Math.abs(now - Number(timestamp)) <= CLOCK_TOLERANCE_MS;
}
