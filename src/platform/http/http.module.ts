import { type ExecutionContext, Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { ThrottlerModule, type ThrottlerModuleOptions } from '@nestjs/throttler';
import type { Logger } from 'pino';
import { CONFIG, type Config } from '../../config/config';
import { LOGGER } from '../observability/observability.module';
import { Admissions } from './admissions';
import { ErrorForms } from './error-forms';
import { ErrorFilter } from './error.filter';
import { HealthController } from './health.controller';
import { LIMITED_AS_LOGIN } from './rate-limit.guard';
import { Readiness } from './readiness';
import { RedisThrottlerStorage } from './redis-throttler-storage';

const isLogin = (context: ExecutionContext): boolean =>
  Reflect.getMetadata(LIMITED_AS_LOGIN, context.getHandler()) === true;

@Module({
  imports: [
    ThrottlerModule.forRootAsync({
      inject: [CONFIG, LOGGER],
      useFactory: (config: Config, logger: Logger): ThrottlerModuleOptions => ({
        throttlers: [
          { name: 'default', ttl: config.throttle.windowSeconds * 1000, limit: config.throttle.limit },
          {
            name: 'login',
            ttl: 60_000,
            limit: config.throttle.loginLimit,
            skipIf: (context) => !isLogin(context),
          },
        ],
        ...(config.redis.url === null
          ? {}
          : { storage: new RedisThrottlerStorage(config.redis.url, logger) }),
      }),
    }),
  ],
  controllers: [HealthController],
  providers: [Readiness, Admissions, ErrorForms, { provide: APP_FILTER, useClass: ErrorFilter }],
  exports: [Readiness, Admissions, ErrorForms, ThrottlerModule],
})
export class HttpModule {}
