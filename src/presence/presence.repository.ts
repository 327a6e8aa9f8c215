import { Injectable } from '@nestjs/common';
import type { AccessLevel } from '../common/access-level';
import { PlatformDatabase } from '../platform/database/connections';
import { UnitOfWork } from '../platform/database/unit-of-work';
import type { PresenceDto, PresenceStatus } from './presence.types';

/** A user at a process. */
export interface Place {
  workspaceId: number;
  userId: number;
}

/** A process that says nothing for this long, in seconds, is taken for dead. */
const PROCESS_LIVES_S = 10;
/** And this much later, in seconds, its connections are removed: a heartbeat may be on its way. */
const PROCESS_SLACK_S = 5;

interface PresenceRow {
  user_id: number;
  status: PresenceStatus;
  online: boolean;
  last_seen_at: Date | null;
  version: number;
}

const COLUMNS = `u.id as user_id, u.status, u.online, u.last_seen_at, u.presence_version as version`;

/** All SQL of presence. Those that name no process are within an open unit of work. */
@Injectable()
export class PresenceRepository {
  constructor(
    private readonly work: UnitOfWork,
    private readonly platform: PlatformDatabase,
  ) {}

  async list(): Promise<PresenceDto[]> {
    const rows = await this.work.current.query<PresenceRow>(
      `select ${COLUMNS} from users u where u.deactivated_at is null order by u.id`,
    );
    return rows.map(toDto);
  }

  /** Who is connected and neither away nor busy, of these levels; the smallest id first. */
  async available(levels: AccessLevel[]): Promise<number[]> {
    const rows = await this.work.current.query<{ id: number }>(
      `select u.id from users u join roles r on r.id = u.role_id
       where u.status = 'online' and u.deactivated_at is null and r.access_level = any ($1) order by u.id`,
      [levels],
    );
    return rows.map(({ id }) => id);
  }

  /** Whatever changes a presence holds this first, so that changes of one user come one after the other. */
  async lock(userId: number): Promise<void> {
    await this.work.current.query('select from users where id = $1 for no key update', [userId]);
  }

  async connect(userId: number, processId: string): Promise<void> {
    await this.work.current.query(
      `insert into user_connection (user_id, process_id) select id, $2 from users where id = $1
       on conflict do nothing`,
      [userId, processId],
    );
  }

  async disconnect(userId: number, processId: string): Promise<void> {
    await this.work.current.query('delete from user_connection where user_id = $1 and process_id = $2', [
      userId,
      processId,
    ]);
  }

  async disconnectEverywhere(userId: number): Promise<void> {
    await this.work.current.query('delete from user_connection where user_id = $1', [userId]);
  }

  /** What dead processes left behind of the user. */
  async disconnectDead(userId: number): Promise<void> {
    await this.work.current.query(
      `delete from user_connection c using presence_process p
       where c.user_id = $1 and p.id = c.process_id and p.expires_at < now() - interval '${PROCESS_SLACK_S} s'`,
      [userId],
    );
  }

  async choose(userId: number, status: 'away' | 'busy' | null): Promise<void> {
    await this.work.current.query('update users set chosen_status = $2 where id = $1', [userId, status]);
  }

  /**
   * Brings what everybody sees of the user up to date; answers it where that changed it. An account that is closed is
   * offline, though its sockets may last a moment longer.
   */
  async refresh(userId: number, seenMsAgo: number): Promise<PresenceDto | null> {
    const [row] = await this.work.current.query<PresenceRow>(
      `update users u set online = s.online, status = s.status, presence_version = u.presence_version + 1,
         last_seen_at = greatest(u.last_seen_at, clock_timestamp() - $2 * interval '1 ms')
       from (select online, case when online then coalesce(chosen_status, 'online') else 'offline' end as status
             from (select chosen_status,
                     deactivated_at is null and exists (select from user_connection where user_id = $1) as online
                   from users where id = $1) o) s
       where u.id = $1 and (u.online, u.status) is distinct from (s.online, s.status)
       returning ${COLUMNS}`,
      [userId, seenMsAgo],
    );
    return row === undefined ? null : toDto(row);
  }

  async find(userId: number): Promise<PresenceDto | null> {
    const [row] = await this.work.current.query<PresenceRow>(
      `select ${COLUMNS} from users u where u.id = $1`,
      [userId],
    );
    return row === undefined ? null : toDto(row);
  }

  /** The process lives; answers whom the database believes to be connected to it. */
  async heartbeat(processId: string): Promise<Place[]> {
    await this.platform.query(
      `insert into presence_process (id, expires_at) values ($1, now() + interval '${PROCESS_LIVES_S} s')
       on conflict (id) do update set expires_at = excluded.expires_at`,
      [processId],
    );
    return await this.platform.query<Place & Record<string, unknown>>(
      'select workspace_id as "workspaceId", user_id as "userId" from user_connection where process_id = $1',
      [processId],
    );
  }

  /** The process is about to stop: its users have the slack for finding another one. */
  async expire(processId: string): Promise<void> {
    await this.platform.query(
      'update presence_process set expires_at = now() where id = $1 and expires_at > now()',
      [processId],
    );
  }

  /** Users whom a dead process left behind as connected, and how long ago it said last that it lives. */
  async leftBehind(): Promise<(Place & { seenMsAgo: number })[]> {
    return await this.platform.query<Place & { seenMsAgo: number } & Record<string, unknown>>(
      `select c.workspace_id as "workspaceId", c.user_id as "userId",
         (extract(epoch from now() - max(p.expires_at) + interval '${PROCESS_LIVES_S} s') * 1000)::float8 as "seenMsAgo"
       from presence_process p join user_connection c on c.process_id = p.id
       where p.expires_at < now() - interval '${PROCESS_SLACK_S} s'
       group by c.workspace_id, c.user_id order by c.workspace_id, c.user_id limit 1000`,
    );
  }

  async forgetDeadProcesses(): Promise<void> {
    await this.platform.query(
      `delete from presence_process p where expires_at < now() - interval '1 minute'
       and not exists (select from user_connection c where c.process_id = p.id)`,
    );
  }
}

function toDto(row: PresenceRow): PresenceDto {
  return {
    user_id: row.user_id,
    status: row.status,
    online: row.online,
    last_seen_at: row.last_seen_at?.toISOString() ?? null,
    version: row.version,
  };
}
