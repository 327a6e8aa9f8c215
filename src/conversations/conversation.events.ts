/** What clients on /crm hear about conversations. */
export const CONVERSATION_EVENTS = {
  NEW: 'conversation:new',
  ASSIGNED: 'conversation:assigned',
  STATUS_CHANGED: 'conversation:status_changed',
  UPDATED: 'conversation:updated',
  UNREAD_RESET: 'conversation:unread_reset',
  READ: 'conversation:read',
  UNREAD: 'conversation:unread',
  /** `{ id }`: it is gone, with all that was said in it. */
  DELETED: 'conversation:deleted',
  /** `{ conversation_id, rating }`: the customer has rated it, or rated it anew. */
  RATED: 'conversation:rated',
} as const;

export type ConversationEvent = (typeof CONVERSATION_EVENTS)[keyof typeof CONVERSATION_EVENTS];

/** What they hear about notes, which customers never do. */
export const NOTE_EVENTS = {
  ADDED: 'conversation:note',
  /** `{ id, conversation_id }` */
  DELETED: 'conversation:note_deleted',
} as const;
