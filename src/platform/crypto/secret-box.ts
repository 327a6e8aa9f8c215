import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '../../config/config';

/** `v2:<key>:<nonce>:<text>:<tag>`; version 1 did not say which key it was. */
const FORMAT = 'v2';
const FORMAT_WITHOUT_KEY = 'v1';

interface Key {
  /** Says which key a text was sealed with, and nothing about the key. */
  id: string;
  bytes: Buffer;
}

interface Sealed {
  /** Null: any may be it. */
  keyId: string | null;
  nonce: string;
  text: string;
  tag: string;
}

/**
 * Encrypts stored credentials: AES-256-GCM under a key that is not in the database. It seals with the current key and
 * opens what any of the known ones has sealed. `context` (see `contextOf`) is bound to the text: moved elsewhere, it
 * does not open.
 */
@Injectable()
export class SecretBox {
  private readonly current: Key;
  private readonly keys: readonly Key[];

  constructor(@Inject(CONFIG) config: Config) {
    this.current = keyOf(config.security.encryptionKey);
    this.keys = [this.current, ...config.security.previousEncryptionKeys.map(keyOf)];
  }

  seal(plain: string, context: string): string {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', this.current.bytes, nonce).setAAD(Buffer.from(context));
    const sealed = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
    return [
      FORMAT,
      this.current.id,
      nonce.toString('base64url'),
      sealed.toString('base64url'),
      cipher.getAuthTag().toString('base64url'),
    ].join(':');
  }

  /** Throws where its key is not known, or the text was changed or belongs to another context. */
  open(box: string, context: string): string {
    const sealed = parse(box);
    let cause: unknown;
    for (const key of this.keys) {
      if (sealed.keyId !== null && sealed.keyId !== key.id) continue;
      try {
        return decrypt(sealed, key, context);
      } catch (error) {
        cause = error;
      }
    }
    throw new Error(
      'A stored credential cannot be opened: was ENCRYPTION_KEY changed, and the old one not kept in ENCRYPTION_KEY_PREVIOUS?',
      { cause },
    );
  }

  /** Whether it was sealed with the key that seals now. */
  isCurrent(box: string): boolean {
    return box.startsWith(`${FORMAT}:${this.current.id}:`);
  }
}

function keyOf(secret: string): Key {
  const derive = (purpose: string, bytes: number): Buffer =>
    Buffer.from(hkdfSync('sha256', secret, '', purpose, bytes));
  return {
    id: derive('apicechat key name', 6).toString('base64url'),
    bytes: derive('apicechat stored credentials', 32),
  };
}

function parse(box: string): Sealed {
  const parts = box.split(':');
  const format = parts.shift();
  const keyId = format === FORMAT ? parts.shift() : null;
  const [nonce, text, tag, ...more] = parts;
  const known = (format === FORMAT && keyId) || format === FORMAT_WITHOUT_KEY;
  if (!known || !nonce || text === undefined || !tag || more.length > 0)
    throw new Error('Not a sealed credential.');
  return { keyId: keyId ?? null, nonce, text, tag };
}

function decrypt({ nonce, text, tag }: Sealed, { bytes }: Key, context: string): string {
  const decipher = createDecipheriv('aes-256-gcm', bytes, Buffer.from(nonce, 'base64url'), {
    authTagLength: 16,
  })
    .setAAD(Buffer.from(context))
    .setAuthTag(Buffer.from(tag, 'base64url'));
  return Buffer.concat([decipher.update(Buffer.from(text, 'base64url')), decipher.final()]).toString('utf8');
}
