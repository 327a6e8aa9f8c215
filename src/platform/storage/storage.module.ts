import { join } from 'node:path';
import { Global, Inject, Module, type OnApplicationBootstrap } from '@nestjs/common';
import type { Logger } from 'pino';
import { CONFIG, type Config } from '../../config/config';
import { LOGGER } from '../observability/observability.module';
import { ClamdScanner } from './clamd-scanner';
import { DiskStorage } from './disk-storage';
import { ObjectStorage } from './object-storage';
import { Spool } from './spool';
import { SupabaseStorage } from './supabase-storage';
import { NoScanner, VirusScanner } from './virus-scanner';

@Global()
@Module({
  providers: [
    Spool,
    {
      provide: ObjectStorage,
      inject: [CONFIG],
      useFactory: ({ dataDir, storage }: Config): ObjectStorage =>
        storage.supabase === null
          ? new DiskStorage(join(dataDir, 'files'))
          : new SupabaseStorage(storage.supabase),
    },
    {
      provide: VirusScanner,
      inject: [CONFIG],
      useFactory: ({ scanner }: Config): VirusScanner =>
        scanner.clamd === null
          ? new NoScanner()
          : new ClamdScanner(scanner.clamd, scanner.timeoutSeconds * 1_000),
    },
  ],
  exports: [ObjectStorage, Spool, VirusScanner],
})
export class StorageModule implements OnApplicationBootstrap {
  constructor(
    private readonly storage: ObjectStorage,
    private readonly scanner: VirusScanner,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    const links = this.config.storage.public ? 'public' : 'signed';
    const [files, uploads] = [this.storage.description, this.scanner.description];
    this.logger.info({ files, links, uploads }, 'where files are kept, and whether uploads are scanned');
  }
}
