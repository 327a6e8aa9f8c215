export const NOTIFICATION_LEVELS = ['info', 'warning', 'critical'] as const;
export type NotificationLevel = (typeof NOTIFICATION_LEVELS)[number];

/** What an administrator told all staff of the workspace. */
export interface NotificationDto {
  id: number;
  level: NotificationLevel;
  title: string;
  body: string;
  /** The user who sent it. */
  created_by: number | null;
  created_at: string;
}

/** The same as `system:notification` brings it. */
export interface AnnouncementPayload extends NotificationDto {
  kind: 'announcement';
}
