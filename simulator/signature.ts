import { createHmac } from 'node:crypto';

/**
 * JSON in the byte form Meta sends and signs: every non-ASCII UTF-16 unit as `\uXXXX` with lower-case hex
 * digits, and every slash as `\/`. A receiver that serialises the parsed body again gets other bytes.
 */
export function metaJson(value: unknown): Buffer {
  const text = JSON.stringify(value)
    .replace(/\//g, '\\/')
    .replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return Buffer.from(text, 'ascii');
}

/** The value of `X-Hub-Signature-256` for exactly these bytes. */
export function sign(body: Buffer, appSecret: string): string {
  return `sha256=${createHmac('sha256', appSecret).update(body).digest('hex')}`;
}
