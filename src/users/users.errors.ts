import { AppError } from '../common/app-error';

/** A session is believed for a second: its account may have been deleted in that time. */
export function accountGone(): AppError {
  return new AppError('UNAUTHENTICATED', 'Your account was deleted at this moment.');
}
