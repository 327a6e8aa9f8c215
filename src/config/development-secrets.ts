import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Secrets that nobody configured, outside production: made once and kept in the data folder, so that
 * tokens and stored credentials survive a restart.
 */
export class DevelopmentSecrets {
  private readonly file: string;

  constructor(private readonly dataDir: string) {
    this.file = join(dataDir, 'development-secrets.json');
  }

  get(name: string): string {
    const known = this.read();
    if (known[name] !== undefined) return known[name];
    mkdirSync(this.dataDir, { recursive: true });
    known[name] = randomBytes(36).toString('base64url');
    writeFileSync(this.file, `${JSON.stringify(known, null, 2)}\n`, { mode: 0o600 });
    return known[name];
  }

  private read(): Record<string, string> {
    if (!existsSync(this.file)) return {};
    return JSON.parse(readFileSync(this.file, 'utf8')) as Record<string, string>;
  }
}
