import { includesLevel } from '../common/access-level';
import type { Actor } from '../common/actor';

/** Whose a conversation is. */
export interface Assignment {
  assignedUser: number | null;
  assignedBot: number | null;
}

/**
 * Who may see a conversation: supervisors and admins all; an employer their own, the unassigned and the bots'.
 * The one rule behind lists, reads, search, counts and sockets.
 */
export function maySee(actor: Actor, conversation: Assignment): boolean {
  return (
    seesEverything(actor) || conversation.assignedUser === null || conversation.assignedUser === actor.userId
  );
}

export function seesEverything(actor: Actor): boolean {
  return includesLevel(actor.level, 'supervisor');
}

/** The same rule for SQL: the user whose conversations and the unassigned are seen; null for all. */
export function visibleOnlyTo(actor: Actor): number | null {
  return seesEverything(actor) ? null : actor.userId;
}

/**
 * The same rule for the journal: who hears of a conversation besides supervisors and admins; null for all staff.
 * Whoever loses it hears that too.
 */
export function audienceOf(...states: Assignment[]): number[] | null {
  const users = states.map((state) => state.assignedUser);
  return users.includes(null) ? null : [...new Set(users as number[])];
}

/** Who may hand a conversation on to somebody: the user who has it, supervisors and admins. */
export function mayTransfer(actor: Actor, conversation: Assignment): boolean {
  return seesEverything(actor) || conversation.assignedUser === actor.userId;
}
