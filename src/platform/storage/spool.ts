import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream, type WriteStream } from 'node:fs';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { AppError } from '../../common/app-error';
import { CONFIG, type Config } from '../../config/config';

/** What lies in the spool longer than this, in ms, was left by a process that died. */
const FORGOTTEN_MS = 24 * 3_600_000;

/** A file of this machine that is being looked at. */
export interface Spooled {
  path: string;
  size: number;
  /** Hexadecimal. */
  sha256: string;
}

/** Thrown by {@link Spool.use} where more comes than was allowed. */
export class TooLarge extends Error {
  override readonly name = 'TooLarge';
}

/** Where incoming files wait on disk until it is known what they are. */
@Injectable()
export class Spool implements OnApplicationBootstrap {
  private readonly folder: string;

  constructor(@Inject(CONFIG) config: Config) {
    // On the same file system as the files of DiskStorage, which takes them over by a new name.
    this.folder = join(config.dataDir, 'files', 'incoming');
  }

  async onApplicationBootstrap(): Promise<void> {
    for (const name of await readdir(this.folder).catch(() => [])) {
      const path = join(this.folder, name);
      const age = await stat(path).then(
        ({ mtimeMs }) => Date.now() - mtimeMs,
        () => 0,
      );
      if (age > FORGOTTEN_MS) await rm(path, { force: true });
    }
  }

  /** Writes all of `source` to disk and calls `fn`; afterwards nothing of it is left here, whatever happened. */
  async use<T>(source: Readable | Buffer, limit: number, fn: (file: Spooled) => Promise<T>): Promise<T> {
    const path = join(this.folder, randomUUID());
    let target: WriteStream | null = null;
    try {
      const hash = createHash('sha256');
      let size = 0;
      const count = new Transform({
        transform(chunk: Buffer, _, done) {
          size += chunk.length;
          if (size > limit) return done(new TooLarge());
          hash.update(chunk);
          done(null, chunk);
        },
      });
      await mkdir(this.folder, { recursive: true }).catch(noRoom);
      target = createWriteStream(path, { flags: 'wx', mode: 0o600 });
      const input = Buffer.isBuffer(source) ? Readable.from([source]) : source;
      await pipeline(input, count, target).catch(noRoom);
      return await fn({ path, size, sha256: hash.digest('hex') });
    } finally {
      await closed(target);
      await rm(path, { force: true }).catch(() => undefined);
    }
  }
}

/** A stream that is given up may still be about to make its file. */
async function closed(stream: WriteStream | null): Promise<void> {
  if (stream !== null && !stream.closed) await new Promise<void>((done) => stream.once('close', done));
}

/** A full disk is the server's trouble; anything else is told as it is. */
function noRoom(error: unknown): never {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== undefined && /^(ENOSPC|EDQUOT|EFBIG|EROFS|EACCES|EMFILE|EIO)$/.test(code))
    throw new AppError('STORAGE_UNAVAILABLE', 'Files cannot be stored right now.', undefined, {
      cause: error,
    });
  throw error;
}
