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

/** The program itself: a webhook, a job, a script. */
export interface SystemActor {
  kind: 'system';
  workspaceId: number;
  name: string;
}

/** Who asks. First argument of every service method that checks a right. */
export type Actor = StaffActor | SystemActor;

export function systemActor(workspaceId: number, name: string): SystemActor {
  return { kind: 'system', workspaceId, name };
}
