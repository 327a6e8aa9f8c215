import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { clock } from '../common/clock';
import { CONFIG, type Config } from '../config/config';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { LOGGER } from '../platform/observability/observability.module';
import type { Upload } from '../uploads/upload.types';
import { UploadsService } from '../uploads/uploads.service';
import { GraphClient, type GraphTarget, type UploadOutcome } from './graph-client';
import { OutboundMediaRepository } from './outbound-media.repository';

/** Meta keeps a file for 30 days; one that is about to go is brought again. */
const LIFE_MS = 29 * 86_400_000;

/** The number that a file goes to. */
interface Owner {
  workspaceId: number;
  integrationId: number;
}

/** `stuck`: the reason lies with us, not with Meta. */
export type BringOutcome = UploadOutcome | { kind: 'stuck' };

/** The files of our messages, which Meta must have before a message can name them. */
@Injectable()
export class OutboundMediaService {
  private readonly graph: GraphClient;

  constructor(
    @Inject(CONFIG) config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly work: UnitOfWork,
    private readonly rows: OutboundMediaRepository,
    private readonly uploads: UploadsService,
  ) {
    this.graph = new GraphClient({ timeoutMs: config.whatsapp.sendTimeoutSeconds * 1000 });
  }

  /**
   * Meta's id of an upload, or the upload that has yet to be brought there; null where it is gone. Within the open
   * unit of work.
   */
  async lookUp(integrationId: number, uploadId: number): Promise<{ mediaId: string } | Upload | null> {
    const mediaId = await this.rows.find(integrationId, uploadId);
    if (mediaId !== null) return { mediaId };
    const [upload] = await this.uploads.find([uploadId]);
    return upload ?? null;
  }

  /** Not within a unit of work. Does not throw. Brought once, a file serves every message of the number. */
  async bring(
    { workspaceId, integrationId }: Owner,
    target: GraphTarget,
    upload: Upload,
  ): Promise<BringOutcome> {
    const reading: { failure: Error | null } = { failure: null };
    async function* noticing(content: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
      try {
        yield* content;
      } catch (error) {
        reading.failure = new Error('a stored file cannot be read', { cause: error });
        throw reading.failure;
      }
    }
    try {
      const outcome = await this.graph.uploadMedia(target, {
        name: upload.name,
        mimeType: upload.mimeType,
        size: upload.fileSize,
        content: noticing(await this.uploads.open(upload)),
      });
      if (reading.failure !== null) throw reading.failure;
      if (outcome.kind === 'uploaded') {
        await this.work.run({ workspaceId }, () =>
          this.rows.save(integrationId, upload.id, outcome.mediaId, new Date(clock.now() + LIFE_MS)),
        );
      }
      return outcome;
    } catch (err) {
      this.logger.error({ err, upload: upload.id }, 'a file cannot be brought to WhatsApp right now');
      return { kind: 'stuck' };
    }
  }

  /** Meta does not know the file (any more). Does not throw. */
  async forget({ workspaceId, integrationId }: Owner, uploadId: number): Promise<void> {
    try {
      await this.work.run({ workspaceId }, () => this.rows.delete(integrationId, uploadId));
    } catch (err) {
      this.logger.warn({ err, upload: uploadId }, 'a file that WhatsApp has lost is not forgotten');
    }
  }
}
