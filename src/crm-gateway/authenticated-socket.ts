import type { DefaultEventsMap, Namespace, Socket } from 'socket.io';
import type { StaffActor } from '../common/actor';

export interface SocketData {
  /** By the database of at most two seconds ago. */
  actor: StaffActor;
}

/** A socket on /crm: nobody gets that far without a valid session. */
export type AuthenticatedSocket = Socket<DefaultEventsMap, DefaultEventsMap, DefaultEventsMap, SocketData>;
export type CrmNamespace = Namespace<DefaultEventsMap, DefaultEventsMap, DefaultEventsMap, SocketData>;
