import { Global, Module } from '@nestjs/common';
import { CONFIG, type Config } from '../../config/config';
import { createLogger } from './logger';

/** Injection token of the process's pino logger. */
export const LOGGER = Symbol('LOGGER');

@Global()
@Module({
  providers: [
    { provide: LOGGER, inject: [CONFIG], useFactory: (config: Config) => createLogger(config.log.level) },
  ],
  exports: [LOGGER],
})
export class ObservabilityModule {}
