import { Injectable } from '@nestjs/common';
import { PlatformDatabase } from '../platform/database/connections';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { type AutoAssignment, NOT_SET } from './auto-assignment.types';

const COLUMNS = 'enabled, levels, max_open as "maxOpen", wait_seconds as "waitSeconds"';

/** All SQL of automatic assignment. All but {@link workspaces} within an open unit of work. */
@Injectable()
export class AutoAssignmentRepository {
  constructor(
    private readonly work: UnitOfWork,
    private readonly platform: PlatformDatabase,
  ) {}

  /** Of all workspaces those that want it. */
  async workspaces(): Promise<number[]> {
    const rows = await this.platform.query<{ id: number }>(
      'select workspace_id as id from auto_assignment where enabled order by 1',
    );
    return rows.map(({ id }) => id);
  }

  async find(): Promise<AutoAssignment> {
    const [row] = await this.work.current.query<AutoAssignment>(`select ${COLUMNS} from auto_assignment`);
    return row ?? NOT_SET;
  }

  /** The same; nobody else changes it until the open transaction ends. */
  async lock(): Promise<AutoAssignment> {
    await this.work.current.query(
      `insert into auto_assignment (enabled, levels, max_open, wait_seconds) values ($1, $2, $3, $4)
       on conflict (workspace_id) do nothing`,
      [NOT_SET.enabled, NOT_SET.levels, NOT_SET.maxOpen, NOT_SET.waitSeconds],
    );
    const [row] = await this.work.current.query<AutoAssignment>(
      `select ${COLUMNS} from auto_assignment for no key update`,
    );
    return row!;
  }

  /** Null where it is off, or another process assigns here at this moment. */
  async begin(): Promise<AutoAssignment | null> {
    const [row] = await this.work.current.query<AutoAssignment>(
      `select ${COLUMNS} from auto_assignment where enabled for no key update skip locked`,
    );
    return row ?? null;
  }

  async save(settings: AutoAssignment): Promise<void> {
    await this.work.current.query(
      'update auto_assignment set enabled = $1, levels = $2, max_open = $3, wait_seconds = $4, updated_at = now()',
      [settings.enabled, settings.levels, settings.maxOpen, settings.waitSeconds],
    );
  }

  /** When each of these users was last given a conversation; who never was is left out. */
  async turns(userIds: number[]): Promise<Map<number, Date>> {
    const rows = await this.work.current.query<{ id: number; at: Date }>(
      'select user_id as id, given_at as at from auto_assignment_turn where user_id = any ($1)',
      [userIds],
    );
    return new Map(rows.map(({ id, at }) => [id, at]));
  }

  async saveTurns(userIds: number[]): Promise<void> {
    await this.work.current.query(
      `insert into auto_assignment_turn (user_id, given_at)
       select id, clock_timestamp() from unnest($1::bigint[]) id order by id
       on conflict (workspace_id, user_id) do update set given_at = excluded.given_at`,
      [userIds],
    );
  }
}
