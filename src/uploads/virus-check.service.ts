import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { AuditService } from '../audit/audit.service';
import type { StaffActor } from '../common/actor';
import { AppError } from '../common/app-error';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { LOGGER } from '../platform/observability/observability.module';
import type { Spooled } from '../platform/storage/spool';
import { VirusScanner } from '../platform/storage/virus-scanner';

/** Whose a file is. */
export type FileOwner = StaffActor | { workspaceId: number; userId: number | null };

/** Refuses files that have a virus, and those of which nobody can say that they have none. */
@Injectable()
export class VirusCheck {
  constructor(
    private readonly scanner: VirusScanner,
    private readonly work: UnitOfWork,
    private readonly audit: AuditService,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Not within a unit of work. */
  async requireClean(
    owner: FileOwner,
    { path, size, sha256 }: Spooled,
    { name, from }: { name: string; from: string },
  ): Promise<void> {
    const verdict = await this.scanner.scan(path);
    if (verdict.kind === 'clean') return;
    const { workspaceId, userId } = owner;
    const file = { name, size, sha256 };
    if (verdict.kind === 'too_large') {
      this.logger.warn(
        { workspaceId, userId, from, file },
        'a file was refused that is larger than StreamMaxLength of clamd',
      );
      throw new AppError('PAYLOAD_TOO_LARGE', 'The virus scanner takes no file of that size.');
    }
    const { signature } = verdict;
    this.logger.warn(
      { workspaceId, userId, from, file, signature },
      'a file was refused in which clamd found something',
    );
    if ('kind' in owner) await this.record(owner, { ...file, signature });
    throw new AppError(
      'FILE_INFECTED',
      `The virus scanner found ${signature} in the file, which was not kept.`,
      { signature },
    );
  }

  private async record(actor: StaffActor, details: object): Promise<void> {
    const subject = { type: 'upload', id: null };
    await this.work.run(actor, () => {
      this.audit.record({ actor, action: 'upload.refuse', subject, details });
      return Promise.resolve();
    });
  }
}
