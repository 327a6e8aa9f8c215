/** What clients on /crm hear about contacts; a change of one is heard as `conversation:updated`. */
export const CONTACT_EVENTS = {
  /** `{ id, conversation_ids }`: the contact is gone, and with it these conversations. */
  DELETED: 'contact:deleted',
} as const;
