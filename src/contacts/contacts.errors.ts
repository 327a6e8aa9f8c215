import { AppError } from '../common/app-error';
import {
  constraintOf,
  FOREIGN_KEY_VIOLATION,
  Overtaken,
  sqlState,
} from '../platform/database/database-errors';

/**
 * A contact that was read a moment ago may be merged or gone when something is to refer to it: then the whole unit of
 * work is done anew, and finds who it is by now.
 */
export async function orOvertaken<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const vanished =
      sqlState(error) === FOREIGN_KEY_VIOLATION && constraintOf(error)?.endsWith('contact_id_fkey') === true;
    throw vanished ? new Overtaken('The contact is another one now.', { cause: error }) : error;
  }
}

/** What only one contact can have. */
export function taken(field: 'external_id' | 'phone_number', contactId: number): AppError {
  const what = field === 'external_id' ? 'external id' : 'phone number';
  return new AppError('CONFLICT', `Another contact has this ${what}.`, { field, contact_id: contactId });
}
