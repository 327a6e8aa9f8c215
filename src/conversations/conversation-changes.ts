import { AppError } from '../common/app-error';
import { CONVERSATION_EVENTS, type ConversationEvent } from './conversation.events';
import type { Assignment } from './conversation.policy';
import type { Conversation } from './conversations.types';

/** Whose a conversation shall be; null where the request names nobody. */
export function assignmentOf(input: { assigned_user?: number; assigned_bot?: number }): Assignment | null {
  if (input.assigned_user === undefined && input.assigned_bot === undefined) return null;
  return { assignedUser: input.assigned_user ?? null, assignedBot: input.assigned_bot ?? null };
}

export function isSame(one: Assignment, other: Assignment): boolean {
  return one.assignedUser === other.assignedUser && one.assignedBot === other.assignedBot;
}

/** Marked as unread, a conversation counts as one unread message at least, if the customer wrote any. */
export function withRead(conversation: Conversation, read: boolean): Conversation {
  return { ...conversation, read, unreadCount: read ? 0 : Math.max(conversation.unreadCount, 1) };
}

export function readEvents(before: Conversation, read: boolean): ConversationEvent[] {
  if (!read) return [CONVERSATION_EVENTS.UNREAD];
  return before.unreadCount > 0
    ? [CONVERSATION_EVENTS.READ, CONVERSATION_EVENTS.UNREAD_RESET]
    : [CONVERSATION_EVENTS.READ];
}

export function refuseTwoHands(input: { assigned_user?: number; assigned_bot?: number }): void {
  if (input.assigned_user !== undefined && input.assigned_bot !== undefined)
    throw new AppError('VALIDATION_FAILED', 'A conversation belongs to a user or to a bot, not to both.');
}
