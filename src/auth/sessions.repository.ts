import { Injectable } from '@nestjs/common';
import type { AccessLevel } from '../common/access-level';
import type { StaffActor } from '../common/actor';
import { UnitOfWork } from '../platform/database/unit-of-work';

/** Logins a user may have at a time; a further one ends the oldest. */
const MAX_SESSIONS = 20;

interface SessionRow {
  id: string;
  user_id: number;
  username: string;
  name: string;
  role: string;
  access_level: AccessLevel;
}

/** All SQL of sessions. Within an open unit of work. */
@Injectable()
export class SessionsRepository {
  constructor(private readonly work: UnitOfWork) {}

  /** False where the password was changed since it was compared, or the user deactivated. */
  async insert(
    session: { id: string; userId: number; expiresAt: Date },
    passwordHash: string,
  ): Promise<boolean> {
    // Logins of one user at the same moment would not see each other's sessions, and each leave too many.
    const valid = await this.work.current.query(
      'select 1 from users where id = $1 and password = $2 and deactivated_at is null for no key update',
      [session.userId, passwordHash],
    );
    if (valid.length === 0) return false;
    await this.work.current.query(`insert into user_session (id, user_id, expires_at) values ($1, $2, $3)`, [
      session.id,
      session.userId,
      session.expiresAt,
    ]);
    await this.work.current.query(
      `delete from user_session where id in (
         select id from user_session where user_id = $1
         order by ended_at is null and expires_at > now() desc, created_at desc, id offset $2)`,
      [session.userId, MAX_SESSIONS],
    );
    return true;
  }

  async end(id: string): Promise<void> {
    await this.work.current.query(
      'update user_session set ended_at = now() where id = $1 and ended_at is null',
      [id],
    );
  }

  async endAllOf(userId: number, except: string | null): Promise<void> {
    await this.work.current.query(
      `update user_session set ended_at = now()
       where user_id = $1 and ended_at is null and id is distinct from $2::uuid`,
      [userId, except],
    );
  }

  /** Who is behind each of these sessions now; ended, expired and unknown ones are left out. */
  async findActors(ids: string[]): Promise<StaffActor[]> {
    const rows = await this.work.current.prepared<SessionRow>(
      'session_actors',
      `select s.id, s.user_id, u.username, u.name, r.name as role, r.access_level
       from user_session s join users u on u.id = s.user_id join roles r on r.id = u.role_id
       where s.id = any ($1) and s.ended_at is null and s.expires_at > now() and u.deactivated_at is null`,
      [ids],
    );
    return rows.map((row) => ({
      kind: 'staff',
      workspaceId: this.work.current.workspaceId,
      sessionId: row.id,
      userId: row.user_id,
      username: row.username,
      name: row.name,
      role: row.role,
      level: row.access_level,
    }));
  }
}
