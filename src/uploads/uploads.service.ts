import { randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { AppError } from '../common/app-error';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { JobQueue } from '../platform/jobs/job-queue';
import { LOGGER } from '../platform/observability/observability.module';
import { type ByteRange, type Content, ObjectStorage } from '../platform/storage/object-storage';
import { Spool, type Spooled, TooLarge } from '../platform/storage/spool';
import { detectType } from './detect-type';
import { fileName } from './file-name';
import { type FileType, inMegabytes, isAccepted, LIMITS, NAMES, UNKNOWN_TYPE } from './file-types';
import type { Upload, UploadKind } from './upload.types';
import { type NewUpload, UploadsRepository } from './uploads.repository';

/** A file that no upload has claimed for this long, in ms, was left behind. Storing one takes minutes at most. */
const CLAIM_WITHIN_MS = 2 * 3_600_000;
/** What providers let customers send, in bytes. */
const CUSTOMER_LIMIT = 100 * 1024 * 1024;

export const SWEEP = 'uploads.sweep';

export interface StoreOptions {
  /** What the sender calls it. */
  name: string | null;
  /** Any other kind is refused. */
  only?: UploadKind;
  /** `customer`: any type, up to 100 MB. Default `staff`: the types and sizes that may be uploaded. */
  from?: 'staff' | 'customer';
  /** Looks at the bytes before anything is stored; what it throws refuses them. */
  check?: (file: Spooled) => void;
  /** Runs in the transaction that stores the upload: both happen or neither. */
  together?: (upload: Upload) => Promise<void>;
}

/** Keeps files: whole, or not at all. */
@Injectable()
export class UploadsService {
  constructor(
    private readonly work: UnitOfWork,
    private readonly rows: UploadsRepository,
    private readonly storage: ObjectStorage,
    private readonly spool: Spool,
    private readonly jobs: JobQueue,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Not within a unit of work: this waits for the network and disks. */
  async store(
    scope: { workspaceId: number; userId: number | null },
    source: Readable | Buffer,
    options: StoreOptions,
  ): Promise<Upload> {
    const limit = limitOf(options);
    try {
      return await this.spool.use(source, limit, async (file) => {
        options.check?.(file);
        return await this.keep(scope, file, options);
      });
    } catch (error) {
      if (error instanceof TooLarge) throw tooLarge(options, limit);
      throw error;
    }
  }

  /** Within an open unit of work. In the order of their ids; missing ones are left out. */
  async find(ids: number[]): Promise<Upload[]> {
    return ids.length === 0 ? [] : await this.rows.findMany(ids);
  }

  /** Not within a unit of work. */
  async open(upload: Upload, range?: ByteRange): Promise<Readable> {
    return await this.storage.open(upload.storageKey, range);
  }

  /** In this order, so that no crash leaves a row without its file, nor a file that nobody knows of. */
  private async keep(
    scope: { workspaceId: number; userId: number | null },
    file: Spooled,
    options: StoreOptions,
  ): Promise<Upload> {
    if (file.size === 0) throw new AppError('VALIDATION_FAILED', 'The file is empty.');
    const type = await typeOf(file, options);
    const row: NewUpload = {
      kind: type.kind,
      mimeType: type.mimeType,
      name: fileName(options.name, type),
      fileSize: file.size,
      sha256: file.sha256,
      width: null,
      height: null,
      durationMs: null,
      storageKey: newKey(scope.workspaceId, type),
      thumbnailKey: null,
      previewKey: null,
      createdBy: scope.userId,
    };
    const contents = new Map<string, { content: Content; contentType: string }>([
      [row.storageKey, { content: { file: file.path }, contentType: type.mimeType }],
    ]);
    const keys = [...contents.keys()];
    await this.work.run(scope, async () => {
      const deleteAfter = new Date(Date.now() + CLAIM_WITHIN_MS);
      await this.rows.announce(keys, deleteAfter);
      this.jobs.enqueue({ task: SWEEP, key: 'all', runAt: deleteAfter });
    });
    try {
      for (const [key, { content, contentType }] of contents)
        await this.storage.put(key, content, { contentType });
      return await this.work.run(scope, async () => {
        const upload = await this.rows.insert(row);
        if (upload === null) throw new AppError('STORAGE_UNAVAILABLE', 'Storing the file took too long.');
        await options.together?.(upload);
        return upload;
      });
    } catch (error) {
      await this.giveUp(scope, keys, error);
      throw error;
    }
  }

  /** What is not removed here is removed by the sweep. */
  private async giveUp(scope: { workspaceId: number }, keys: string[], cause: unknown): Promise<void> {
    // The answer to a commit may have been lost: then the files may be claimed.
    if (cause instanceof AppError && cause.code === 'DATABASE_UNAVAILABLE') return;
    try {
      await this.storage.delete(keys);
      await this.work.run(scope, () => this.rows.forget(keys));
    } catch (err) {
      this.logger.warn({ err }, 'files of an upload that failed are removed later');
    }
  }
}

async function typeOf(file: Spooled, options: StoreOptions): Promise<FileType> {
  const type = await detectType(file.path);
  if (options.from === 'customer') return type ?? UNKNOWN_TYPE;
  if (type === null || !isAccepted(type) || (options.only !== undefined && type.kind !== options.only)) {
    const wanted = options.only === undefined ? Object.values(NAMES).join('; ') : NAMES[options.only];
    throw new AppError(
      'UNSUPPORTED_MEDIA_TYPE',
      `The file is ${type === null ? 'of an unknown type' : type.mimeType}; accepted are ${wanted}.`,
    );
  }
  if (file.size > LIMITS[type.kind]) throw tooLarge({ ...options, only: type.kind }, LIMITS[type.kind]);
  return type;
}

function limitOf({ from, only }: StoreOptions): number {
  if (from === 'customer') return CUSTOMER_LIMIT;
  return only === undefined ? Math.max(...Object.values(LIMITS)) : LIMITS[only];
}

function tooLarge({ from, only }: StoreOptions, limit: number): AppError {
  const what = from === 'customer' || only === undefined ? 'A file' : `A file of kind ${only}`;
  return new AppError('PAYLOAD_TOO_LARGE', `${what} may have at most ${inMegabytes(limit)}.`);
}

function newKey(workspaceId: number, type: FileType): string {
  const [year, month] = new Date().toISOString().split('-');
  return `uploads/${workspaceId}/${type.kind}/${year}/${month}/${randomBytes(16).toString('hex')}.${type.extension}`;
}
