import { io, type Socket } from 'socket.io-client';
import { eventually } from './eventually';
import type { TestSystem } from './system';

/** One heard event. */
export interface HeardOnChat {
  event: string;
  payload: Record<string, unknown>;
  /** Acknowledges the event; undefined where the server does not ask for it. */
  acknowledge: (() => void) | undefined;
}

/** A socket on the namespace `/` that remembers what it heard. */
export interface ChatListener {
  socket: Socket;
  heard: HeardOnChat[];
  of(event: string): Record<string, unknown>[];
}

/** What the server acknowledges a message with. */
export interface ChatReply {
  status: 'success' | 'error';
  data?: Record<string, unknown>;
  message?: string;
  error_code?: string;
}

const open = new Map<TestSystem, Socket[]>();

/** A socket whose connection is not waited for. */
export function knockOnChat(
  system: TestSystem,
  auth: Record<string, unknown>,
  transport: 'websocket' | 'polling' = 'websocket',
): ChatListener {
  const socket = io(system.url, { auth, transports: [transport], forceNew: true, reconnection: false });
  open.set(system, [...(open.get(system) ?? []), socket]);
  const heard: HeardOnChat[] = [];
  socket.onAny((event: string, payload: Record<string, unknown>, ...rest: unknown[]) => {
    const last = rest.at(-1);
    heard.push({
      event,
      payload,
      acknowledge: typeof last === 'function' ? (last as () => void) : undefined,
    });
  });
  return {
    socket,
    heard,
    of: (event) => heard.filter((one) => one.event === event).map(({ payload }) => payload),
  };
}

/** Resolves once the socket is let in. Call {@link hangUp} in the end. */
export async function enterChat(
  system: TestSystem,
  caller: { token: string },
  { auth = {}, transport }: { auth?: Record<string, unknown>; transport?: 'websocket' | 'polling' } = {},
): Promise<ChatListener> {
  const listener = knockOnChat(system, { token: caller.token, ...auth }, transport);
  await new Promise<void>((ready, failed) => {
    listener.socket.once('connect', () => ready());
    listener.socket.once('connect_error', failed);
  });
  return listener;
}

/** With what the namespace refuses a connection. Fails where it lets it in. */
export async function refusalOfChat(
  system: TestSystem,
  auth: Record<string, unknown>,
): Promise<{ code: string; message: string }> {
  const { socket } = knockOnChat(system, auth);
  try {
    return await new Promise((refused, failed) => {
      socket.once('connect', () => failed(new Error('the connection was let in')));
      socket.once('connect_error', (error: Error & { data?: { code: string; message: string } }) =>
        error.data === undefined ? failed(error) : refused(error.data),
      );
    });
  } finally {
    socket.disconnect();
  }
}

export async function askChat({ socket }: ChatListener, event: string, payload: unknown): Promise<ChatReply> {
  return (await socket.timeout(10_000).emitWithAck(event, payload)) as ChatReply;
}

/** Waits until so many of an event were heard; answers them. */
export async function hears(
  listener: ChatListener,
  event: string,
  count = 1,
  timeoutMs = 10_000,
): Promise<Record<string, unknown>[]> {
  await eventually(() => listener.of(event).length >= count, { timeoutMs, what: `${count} times ${event}` });
  return listener.of(event);
}

export function hangUp(system: TestSystem): void {
  for (const socket of open.get(system) ?? []) socket.disconnect();
  open.delete(system);
}
