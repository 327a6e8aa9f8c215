/** What clients on /crm hear about messages. */
export const MESSAGE_EVENTS = {
  NEW: 'message:new',
  STATUS_CHANGED: 'message:status_changed',
} as const;
