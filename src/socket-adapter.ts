import type { IncomingMessage } from 'node:http';
import { IoAdapter } from '@nestjs/platform-socket.io';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { MessageMappingProperties } from '@nestjs/websockets';
import type { Logger } from 'pino';
import { defer, type Observable } from 'rxjs';
import type { Server as SocketServer, ServerOptions, Socket } from 'socket.io';
import type { Config } from './config/config';
import { endSlowSockets } from './platform/http/socket-backlog';
import { gatherFrames, PACKET_PARSER } from './platform/http/socket-packets';

/** Largest packet a client may send over a socket, in bytes. */
const SOCKET_PACKET_LIMIT = 64 * 1024;

/** Where what a client says is handled one after another, as it was said: messages must not overtake each other. */
const IN_ORDER: ReadonlySet<string> = new Set(['/']);

/** So many messages of one client wait for their turn; whoever sends more, faster than they are handled, is cut off. */
const MOST_WAITING = 500;

/** The messages of one client, one after another. */
interface Line {
  /** Until the newest is handled. */
  last: Promise<void>;
  waiting: number;
}

export class SocketAdapter extends IoAdapter {
  private readonly lines = new WeakMap<Socket, Line>();

  constructor(
    app: NestFastifyApplication,
    private readonly config: Config,
    private readonly log: Logger,
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
    endSlowSockets(server, this.log);
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
    const inOrder = IN_ORDER.has(socket.nsp.name);
    for (const { message, callback, isAckHandledManually } of handlers) {
      socket.on(String(message), (...given: unknown[]) => {
        const { data, ack } = this.mapPayload(given.length > 1 ? given : given[0]);
        const handled = (done: () => void): void => {
          defer(() => transform(callback(data, ack))).subscribe({
            next: (response) => {
              if (response === null || response === undefined) return;
              const { event, data: content } = response as { event?: string; data?: unknown };
              if (event !== undefined) socket.emit(event, content);
              else if (!isAckHandledManually) ack?.(response);
            },
            error: (error: unknown) => {
              this.logger.error(error);
              done();
            },
            complete: done,
          });
        };
        if (inOrder) this.afterEarlier(socket, handled);
        else handled(() => undefined);
      });
    }
  }

  private afterEarlier(socket: Socket, handled: (done: () => void) => void): void {
    const line = this.lines.get(socket) ?? { last: Promise.resolve(), waiting: 0 };
    this.lines.set(socket, line);
    if (line.waiting >= MOST_WAITING) {
      socket.conn.close();
      return;
    }
    line.waiting++;
    line.last = line.last
      .then(() => new Promise<void>(handled))
      .then(() => {
        line.waiting--;
      });
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
