export const PRESENCE_STATUSES = ['online', 'away', 'busy', 'offline'] as const;
export type PresenceStatus = (typeof PRESENCE_STATUSES)[number];

/** What a user may choose; `online` takes a choice back. */
export const CHOOSABLE_STATUSES = ['online', 'away', 'busy'] as const;
export type ChoosableStatus = (typeof CHOOSABLE_STATUSES)[number];

/** How reachable a member of staff is. */
export interface PresenceDto {
  user_id: number;
  /** What they chose, while they are connected; `offline` otherwise. */
  status: PresenceStatus;
  /** Connected with one device or more. */
  online: boolean;
  /** When they last came, went or chose; null where they never did. */
  last_seen_at: string | null;
  /** Of two presences of a user the one with the higher version is the newer one. */
  version: number;
}

export interface PresenceList {
  data: PresenceDto[];
}

/** What processes tell each other when somebody's presence has changed. */
export interface PresenceNews {
  workspaceId: number;
  presence: PresenceDto;
  /** Their own sockets are told too. */
  toThemselves: boolean;
}

export const PRESENCE_TOPIC = 'presence';
