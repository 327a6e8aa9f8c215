import { Injectable } from '@nestjs/common';
import { PlatformDatabase } from '../platform/database/connections';

/** Which workspaces have bots at all, of all of them. Outside of any unit of work. */
@Injectable()
export class BotRosterRepository {
  constructor(private readonly db: PlatformDatabase) {}

  async load(): Promise<{ at: Date; workspaces: Set<number> }> {
    const [row] = await this.db.query<{ at: Date; workspaces: number[] }>(
      `select now() as at, coalesce(array_agg(distinct workspace_id), '{}') as workspaces from bot where deleted_at is null`,
    );
    return { at: row!.at, workspaces: new Set(row!.workspaces) };
  }
}
