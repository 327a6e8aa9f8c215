import helmet from '@fastify/helmet';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { IoAdapter } from '@nestjs/platform-socket.io';
import type { Logger } from 'pino';
import { AppModule } from './app.module';
import type { Config } from './config/config';
import { configureFastify, fastifyAdapter } from './platform/http/fastify';
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
    return super.createIOServer(port, {
      ...options,
      serveClient: false,
      maxHttpBufferSize: SOCKET_PACKET_LIMIT,
      pingInterval: 15_000,
      pingTimeout: 10_000,
      cors: { origin: this.config.http.cors, credentials: true },
    } as ServerOptions);
  }
}

/** The server, ready to listen. The database must be there and migrated. */
export async function createApp(config: Config): Promise<NestFastifyApplication> {
  const app = await NestFactory.create<NestFastifyApplication>(
    AppModule.with(config),
    fastifyAdapter(config),
    {
      bodyParser: false,
      bufferLogs: true,
      abortOnError: false,
    },
  );
  const logger = app.get<Logger>(LOGGER);
  app.useLogger(new NestLogger(logger));
  configureFastify(app.getHttpAdapter().getInstance(), logger);
  await app.register(helmet, {
    contentSecurityPolicy: { directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
  });
  app.enableCors({ origin: config.http.cors, credentials: true, maxAge: 600 });
  app.useGlobalPipes(validationPipe());
  app.useWebSocketAdapter(new SocketAdapter(app, config));
  return app;
}
