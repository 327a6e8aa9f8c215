import { randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import { Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { clock } from '../common/clock';
import { AppError, notFound } from '../common/app-error';
import type { FileVariant } from '../platform/crypto/file-links';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { JobQueue } from '../platform/jobs/job-queue';
import { LOGGER } from '../platform/observability/observability.module';
import { type ByteRange, type Content, ObjectStorage } from '../platform/storage/object-storage';
import { Spool, type Spooled, TooLarge } from '../platform/storage/spool';
import { detectType } from './detect-type';
import { examine, type Facts } from './examine';
import { fileName } from './file-name';
import { type FormRest, withOneFile } from './form-files';
import { type FileType, inMegabytes, isAccepted, LIMITS, NAMES, UNKNOWN_TYPE } from './file-types';
import type { Upload, UploadKind } from './upload.types';
import { type NewUpload, UploadsRepository } from './uploads.repository';
import { type FileOwner, VirusCheck } from './virus-check.service';

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
  /**
   * Looks at the bytes before anything is stored; what it throws refuses them. It answers what is known only then, if
   * anything.
   */
  check?: (file: Spooled) => Promise<KnownLate> | void;
  /** Runs in the transaction that stores the upload: both happen or neither. */
  together?: (upload: Upload) => Promise<void>;
}

/** What may be known only once the file is here. */
export type KnownLate = Pick<StoreOptions, 'only' | 'together'>;

/** A file or one of its smaller pictures, as a link names it. */
export interface ShownFile {
  upload: Upload;
  key: string;
  mimeType: string;
  size: number;
}

/** Keeps files: whole, or not at all. */
@Injectable()
export class UploadsService {
  constructor(
    private readonly work: UnitOfWork,
    private readonly rows: UploadsRepository,
    private readonly storage: ObjectStorage,
    private readonly spool: Spool,
    private readonly viruses: VirusCheck,
    private readonly jobs: JobQueue,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Not within a unit of work: this waits for the network and disks. */
  async store(scope: FileOwner, source: Readable | Buffer, options: StoreOptions): Promise<Upload> {
    const limit = limitOf(options);
    try {
      return await this.spool.use(source, limit, async (file) => {
        const learnt = await options.check?.(file);
        return await this.keep(scope, file, { ...options, ...learnt });
      });
    } catch (error) {
      if (error instanceof TooLarge) throw tooLarge(options, limit);
      throw error;
    }
  }

  /**
   * The one file of a request's form, with what else the form says: `describe` is asked what to do with it once all of
   * the form has come, and before anything is stored. What it throws refuses the file.
   */
  async storeFromForm(
    request: FastifyRequest,
    scope: FileOwner,
    describe: (rest: FormRest) => Promise<KnownLate>,
  ): Promise<Upload> {
    const limit = Math.max(...Object.values(LIMITS));
    return await withOneFile(request, limit, ({ name, stream }, rest) =>
      this.store(scope, stream, { name, check: async () => await describe(await rest()) }),
    );
  }

  /** Removes those that nothing shows: their links end at once, their files go with the next sweep. */
  async discard(scope: { workspaceId: number }, ids: number[]): Promise<void> {
    if (ids.length === 0) return;
    await this.work.run(scope, async () => {
      await this.rows.remove(ids);
      this.jobs.enqueue({ task: SWEEP, key: 'all' });
    });
  }

  /** The file behind a link. Not within a unit of work. */
  async shown(workspaceId: number, uuid: string, variant: FileVariant): Promise<ShownFile> {
    const upload = await this.work.run({ workspaceId }, () => this.rows.findByUuid(uuid));
    const key =
      variant === ''
        ? upload?.storageKey
        : variant === 'thumbnail'
          ? upload?.thumbnailKey
          : upload?.previewKey;
    if (upload === null || key === undefined || key === null) throw notFound('file');
    if (variant === '') return { upload, key, mimeType: upload.mimeType, size: upload.fileSize };
    const size = await this.storage.size(key);
    if (size === null) throw notFound('file');
    return { upload, key, mimeType: 'image/webp', size };
  }

  async read(file: ShownFile, range?: ByteRange): Promise<Readable> {
    return await this.storage.open(file.key, range);
  }

  /** Within an open unit of work. In the order of their ids; missing ones are left out. */
  async find(ids: number[]): Promise<Upload[]> {
    return ids.length === 0 ? [] : await this.rows.findMany(ids);
  }

  /** Within an open unit of work. */
  async findByUuid(uuid: string): Promise<Upload | null> {
    return await this.rows.findByUuid(uuid);
  }

  /** Not within a unit of work. */
  async open(upload: Upload, range?: ByteRange): Promise<Readable> {
    return await this.storage.open(upload.storageKey, range);
  }

  /** In this order, so that no crash leaves a row without its file, nor a file that nobody knows of. */
  private async keep(scope: FileOwner, file: Spooled, options: StoreOptions): Promise<Upload> {
    if (file.size === 0) throw new AppError('VALIDATION_FAILED', 'The file is empty.');
    const facts = await this.factsOf(scope, file, options);
    const storageKey = newKey(scope.workspaceId, facts.type);
    const contents = new Map<string, { content: Content; contentType: string }>();
    const derived = (content: Buffer | null, variant: string): string | null => {
      if (content === null) return null;
      const key = storageKey.replace(/\.[^.]+$/, `-${variant}.webp`);
      contents.set(key, { content, contentType: 'image/webp' });
      return key;
    };
    const row: NewUpload = {
      kind: facts.type.kind,
      mimeType: facts.type.mimeType,
      name: fileName(options.name, facts.type),
      fileSize: file.size,
      sha256: file.sha256,
      width: facts.width,
      height: facts.height,
      durationMs: facts.durationMs,
      storageKey,
      thumbnailKey: derived(facts.thumbnail, 'thumbnail'),
      previewKey: derived(facts.preview, 'preview'),
      createdBy: scope.userId,
    };
    contents.set(storageKey, { content: { file: file.path }, contentType: row.mimeType });
    const keys = [...contents.keys()];
    await this.work.run(scope, async () => {
      const deleteAfter = new Date(clock.now() + CLAIM_WITHIN_MS);
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

  /** Nothing takes a file apart before it was scanned. */
  private async factsOf(scope: FileOwner, file: Spooled, options: StoreOptions): Promise<Facts> {
    const { type, found } = await detectType(file.path, file.size, options.name);
    const requireClean = async (as: FileType): Promise<void> =>
      await this.viruses.requireClean(scope, file, {
        name: fileName(options.name, as),
        from: scope.userId === null ? 'customer' : 'staff',
      });
    if (options.from === 'customer') {
      await requireClean(type ?? UNKNOWN_TYPE);
      return await this.factsOfAny(file, type ?? UNKNOWN_TYPE);
    }
    const likely = accepted(type, found, options.only, ['video']);
    if (file.size > LIMITS[likely.kind])
      throw tooLarge({ name: null, only: likely.kind }, LIMITS[likely.kind]);
    await requireClean(likely);
    const facts = await examine(file.path, likely, this.logger);
    accepted(facts.type, facts.type.mimeType, options.only);
    return facts;
  }

  /** What a customer sent is kept also where it is damaged. */
  private async factsOfAny(file: Spooled, type: FileType): Promise<Facts> {
    try {
      return await examine(file.path, type, this.logger);
    } catch (err) {
      this.logger.debug({ err, type: type.mimeType }, 'a file of a customer cannot be examined');
      return { type, width: null, height: null, durationMs: null, thumbnail: null, preview: null };
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

/** @param orKinds what may turn out to be of the wanted kind after all: a video without pictures is a sound */
function accepted(
  type: FileType | null,
  found: string,
  only: UploadKind | undefined,
  orKinds: UploadKind[] = [],
): FileType {
  const wanted = type !== null && (only === undefined || type.kind === only || orKinds.includes(type.kind));
  if (wanted && isAccepted(type)) return type;
  const names = only === undefined ? Object.values(NAMES).join('; ') : NAMES[only];
  throw new AppError('UNSUPPORTED_MEDIA_TYPE', `The file is: ${found}. Accepted are: ${names}.`);
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
  const [year, month] = clock.date().toISOString().split('-');
  return `uploads/${workspaceId}/${type.kind}/${year}/${month}/${randomBytes(16).toString('hex')}.${type.extension}`;
}
