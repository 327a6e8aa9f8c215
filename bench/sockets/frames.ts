import { randomBytes } from 'node:crypto';

const MEDIUM = 126;
const LONG = 127;
const TEXT_FRAME = 0x81;
const MASKED = 0x80;

/** Cuts what comes over a WebSocket into the payloads of its frames, which are whole, unmasked and uncompressed. */
export class Frames {
  private rest: Buffer | null = null;

  /** `take` gets each payload as a part of a larger buffer that is only good until it returns. */
  constructor(private readonly take: (bytes: Buffer, from: number, length: number) => void) {}

  push(chunk: Buffer): void {
    const bytes = this.rest === null ? chunk : Buffer.concat([this.rest, chunk]);
    let at = 0;
    while (bytes.length - at >= 2) {
      const short = bytes[at + 1]! & 0x7f;
      const head = short === MEDIUM ? 4 : short === LONG ? 10 : 2;
      if (bytes.length - at < head) break;
      const length =
        short === MEDIUM
          ? bytes.readUInt16BE(at + 2)
          : short === LONG
            ? Number(bytes.readBigUInt64BE(at + 2))
            : short;
      if (bytes.length - at < head + length) break;
      this.take(bytes, at + head, length);
      at += head + length;
    }
    this.rest = at === bytes.length ? null : Buffer.from(bytes.subarray(at));
  }
}

/** A text as a client's frame. */
export function textFrame(text: string): Buffer {
  const payload = Buffer.from(text);
  const mask = randomBytes(4);
  for (let n = 0; n < payload.length; n++) payload[n]! ^= mask[n & 3]!;
  const head =
    payload.length < MEDIUM
      ? Buffer.from([TEXT_FRAME, MASKED | payload.length])
      : Buffer.from([TEXT_FRAME, MASKED | MEDIUM, payload.length >> 8, payload.length & 0xff]);
  return Buffer.concat([head, mask, payload]);
}
