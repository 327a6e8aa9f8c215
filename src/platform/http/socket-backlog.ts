import type { Socket as Connection } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';

/** What the server keeps for a client that does not read, in characters, beyond what the network's own buffers take. */
const BACKLOG_LIMIT = 1024 * 1024;
/** Where so much is unread, the second look is not waited for. */
const FAR_TOO_MUCH = 4 * BACKLOG_LIMIT;
const LOOK_EVERY_MS = 500;
/** Whoever is told much at once is told no more while so much of it is unread. */
const AHEAD_LIMIT = 256 * 1024;
const AHEAD_LOOK_MS = 20;
/** Whoever has not read that much by then does not read. */
const READ_WITHIN_MS = 20_000;

/** As much as is used here of a connection of Engine.IO, whose types hide it. */
interface EngineSocket {
  id: string;
  writeBuffer: readonly { data?: unknown }[];
  transport: { socket?: { terminate?: () => void } & Record<string, unknown> };
  close: (discard: boolean) => void;
}

interface Engine {
  clients: Record<string, EngineSocket>;
}

/** What was said to a client and is still in this process. Socket.IO itself keeps without end what is not read. */
export function backlogOf(connection: unknown): number {
  const { writeBuffer, transport } = connection as EngineSocket;
  // The connection below a WebSocket has no official name.
  const wire = transport.socket?.['_socket'] as Connection | null | undefined;
  let size = wire?.writableLength ?? 0;
  for (const { data } of writeBuffer) if (typeof data === 'string') size += data.length;
  return size;
}

/** Resolves once the client has read most of what it was told, or is gone: for whoever tells much at once. */
export async function untilRead(socket: { connected: boolean; conn: unknown }): Promise<void> {
  const deadline = performance.now() + READ_WITHIN_MS;
  while (socket.connected && backlogOf(socket.conn) > AHEAD_LIMIT) {
    if (performance.now() > deadline) end(socket.conn as EngineSocket);
    await delay(AHEAD_LOOK_MS);
  }
}

/**
 * Ends sockets whose clients leave too much unread twice in a row, or far too much once. They come back and go on from where they were; kept,
 * each would take memory for as long as it says that it lives.
 */
export function endSlowSockets(
  server: { engine: unknown; httpServer: { once: (event: 'close', hear: () => void) => unknown } },
  logger: Logger,
): void {
  let slow = new Set<string>();
  const look = (): void => {
    const { clients } = server.engine as Engine;
    const behind = Object.values(clients).filter((each) => backlogOf(each) > BACKLOG_LIMIT);
    for (const each of behind.filter((one) => slow.has(one.id) || backlogOf(one) > FAR_TOO_MUCH)) {
      logger.warn({ socket: each.id, backlog: backlogOf(each) }, 'a socket that is not read was ended');
      end(each);
    }
    slow = new Set(behind.map(({ id }) => id));
  };
  const timer = setInterval(look, LOOK_EVERY_MS).unref();
  server.httpServer.once('close', () => clearInterval(timer));
}

/** A close frame would wait behind all that is not read. */
function end(connection: EngineSocket): void {
  const { socket } = connection.transport;
  if (socket?.terminate === undefined) connection.close(true);
  else socket.terminate();
}
