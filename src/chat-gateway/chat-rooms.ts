import type { StaffActor } from '../common/actor';
import { seesEverything } from '../conversations/conversation.policy';

/** Rooms carry the workspace in their name: no broadcast can reach another one. */
const room = (workspaceId: number, name: string): string => `w${workspaceId}:${name}`;

/** Whoever is connected, users and staff: while it is empty, nothing is looked at. */
export const anybody = (workspaceId: number): string => room(workspaceId, 'anybody');
/** A chat user's sockets that hear what happens. */
export const chatUser = (workspaceId: number, chatUserId: number): string =>
  room(workspaceId, `chat_user_${chatUserId}`);
export const admin = (workspaceId: number, userId: number): string => room(workspaceId, `admin_${userId}`);
/** Staff who have joined this conversation. */
export const conversation = (workspaceId: number, id: number): string =>
  room(workspaceId, `conversation_${id}`);
export const dashboard = (workspaceId: number): string => room(workspaceId, 'admin_dashboard');

/** What staff hear without having joined a conversation: that there is a new one; and, where asked for, that users write. */
export type Bulletin = 'new' | 'notifications';

/** The rooms in which a member of staff hears a bulletin, as far as they may. */
export function bulletinRooms(bulletin: Bulletin, actor: StaffActor): string[] {
  const { workspaceId, userId } = actor;
  const rooms = [room(workspaceId, `${bulletin}:all`), room(workspaceId, `${bulletin}:admin_${userId}`)];
  return seesEverything(actor) ? [...rooms, room(workspaceId, `${bulletin}:overseers`)] : rooms;
}

/** Where a bulletin goes: the audience is an entry's of the journal. A socket in several of these rooms gets it once. */
export function audienceRooms(bulletin: Bulletin, workspaceId: number, audience: number[] | null): string[] {
  if (audience === null) return [room(workspaceId, `${bulletin}:all`)];
  return [
    room(workspaceId, `${bulletin}:overseers`),
    ...audience.map((id) => room(workspaceId, `${bulletin}:admin_${id}`)),
  ];
}

/** The id of the conversation whose room this is; null where it is another kind of room. */
export function conversationOf(name: string): number | null {
  const id = /:conversation_(\d+)$/.exec(name)?.[1];
  return id === undefined ? null : Number(id);
}
