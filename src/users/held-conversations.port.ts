import type { Actor } from '../common/actor';

/** Fulfilled by the conversations feature, which users know nothing of. Within the open unit of work. */
export interface HeldConversations {
  /**
   * Puts a user's open conversations back into the queue; answers how many. The user's row must be locked so that
   * nobody can be giving them one.
   */
  releaseOf(actor: Actor, userId: number): Promise<number>;
}
