import { AppError } from '../common/app-error';
import {
  constraintOf,
  FOREIGN_KEY_VIOLATION,
  Overtaken,
  sqlState,
} from '../platform/database/database-errors';

/** A contact that was read a moment ago and is merged or gone now: the same work, done anew, finds who it is. */
export function orOvertaken(error: unknown): unknown {
  const vanished =
    sqlState(error) === FOREIGN_KEY_VIOLATION && constraintOf(error)?.endsWith('contact_id_fkey') === true;
  return vanished ? new Overtaken('The contact is another one now.', { cause: error }) : error;
}

/** What only one contact can have. */
export function taken(field: 'external_id' | 'phone_number', contactId: number): AppError {
  const what = field === 'external_id' ? 'external id' : 'phone number';
  return new AppError('CONFLICT', `Another contact has this ${what}.`, { field, contact_id: contactId });
}
