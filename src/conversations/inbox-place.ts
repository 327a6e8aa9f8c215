import { AppError } from '../common/app-error';
import { decodeCursor, encodeCursor } from '../common/cursor-page';
import type { InboxSort } from './inbox.dto';
import { CONVERSATION_PRIORITIES, type ConversationPriority } from './conversations.types';

/** How a list is ordered. */
export interface InboxOrder {
  by: InboxSort;
  descending: boolean;
}

/** The values of one conversation by which the list is ordered. */
export interface InboxKey {
  /** Of the time in the order, in µs since 1970: JavaScript's dates would round it. Zero where none is in it. */
  micros: number;
  priority: ConversationPriority;
  id: number;
}

/** From where a page goes on, and in which direction. */
export interface InboxPlace {
  key: InboxKey;
  direction: 'next' | 'prev';
}

export function orderOf(sort: string): InboxOrder {
  const descending = sort.startsWith('-');
  return { by: (descending ? sort.slice(1) : sort) as InboxSort, descending };
}

type Values = [string, 'next' | 'prev', ConversationPriority, number, number];

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0;

const areValues = (values: unknown[]): values is Values =>
  values.length === 5 &&
  typeof values[0] === 'string' &&
  (values[1] === 'next' || values[1] === 'prev') &&
  CONVERSATION_PRIORITIES.includes(values[2] as ConversationPriority) &&
  isCount(values[3]) &&
  isCount(values[4]);

export function placeToCursor(sort: string, { key, direction }: InboxPlace): string {
  return encodeCursor([sort, direction, key.priority, key.micros, key.id]);
}

/** Throws `CURSOR_INVALID` for what is no cursor, or one of a list in another order. */
export function cursorToPlace(sort: string, cursor: string): InboxPlace {
  const [orderedBy, direction, priority, micros, id] = decodeCursor(cursor, areValues);
  if (orderedBy !== sort)
    throw new AppError('CURSOR_INVALID', 'This cursor belongs to a list in another order.');
  return { key: { priority, micros, id }, direction };
}
