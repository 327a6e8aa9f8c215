/** What all staff hears. */
export const NOTIFICATION_EVENTS = { SENT: 'system:notification' } as const;
