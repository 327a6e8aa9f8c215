import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';
import { AppModule } from './app.module';
import type { Config } from './config/config';
import { configureFastify, fastifyAdapter, serveHealthOnly } from './platform/http/fastify';
import { SocketAdapter } from './socket-adapter';
import { validationPipe } from './platform/http/validation';
import { NestLogger } from './platform/observability/logger';
import { LOGGER } from './platform/observability/observability.module';

export const APP_OPTIONS = { bodyParser: false, bufferLogs: true, abortOnError: false } as const;

/** The server, ready to listen. The database must be there and migrated. */
export async function createApp(config: Config): Promise<NestFastifyApplication> {
  const app = await NestFactory.create<NestFastifyApplication>(
    AppModule.with(config),
    fastifyAdapter(config),
    APP_OPTIONS,
  );
  return await configureApp(app, config);
}

/** All that the modules do not bring themselves. */
export async function configureApp(
  app: NestFastifyApplication,
  config: Config,
): Promise<NestFastifyApplication> {
  const logger = app.get<Logger>(LOGGER);
  app.useLogger(new NestLogger(logger));
  const fastify = app.getHttpAdapter().getInstance();
  await configureFastify(fastify, logger);
  if (config.role === 'worker') serveHealthOnly(fastify);
  app.enableCors({
    origin: config.http.cors,
    credentials: true,
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    exposedHeaders: ['x-request-id', 'retry-after'],
    maxAge: 600,
  });
  app.useGlobalPipes(validationPipe());
  app.useWebSocketAdapter(new SocketAdapter(app, config, logger));
  return app;
}
