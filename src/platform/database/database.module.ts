import { Global, Module, type OnApplicationShutdown } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { DataSourceOptions } from 'typeorm';
import { CONFIG, type Config } from '../../config/config';
import { fileLinkSettings } from '../crypto/file-links';
import { appConnectionOptions, connectApp, PlatformDatabase } from './connections';
import { DatabaseClock } from './database-clock';
import { UnitOfWork } from './unit-of-work';

@Global()
@Module({
  imports: [
    TypeOrmModule.forRootAsync({
      inject: [CONFIG],
      useFactory: (config: Config) => ({
        ...appConnectionOptions(requiredUrl(config), config.database.poolSize, fileLinkSettings(config)),
        autoLoadEntities: true, // each feature names its own with TypeOrmModule.forFeature
        retryAttempts: 0,
      }),
      dataSourceFactory: (options) => connectApp(options as DataSourceOptions),
    }),
  ],
  providers: [
    {
      provide: PlatformDatabase,
      inject: [CONFIG],
      useFactory: (config: Config) => new PlatformDatabase(requiredUrl(config)),
    },
    UnitOfWork,
    DatabaseClock,
  ],
  exports: [UnitOfWork, PlatformDatabase],
})
export class DatabaseModule implements OnApplicationShutdown {
  constructor(private readonly platform: PlatformDatabase) {}

  async onApplicationShutdown(): Promise<void> {
    await this.platform.close();
  }
}

function requiredUrl(config: Config): string {
  if (config.database.url === null)
    throw new Error('The database URL is not known yet: start PostgreSQL first.');
  return config.database.url;
}
