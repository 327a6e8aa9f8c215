import { createHmac, randomBytes } from 'node:crypto';
import {
  chownSync,
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

/**
 * Secrets that nobody configured, outside production: made once and kept in the data folder, so that
 * tokens and stored credentials survive a restart.
 *
 * The file is made whole, by one of all processes that want it, and never changed. A secret that it does not name,
 * because a later version asks for it, follows from those that it does.
 */
export class DevelopmentSecrets {
  private readonly file: string;
  private known: Record<string, string> | null = null;

  constructor(
    private readonly dataDir: string,
    private readonly names: readonly string[],
  ) {
    this.file = join(dataDir, 'development-secrets.json');
  }

  /** Throws, with words for the operator, where the file can be neither read nor made. */
  get(name: string): string {
    this.known ??= this.read() ?? this.make();
    return (
      this.known[name] ?? createHmac('sha256', JSON.stringify(this.known)).update(name).digest('base64url')
    );
  }

  private read(): Record<string, string> | null {
    let text: string;
    try {
      text = readFileSync(this.file, 'utf8');
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return null;
      throw new Error(`${this.file} cannot be read: ${messageOf(error)}`, { cause: error });
    }
    const secrets = parse(text);
    if (secrets !== null) return secrets;
    throw new Error(
      `${this.file} is damaged. Put the file back from a copy; or delete it: then new secrets are made, everybody has to sign in again, and stored access tokens have to be entered anew`,
    );
  }

  private make(): Record<string, string> {
    const made = Object.fromEntries(this.names.map((name) => [name, randomBytes(36).toString('base64url')]));
    const unfinished = `${this.file}.${randomBytes(6).toString('hex')}`;
    try {
      mkdirSync(this.dataDir, { recursive: true });
      writeDurably(unfinished, `${JSON.stringify(made, null, 2)}\n`);
      giveToOwner(unfinished, this.dataDir);
      linkSync(unfinished, this.file);
    } catch (error) {
      // Else another process was quicker, and its secrets count.
      if (codeOf(error) !== 'EEXIST') {
        throw new Error(`Secrets cannot be kept in ${this.dataDir}: ${messageOf(error)}`, { cause: error });
      }
    } finally {
      rmSync(unfinished, { force: true });
    }
    return this.read() ?? made;
  }
}

function parse(text: string): Record<string, string> | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
    const secrets = Object.entries(value);
    const whole =
      secrets.length > 0 && secrets.every(([, secret]) => typeof secret === 'string' && secret.length >= 16);
    return whole ? (value as Record<string, string>) : null;
  } catch {
    return null;
  }
}

function writeDurably(file: string, text: string): void {
  const handle = openSync(file, 'wx', 0o600);
  try {
    writeSync(handle, text);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** An ordinary user's folder stays theirs after a run by root. */
function giveToOwner(file: string, folder: string): void {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = statSync(folder);
  chownSync(file, uid, gid);
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
