import type { AccessLevel } from './access-level';

/** A signed-in member of staff, as the database knows them at most a second ago. */
export interface StaffActor {
  kind: 'staff';
  workspaceId: number;
  userId: number;
  username: string;
  name: string;
  role: string;
  level: AccessLevel;
  sessionId: string;
}

/** Who asks. First argument of every service method that checks a right. */
export type Actor = StaffActor;
