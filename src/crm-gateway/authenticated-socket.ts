import type { DefaultEventsMap, Namespace, Socket } from 'socket.io';
import type { StaffActor } from '../common/actor';
import type { EventMeta, PassingEvents, StreamedEvents } from './crm-payloads';

export interface SocketData {
  /** By the database of at most two seconds ago. */
  actor: StaffActor;
}

/** What is not described in crm-payloads.ts does not compile. */
type Emitted = { [Event in keyof PassingEvents]: (payload: PassingEvents[Event]) => void } & {
  [Event in keyof StreamedEvents]: (payload: StreamedEvents[Event], meta?: EventMeta) => void;
};

/** A socket on /crm: nobody gets that far without a valid session. */
export type AuthenticatedSocket = Socket<DefaultEventsMap, Emitted, DefaultEventsMap, SocketData>;
export type CrmNamespace = Namespace<DefaultEventsMap, Emitted, DefaultEventsMap, SocketData>;
