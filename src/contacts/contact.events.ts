/** What supervisors and admins on /crm hear about contacts; a change of one is heard as `conversation:updated`. */
export const CONTACT_EVENTS = {
  /** `{ id }`: it is gone. Of each of its conversations everybody concerned hears `conversation:deleted` before. */
  DELETED: 'contact:deleted',
} as const;
