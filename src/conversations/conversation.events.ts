/** What clients on /crm hear about conversations. */
export const CONVERSATION_EVENTS = {
  NEW: 'conversation:new',
  ASSIGNED: 'conversation:assigned',
  STATUS_CHANGED: 'conversation:status_changed',
  UPDATED: 'conversation:updated',
  UNREAD_RESET: 'conversation:unread_reset',
  READ: 'conversation:read',
  UNREAD: 'conversation:unread',
} as const;
