import type { IncomingMessage } from 'node:http';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { IoAdapter } from '@nestjs/platform-socket.io';
import type { Logger } from 'pino';
import { AppModule } from './app.module';
import type { Config } from './config/config';
import { configureFastify, fastifyAdapter, serveHealthOnly } from './platform/http/fastify';
import { gatherFrames, PACKET_PARSER } from './platform/http/socket-packets';
import { validationPipe } from './platform/http/validation';
import { NestLogger } from './platform/observability/logger';
import { LOGGER } from './platform/observability/observability.module';
import type { Server as SocketServer, ServerOptions } from 'socket.io';

/** Largest packet a client may send over a socket, in bytes. */
const SOCKET_PACKET_LIMIT = 64 * 1024;

class SocketAdapter extends IoAdapter {
  constructor(
    app: NestFastifyApplication,
    private readonly config: Config,
  ) {
    super(app);
  }

  override createIOServer(port: number, options?: ServerOptions): SocketServer {
    const server = super.createIOServer(port, {
      ...options,
      serveClient: false,
      parser: PACKET_PARSER,
      maxHttpBufferSize: SOCKET_PACKET_LIMIT,
      pingInterval: 15_000,
      pingTimeout: 10_000,
      cors: { origin: this.config.http.cors, credentials: true },
      // A process that runs jobs only lets nobody in.
      allowRequest: (request, decide) =>
        decide(null, this.config.role !== 'worker' && isAllowedOrigin(request, this.config.http.cors)),
    } as ServerOptions);
    gatherFrames(server);
    return server;
  }
}

/**
 * Browsers say which page opens a socket but do not ask CORS about it, so the server asks itself. Its own pages
 * are always allowed; other programs name no page.
 */
function isAllowedOrigin({ headers }: IncomingMessage, cors: boolean | string[]): boolean {
  const { origin, host } = headers;
  if (cors === true || origin === undefined) return true;
  if (URL.canParse(origin) && new URL(origin).host === host) return true;
  return cors !== false && cors.includes(origin);
}

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
  app.useWebSocketAdapter(new SocketAdapter(app, config));
  return app;
}
