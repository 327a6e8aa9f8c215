import type { IncomingMessage } from 'node:http';
import { IoAdapter } from '@nestjs/platform-socket.io';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { MessageMappingProperties } from '@nestjs/websockets';
import { defer, type Observable } from 'rxjs';
import type { Server as SocketServer, ServerOptions, Socket } from 'socket.io';
import type { Config } from './config/config';
import { gatherFrames, PACKET_PARSER } from './platform/http/socket-packets';

/** Largest packet a client may send over a socket, in bytes. */
const SOCKET_PACKET_LIMIT = 64 * 1024;

export class SocketAdapter extends IoAdapter {
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

  /**
   * As Nest does it, without the chain of observables that it keeps for every message of every socket whether anything
   * comes or not: they are most of what an idle socket holds in memory.
   */
  override bindMessageHandlers(
    socket: Socket,
    handlers: MessageMappingProperties[],
    transform: (data: unknown) => Observable<unknown>,
  ): void {
    for (const { message, callback, isAckHandledManually } of handlers) {
      socket.on(String(message), (...given: unknown[]) => {
        const { data, ack } = this.mapPayload(given.length > 1 ? given : given[0]);
        defer(() => transform(callback(data, ack))).subscribe({
          next: (response) => {
            if (response === null || response === undefined) return;
            const { event, data: content } = response as { event?: string; data?: unknown };
            if (event !== undefined) socket.emit(event, content);
            else if (!isAckHandledManually) ack?.(response);
          },
          error: (error: unknown) => this.logger.error(error),
        });
      });
    }
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
