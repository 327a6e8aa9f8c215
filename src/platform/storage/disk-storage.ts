import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { AppError, notFound } from '../../common/app-error';
import { type ByteRange, type Content, ObjectStorage } from './object-storage';

/** Steps of lower-case words and digits: nothing that could lead out of the folder, on any file system. */
const KEY = /^[a-z0-9-]+(\/[a-z0-9-]+)*(\.[a-z0-9]+)?$/;

/** Files in a folder of this machine, or one that all machines of the installation share. */
export class DiskStorage extends ObjectStorage {
  readonly description: string;

  constructor(private readonly folder: string) {
    super();
    this.description = `the folder ${folder}`;
  }

  async put(key: string, content: Content): Promise<void> {
    const path = this.pathOf(key);
    await unlessUnavailable(async () => {
      await mkdir(dirname(path), { recursive: true });
      const unfinished = Buffer.isBuffer(content) ? unfinishedOf(path) : content.file;
      if (Buffer.isBuffer(content)) await writeDurably(unfinished, (file) => file.writeFile(content));
      else await writeDurably(unfinished, () => Promise.resolve(), 'r+');
      await rename(unfinished, path);
      await syncFolder(dirname(path));
    });
  }

  async open(key: string, range?: ByteRange): Promise<Readable> {
    const path = this.pathOf(key);
    const file = await unlessUnavailable(() => open(path, 'r'));
    return createReadStream(path, { ...range, fd: file });
  }

  async size(key: string): Promise<number | null> {
    try {
      return (await stat(this.pathOf(key))).size;
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return null;
      throw unavailable(error);
    }
  }

  async delete(keys: string[]): Promise<void> {
    const paths = keys.map((key) => this.pathOf(key)).flatMap((path) => [path, unfinishedOf(path)]);
    await unlessUnavailable(() => Promise.all(paths.map((path) => rm(path, { force: true }))));
  }

  async isUp(): Promise<boolean> {
    return await mkdir(this.folder, { recursive: true }).then(
      () => true,
      () => false,
    );
  }

  private pathOf(key: string): string {
    if (!KEY.test(key)) throw new Error(`${key} is no key of a file.`);
    return join(this.folder, key);
  }
}

/** Where a file is written until it is whole; a full disk or a crash leaves it behind. */
function unfinishedOf(path: string): string {
  return `${path}.part`;
}

async function writeDurably(
  path: string,
  write: (file: FileHandle) => Promise<void>,
  flags = 'w',
): Promise<void> {
  const file = await open(path, flags, 0o600);
  try {
    await write(file);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** A new name is durable once its folder is. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function unlessUnavailable<T>(fn: () => Promise<T>): Promise<T> {
  try {
    return await fn();
  } catch (error) {
    throw codeOf(error) === 'ENOENT' ? notFound('file') : unavailable(error);
  }
}

function unavailable(cause: unknown): AppError {
  return new AppError('STORAGE_UNAVAILABLE', 'Files cannot be stored or read right now.', undefined, {
    cause,
  });
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
