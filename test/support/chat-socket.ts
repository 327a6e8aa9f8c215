import { io, type Socket } from 'socket.io-client';
import { JournalTail } from '../../src/platform/events/journal-tail';
import { SOCKET_DOCUMENT } from './asyncapi';
import { type ChatPerson, openChat } from './chat';
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
  of: (event: string) => Record<string, unknown>[];
}

/** What the server acknowledges a message with. */
export interface ChatReply {
  status: 'success' | 'error';
  data?: Record<string, unknown>;
  message?: string;
  error_code?: string;
}

const open: Socket[] = [];
const undocumented: string[] = [];

/** A socket whose connection is not waited for. */
export function knockOnChat(
  system: TestSystem,
  auth: Record<string, unknown>,
  transport: 'websocket' | 'polling' = 'websocket',
): ChatListener {
  const socket = io(system.url, { auth, transports: [transport], forceNew: true, reconnection: false });
  open.push(socket);
  const heard: HeardOnChat[] = [];
  socket.onAny((event: string, payload: Record<string, unknown>, ...rest: unknown[]) => {
    undocumented.push(...SOCKET_DOCUMENT.problemsOfChat(event, payload));
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
  // What is over by now is no news to it.
  await system.app.get(JournalTail, { strict: false }).refresh();
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
  const answer: unknown = await socket.timeout(10_000).emitWithAck(event, payload);
  const problems = SOCKET_DOCUMENT.problemsOfChatAnswer(event, answer);
  if (problems.length > 0) throw new Error(problems.join('\n'));
  return answer as ChatReply;
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

/** Ends all sockets of the file's tests; fails where one heard what docs/generated/asyncapi.json does not say. */
export function hangUp(): void {
  for (const socket of open.splice(0)) socket.disconnect();
  expect(undocumented.splice(0)).toEqual([]);
}

/** A user who has said something, and their conversation. */
export async function newConversation(
  system: TestSystem,
  stated: Parameters<typeof openChat>[1] = {},
  text = 'I need help',
): Promise<{ user: ChatPerson; conversationId: number }> {
  const user = await openChat(system, stated);
  return { user, conversationId: await says(user, text) };
}

/** A conversation whose user is connected, and an agent who has joined it. */
export interface ConnectedChat {
  user: ChatPerson;
  conversationId: number;
  theirs: ChatListener;
  /** The agent's. */
  ours: ChatListener;
}

export async function connectedChat(system: TestSystem, agent: { token: string }): Promise<ConnectedChat> {
  const { user, conversationId } = await newConversation(system);
  const theirs = await enterChat(system, user);
  const ours = await enterChat(system, agent, { auth: { role: 'admin' } });
  const joined = await askChat(ours, 'join_conversation', { conversation_id: conversationId });
  expect(joined).toEqual({ status: 'success', data: { conversation_id: conversationId } });
  return { user, conversationId, theirs, ours };
}

/** Into the newest open conversation, over REST; answers which that is. */
export async function says(user: ChatPerson, message: string): Promise<number> {
  const { status, body } = await user.post<{ data: { conversation_id: number } }>('/api/chat/messages', {
    message,
  });
  if (status !== 201) throw new Error(`cannot write: ${JSON.stringify(body)}`);
  return body.data.conversation_id;
}
