import type { UsersService } from '../src/users/users.service';
import { AppError } from '../src/common/app-error';
import { DEFAULT_WORKSPACE } from '../src/workspaces/workspaces.service';

/** One account for each role, for trying things out. */
export const DEFAULT_USERS = [
  { username: 'admin', password: 'admin123', role: 'admin', name: 'Admin' },
  { username: 'supervisor', password: 'supervisor123', role: 'supervisor', name: 'Supervisor' },
  { username: 'employer', password: 'employer123', role: 'employer', name: 'Employer' },
] as const;

/** Makes those that are missing; one that exists keeps its password. Answers the names that were made. */
export async function createDefaultUsers(users: UsersService): Promise<string[]> {
  const made: string[] = [];
  for (const user of DEFAULT_USERS) {
    try {
      await users.create(DEFAULT_WORKSPACE.id, { ...user });
      made.push(user.username);
    } catch (error) {
      if (!(error instanceof AppError && error.code === 'CONFLICT')) throw error;
    }
  }
  return made;
}
