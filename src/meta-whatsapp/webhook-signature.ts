import { createHmac, timingSafeEqual } from 'node:crypto';

const PREFIX = 'sha256=';
const HEX_LENGTH = 64;

/**
 * Whether Meta signed these bytes: `X-Hub-Signature-256` is `sha256=` and the lower-case hex HMAC-SHA256 of the
 * raw body under the app secret. Never give it re-serialised JSON: Meta escapes `/` and non-ASCII characters.
 *
 * @param raw the body exactly as received
 * @param header the header's value; a repeated header (array, or joined by commas) never verifies
 * @param secrets app secrets that are accepted, two during a rotation; empty ones never verify
 * @returns false for anything else; never throws
 */
export function verifySignature(
  raw: Buffer,
  header: string | string[] | undefined,
  secrets: readonly string[],
): boolean {
  const claimed = digestInHeader(header);
  if (claimed === null) return false;
  for (const secret of secrets) {
    if (secret === '') continue;
    if (timingSafeEqual(createHmac('sha256', secret).update(raw).digest(), claimed)) return true;
  }
  return false;
}

function digestInHeader(header: string | string[] | undefined): Buffer | null {
  if (typeof header !== 'string' || header.length !== PREFIX.length + HEX_LENGTH) return null;
  if (!header.startsWith(PREFIX)) return null;
  for (let at = PREFIX.length; at < header.length; at++) {
    const unit = header.charCodeAt(at);
    const isDigit = unit >= 0x30 && unit <= 0x39;
    const isLowerHex = unit >= 0x61 && unit <= 0x66;
    if (!isDigit && !isLowerHex) return null;
  }
  return Buffer.from(header.slice(PREFIX.length), 'hex');
}
