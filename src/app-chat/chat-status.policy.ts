import type { ConversationStatus } from '../conversations/conversations.types';

/** How far from being open a conversation is. */
const DISTANCE: Readonly<Record<ConversationStatus, number>> = {
  queue: 0,
  active: 0,
  transferred: 0,
  closed: 1,
  archived: 2,
};

/**
 * The statuses that a conversation goes through, one after the other, to become open, closed or archived; none where it
 * is so already. Each step needs rights of its own.
 *
 * @param open as what it becomes open
 */
export function stepsTo(
  from: ConversationStatus,
  to: 'open' | 'closed' | 'archived',
  open: 'queue' | 'active',
): ConversationStatus[] {
  const at = [open, 'closed', 'archived'] as const;
  const [here, there] = [DISTANCE[from], to === 'open' ? 0 : DISTANCE[to]];
  return here < there ? at.slice(here + 1, there + 1) : at.slice(there, here).toReversed();
}
