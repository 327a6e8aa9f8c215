import { eventually } from './eventually';
import type { TestSystem } from './system';

/** What is counted of the other tables, when there is time for it. */
const SUMMED_UP_LATER = /^(analytics_|conversation_tally$)/;

/** All that is stored of a workspace, as a test compares it before and after. */
export class StoredRows {
  private constructor(
    private readonly system: TestSystem,
    private readonly tables: string[],
  ) {}

  static async of(system: TestSystem): Promise<StoredRows> {
    const found = await system.sql<{ name: string }>(
      `select table_name as name from information_schema.columns
       where column_name = 'workspace_id' and table_schema = 'public' order by 1`,
    );
    const tables = found.map((table) => table.name).filter((name) => !SUMMED_UP_LATER.test(name));
    expect(tables.length).toBeGreaterThan(10);
    return new StoredRows(system, tables);
  }

  /** A checksum of each table. */
  async now(workspaceId: number): Promise<unknown> {
    const sums = this.tables.map(
      (name) =>
        `select '${name}' as name, md5(coalesce(string_agg(t::text, '|' order by t::text), '')) as sum from ${name} t where workspace_id = $1`,
    );
    return await this.system.sql(`${sums.join(' union all ')} order by name`, [workspaceId]);
  }

  /** The same once nothing is on its way any more: what a customer said was delivered and read. */
  async settled(workspaceId: number): Promise<unknown> {
    let last = await this.now(workspaceId);
    return await eventually(
      async () => {
        const before = JSON.stringify(last);
        last = await this.now(workspaceId);
        return before === JSON.stringify(last) ? last : false;
      },
      { what: 'quiet' },
    );
  }
}
