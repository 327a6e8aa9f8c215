import type { SealedColumn } from '../crypto/sealed-column';
import type { UnitOfWork } from './unit-of-work';

/** A sealed text and what its context is made of. */
export interface SealedRow {
  id: number;
  sealed: string;
  bound: string;
}

/** Walks over the sealed texts of one column in one workspace, and replaces them beside a running server. */
export class SealedRows {
  constructor(
    private readonly work: UnitOfWork,
    readonly workspaceId: number,
    private readonly column: SealedColumn,
  ) {}

  /** The next ones by id; rows without a text are left out. */
  async after(id: number, limit: number): Promise<SealedRow[]> {
    const { table, column, boundTo } = this.column;
    return await this.work.run(this, (tx) =>
      tx.query<SealedRow>(
        `select id, ${column} as sealed, ${boundTo}::text as bound from ${table}
         where id > $1 and ${column} is not null order by id limit $2`,
        [id, limit],
      ),
    );
  }

  /** Puts new texts where the old ones still stand; answers the rows where that was so. */
  async replace(rows: { id: number; sealed: string; anew: string }[]): Promise<Set<number>> {
    if (rows.length === 0) return new Set();
    const { table, column } = this.column;
    const replaced = await this.work.run(this, (tx) =>
      tx.query<{ id: number }>(
        `update ${table} t set ${column} = n.anew
         from unnest($1::bigint[], $2::text[], $3::text[]) as n(id, sealed, anew)
         where t.id = n.id and t.${column} = n.sealed returning t.id`,
        [rows.map((r) => r.id), rows.map((r) => r.sealed), rows.map((r) => r.anew)],
      ),
    );
    return new Set(replaced.map((row) => row.id));
  }
}
