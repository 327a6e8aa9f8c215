import type { DefaultEventsMap, Namespace, Socket } from 'socket.io';
import type { ChatActor } from '../app-chat/chat.types';
import type { StaffActor } from '../common/actor';
import type { ChatServerEvents } from './chat-payloads';

export interface ChatSocketData {
  /** By the database of at most two seconds ago. */
  actor: ChatActor | StaffActor;
  /** Of a chat user: asked about again with each of their messages. */
  token: string;
}

/** What is not described in chat-payloads.ts does not compile. */
type Emitted = {
  [Event in keyof ChatServerEvents]: (payload: ChatServerEvents[Event], arrived?: () => void) => void;
};

/** A socket on the namespace `/`: nobody gets that far without a valid session. */
export type ChatSocket = Socket<DefaultEventsMap, Emitted, DefaultEventsMap, ChatSocketData>;
export type ChatNamespace = Namespace<DefaultEventsMap, Emitted, DefaultEventsMap, ChatSocketData>;

/** Those of one kind of people. */
export type UserSocket = ChatSocket & { data: { actor: ChatActor } };
export type StaffSocket = ChatSocket & { data: { actor: StaffActor } };

export function isOfUser(socket: ChatSocket): socket is UserSocket {
  return socket.data.actor.kind === 'chat_user';
}

export function isOfStaff(socket: ChatSocket): socket is StaffSocket {
  return socket.data.actor.kind === 'staff';
}

/** Something to be told, with the payload that belongs to it. */
export type News = {
  [Event in keyof ChatServerEvents]: { event: Event; payload: ChatServerEvents[Event] };
}[keyof ChatServerEvents];

interface Hearer {
  emit(event: string, ...args: unknown[]): unknown;
}

/** To a socket or to rooms. @param arrived called where the client acknowledges it */
export function tell(hearer: Hearer, { event, payload }: News, arrived?: () => void): void {
  if (arrived === undefined) hearer.emit(event, payload);
  else hearer.emit(event, payload, arrived);
}
