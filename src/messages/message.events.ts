/** What clients on /crm hear about messages. */
export const MESSAGE_EVENTS = {
  NEW: 'message:new',
  /** Its text, before it was sent. */
  UPDATED: 'message:updated',
  DELETED: 'message:deleted',
  STATUS_CHANGED: 'message:status_changed',
} as const;
