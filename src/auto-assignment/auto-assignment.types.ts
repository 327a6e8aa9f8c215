import type { AccessLevel } from '../common/access-level';

/** How a workspace gives waiting conversations to people by itself. */
export interface AutoAssignment {
  enabled: boolean;
  levels: AccessLevel[];
  maxOpen: number;
  waitSeconds: number;
}

/** As long as nobody has set anything. */
export const NOT_SET: AutoAssignment = { enabled: false, levels: ['employer'], maxOpen: 20, waitSeconds: 5 };

/** The same as the API shows it. */
export interface AutoAssignmentDto {
  enabled: boolean;
  /** Whose role has one of these levels gets conversations. */
  levels: AccessLevel[];
  /** Who has this many open conversations gets no more. */
  max_open_conversations: number;
  /** How long a conversation waits first, so that bots and whoever wants it can take it. */
  wait_seconds: number;
}

export function toAutoAssignmentDto(settings: AutoAssignment): AutoAssignmentDto {
  return {
    enabled: settings.enabled,
    levels: settings.levels,
    max_open_conversations: settings.maxOpen,
    wait_seconds: settings.waitSeconds,
  };
}
