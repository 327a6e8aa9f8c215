import { createHash, randomBytes } from 'node:crypto';
import { newObjectId } from './identifiers';

export interface StoredMedia {
  id: string;
  mimeType: string;
  bytes: Buffer;
  /** Base64, as everywhere in the Cloud API. */
  sha256: string;
  /** Milliseconds since 1970. */
  expiresAt: number;
  /** The number it was uploaded to; absent for what customers sent. */
  phoneNumberId?: string;
}

const DAY = 86_400_000;
const UPLOAD_LIFE = 30 * DAY;
const INBOUND_LIFE = 7 * DAY;
const LINK_LIFE = 5 * 60_000;

const MEGABYTE = 1024 * 1024;
const OFFICE = 'application/vnd.openxmlformats-officedocument';
const LIMITS: { limit: number; types: string[] }[] = [
  { limit: 16 * MEGABYTE, types: ['audio/aac', 'audio/amr', 'audio/mpeg', 'audio/mp4', 'audio/ogg'] },
  { limit: 16 * MEGABYTE, types: ['video/mp4', 'video/3gpp'] },
  { limit: 5 * MEGABYTE, types: ['image/jpeg', 'image/png'] },
  { limit: 500 * 1024, types: ['image/webp'] },
  {
    limit: 100 * MEGABYTE,
    types: [
      'text/plain',
      'application/pdf',
      'application/msword',
      'application/vnd.ms-excel',
      'application/vnd.ms-powerpoint',
      `${OFFICE}.wordprocessingml.document`,
      `${OFFICE}.spreadsheetml.sheet`,
      `${OFFICE}.presentationml.presentation`,
    ],
  },
];

export const UPLOAD_TYPES = LIMITS.flatMap((each) => each.types);

/** `audio/ogg; codecs=opus` without its parameters. */
export function bareType(mimeType: string): string {
  return (mimeType.split(';')[0] ?? '').trim().toLowerCase();
}

/** The largest upload of this type in bytes, or undefined for a type that Meta does not take. */
export function uploadLimit(mimeType: string): number | undefined {
  return LIMITS.find((each) => each.types.includes(bareType(mimeType)))?.limit;
}

/** Media in memory, with Meta's lifetimes: 30 days uploaded, 7 days inbound, 5 minutes for a link. */
export class MediaStore {
  private readonly media = new Map<string, StoredMedia>();
  private readonly links = new Map<string, { id: string; expiresAt: number }>();

  constructor(private readonly now: () => number) {}

  put(bytes: Buffer, mimeType: string, phoneNumberId?: string): StoredMedia {
    const stored: StoredMedia = {
      id: newObjectId(),
      mimeType,
      bytes,
      sha256: createHash('sha256').update(bytes).digest('base64'),
      expiresAt: this.now() + (phoneNumberId === undefined ? INBOUND_LIFE : UPLOAD_LIFE),
      ...(phoneNumberId === undefined ? {} : { phoneNumberId }),
    };
    this.media.set(stored.id, stored);
    return stored;
  }

  find(id: string): StoredMedia | undefined {
    const stored = this.media.get(id);
    if (!stored || stored.expiresAt > this.now()) return stored;
    this.delete(id);
    return undefined;
  }

  delete(id: string): boolean {
    return this.media.delete(id);
  }

  /** A secret word for a download link that lives five minutes. */
  link(id: string): string {
    const now = this.now();
    for (const [word, link] of this.links) if (link.expiresAt <= now) this.links.delete(word);
    const word = randomBytes(18).toString('base64url');
    this.links.set(word, { id, expiresAt: now + LINK_LIFE });
    return word;
  }

  byLink(word: string): StoredMedia | undefined {
    const link = this.links.get(word);
    return link && link.expiresAt > this.now() ? this.find(link.id) : undefined;
  }

  clear(): void {
    this.media.clear();
    this.links.clear();
  }
}
