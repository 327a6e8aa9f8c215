import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '../../config/config';

const FORMAT = 'v1';

/**
 * Encrypts stored credentials: AES-256-GCM under a key that is not in the database.
 * `context` (such as the table, column and workspace) is bound to the text: moved elsewhere, it does not open.
 */
@Injectable()
export class SecretBox {
  private readonly key: Buffer;

  constructor(@Inject(CONFIG) config: Config) {
    this.key = Buffer.from(
      hkdfSync('sha256', config.security.encryptionKey, '', 'apicechat stored credentials', 32),
    );
  }

  seal(plain: string, context: string): string {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', this.key, nonce).setAAD(Buffer.from(context));
    const sealed = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
    return [
      FORMAT,
      nonce.toString('base64url'),
      sealed.toString('base64url'),
      cipher.getAuthTag().toString('base64url'),
    ].join(':');
  }

  /** Throws where the key is another one, or the text was changed or belongs to another context. */
  open(box: string, context: string): string {
    const [format, nonce, sealed, tag] = box.split(':');
    if (format !== FORMAT || !nonce || sealed === undefined || !tag)
      throw new Error('Not a sealed credential.');
    try {
      const decipher = createDecipheriv('aes-256-gcm', this.key, Buffer.from(nonce, 'base64url'), {
        authTagLength: 16,
      })
        .setAAD(Buffer.from(context))
        .setAuthTag(Buffer.from(tag, 'base64url'));
      return Buffer.concat([decipher.update(Buffer.from(sealed, 'base64url')), decipher.final()]).toString(
        'utf8',
      );
    } catch (cause) {
      throw new Error('A stored credential cannot be opened: was ENCRYPTION_KEY changed?', { cause });
    }
  }
}
