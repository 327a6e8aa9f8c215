/** What clients on /crm hear about messages. */
export const MESSAGE_EVENTS = {
  NEW: 'message:new',
  /** What it says or shows changed: the whole message. */
  UPDATED: 'message:updated',
  DELETED: 'message:deleted',
  STATUS_CHANGED: 'message:status_changed',
} as const;
