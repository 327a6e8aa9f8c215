/** What supervisors and admins on /crm hear about contacts; a change of one is heard as `conversation:updated`. */
export const CONTACT_EVENTS = {
  /**
   * `{ id }`: it is gone, deleted or merged into another one. Of what becomes of its conversations everybody concerned
   * hears before.
   */
  DELETED: 'contact:deleted',
} as const;
