import { join } from 'node:path';
import { Global, Inject, Module, type OnApplicationBootstrap } from '@nestjs/common';
import type { Logger } from 'pino';
import { CONFIG, type Config } from '../../config/config';
import { LOGGER } from '../observability/observability.module';
import { DiskStorage } from './disk-storage';
import { ObjectStorage } from './object-storage';
import { Spool } from './spool';
import { SupabaseStorage } from './supabase-storage';

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
  ],
  exports: [ObjectStorage, Spool],
})
export class StorageModule implements OnApplicationBootstrap {
  constructor(
    private readonly storage: ObjectStorage,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    const links = this.config.storage.public ? 'public' : 'signed';
    this.logger.info({ files: this.storage.description, links }, 'where files are kept');
  }
}
