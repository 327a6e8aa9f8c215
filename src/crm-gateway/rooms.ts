import { includesLevel } from '../common/access-level';
import type { StaffActor } from '../common/actor';

/** Rooms carry the workspace in their name: no broadcast can reach another one. */
export const everyone = (workspaceId: number): string => `w${workspaceId}:all`;
export const overseers = (workspaceId: number): string => `w${workspaceId}:overseers`;
export const user = (workspaceId: number, userId: number): string => `w${workspaceId}:user_${userId}`;
/** Those who have this conversation open. */
export const conversation = (workspaceId: number, id: number): string => `w${workspaceId}:conversation_${id}`;

/** The rooms in which an actor hears what they may hear. */
export function streamRooms(actor: StaffActor): string[] {
  const rooms = [everyone(actor.workspaceId), user(actor.workspaceId, actor.userId)];
  return includesLevel(actor.level, 'supervisor') ? [...rooms, overseers(actor.workspaceId)] : rooms;
}

/** Where an entry of the journal goes. A socket in several of these rooms gets it once. */
export function audienceRooms(workspaceId: number, audience: number[] | null): string[] {
  if (audience === null) return [everyone(workspaceId)];
  return [overseers(workspaceId), ...audience.map((id) => user(workspaceId, id))];
}
