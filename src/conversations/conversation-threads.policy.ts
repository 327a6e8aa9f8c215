import { OPEN_STATUSES } from './conversations.types';

/**
 * In SQL, the one conversation of a thread that takes new messages. On a channel that lets a customer have several,
 * each is `parallel`, belongs to no thread, and is found by its own id only.
 */
export const OPEN_OF_THREAD = `status in ('${OPEN_STATUSES.join("', '")}') and not parallel`;
