import type { Conversation } from './conversations.types';

/**
 * Fulfilled by the messages feature, which conversations know nothing of: hears, in the open unit of work, that
 * staff have read a conversation, which is locked, up to its `readUpToId`.
 */
export type ReadListener = (conversation: Conversation) => Promise<void>;
