import { type AccessLevel, includesLevel } from '../common/access-level';
import type { Actor } from '../common/actor';
import { AppError } from '../common/app-error';
import type { Assignment } from './conversation.policy';
import { type Conversation, type ConversationStatus, OPEN_STATUSES } from './conversations.types';

/**
 * Which status may follow which by `PATCH /conversations/:id`, and from which level on. Besides, while a conversation
 * is open, assigning makes it `active`, handing it on `transferred` and giving it back `queue`: an open conversation
 * is in the queue exactly while nobody has it.
 */
export const TRANSITIONS: Readonly<
  Record<ConversationStatus, Readonly<Partial<Record<ConversationStatus, AccessLevel>>>>
> = {
  queue: { closed: 'employer' },
  active: { closed: 'employer' },
  transferred: { active: 'employer', closed: 'employer' },
  closed: { queue: 'employer', active: 'employer', archived: 'supervisor' },
  archived: { closed: 'supervisor' },
};

/** Whether it takes new messages. */
export const isOpen = (conversation: { status: ConversationStatus }): boolean =>
  OPEN_STATUSES.includes(conversation.status);

export function closed(): AppError {
  return new AppError(
    'CONVERSATION_CLOSED',
    'The conversation is closed; the next message of the customer opens a new one.',
  );
}

/**
 * The conversation after a change of status. Closed, it keeps whose it was: they still see it and nobody else does.
 * Throws `CONFLICT` for a step that does not exist and `FORBIDDEN` for one that is not the actor's to take.
 */
export function withStatus(actor: Actor, conversation: Conversation, to: ConversationStatus): Conversation {
  const { status: from } = conversation;
  if (from === to) return conversation;
  const level = TRANSITIONS[from][to];
  if (level === undefined) {
    throw new AppError('CONFLICT', `A conversation that is ${from} does not become ${to} this way.`, {
      from,
      to,
      possible: Object.keys(TRANSITIONS[from]),
    });
  }
  if (!includesLevel(actor.level, level))
    throw new AppError('FORBIDDEN', `A conversation becomes ${to} by a ${level}.`);
  if (to === 'active' && !isSomebodys(conversation))
    throw new AppError('CONFLICT', 'The conversation was nobody’s: reopen it into the queue.', { from, to });
  return to === 'queue'
    ? { ...conversation, status: to, assignedUser: null, assignedBot: null, transferNote: null }
    : { ...conversation, status: to };
}

function isSomebodys(conversation: Assignment): boolean {
  return conversation.assignedUser !== null || conversation.assignedBot !== null;
}
