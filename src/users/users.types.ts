import type { AccessLevel } from '../common/access-level';

/** How reachable a member of staff is. */
export type UserStatus = 'online' | 'away' | 'busy' | 'offline';

/** A user with their role, without the password. */
export interface UserWithRole {
  id: number;
  uuid: string;
  workspaceId: number;
  name: string;
  username: string;
  role: { id: number; name: string; accessLevel: AccessLevel };
  online: boolean;
  status: UserStatus;
  deactivatedAt: Date | null;
  /** Then also deactivated; what they said still names them. */
  deletedAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
}
