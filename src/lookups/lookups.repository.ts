import { Injectable } from '@nestjs/common';
import { orderTerms } from '../common/sorting';
import { containing } from '../common/search-text';
import { UnitOfWork } from '../platform/database/unit-of-work';
import type { Lookup, LookupKind } from './lookups.types';

const COLUMNS = 'id, name, created_at as "createdAt", updated_at as "updatedAt"';
const SORTS = { name: 'name', created_at: 'created_at', id: 'id' };
const FILTER = `($1::text is null or name ilike $1)`;

/** All SQL of tags, servers, applications and devices; a kind is the name of its table. Within an open unit of work. */
@Injectable()
export class LookupsRepository {
  constructor(private readonly work: UnitOfWork) {}

  async list(
    kind: LookupKind,
    filter: { search?: string },
    page: { sort: string; limit: number; offset: number },
  ): Promise<Lookup[]> {
    return await this.work.current.query<Lookup>(
      `select ${COLUMNS} from ${kind} where ${FILTER} order by ${orderTerms(page.sort, SORTS)} limit $2 offset $3`,
      [pattern(filter), page.limit, page.offset],
    );
  }

  async count(kind: LookupKind, filter: { search?: string }): Promise<number> {
    const [row] = await this.work.current.query<{ count: number }>(
      `select count(*)::int as count from ${kind} where ${FILTER}`,
      [pattern(filter)],
    );
    return row!.count;
  }

  async find(kind: LookupKind, id: number): Promise<Lookup | null> {
    return (await this.findMany(kind, [id]))[0] ?? null;
  }

  async findMany(kind: LookupKind, ids: number[]): Promise<Lookup[]> {
    return await this.work.current.query<Lookup>(
      `select ${COLUMNS} from ${kind} where id = any ($1) order by name, id`,
      [ids],
    );
  }

  /**
   * Which of these are called so, in whatever case, by the place of the name; exactly so first, then the oldest. They
   * are there until the open transaction ends.
   */
  async findNamed(kind: LookupKind, names: string[]): Promise<{ place: number; id: number }[]> {
    return await this.work.current.query(
      `select (wanted.place - 1)::int as place, l.id
       from unnest($1::text[]) with ordinality as wanted(name, place)
       join ${kind} l on lower(l.name) = lower(wanted.name)
       order by wanted.place, l.name <> wanted.name, l.id for key share of l`,
      [names],
    );
  }

  /** One for each name that is not there; names that differ in case only are one. */
  async insertMissing(kind: LookupKind, names: string[]): Promise<Lookup[]> {
    return await this.work.current.query<Lookup>(
      `insert into ${kind} (name) select distinct on (lower(n)) n from unnest($1::text[]) n order by lower(n)
       on conflict do nothing returning ${COLUMNS}`,
      [names],
    );
  }

  /** Until the open transaction ends, nobody else makes any by {@link insertMissing}. */
  async lockNames(kind: LookupKind): Promise<void> {
    await this.work.current.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [
      `${kind}/${this.work.current.workspaceId}`,
    ]);
  }

  /** Until the open transaction ends. */
  async lock(kind: LookupKind, id: number): Promise<Lookup | null> {
    const [row] = await this.work.current.query<Lookup>(
      `select ${COLUMNS} from ${kind} where id = $1 for no key update`,
      [id],
    );
    return row ?? null;
  }

  async insert(kind: LookupKind, name: string): Promise<Lookup> {
    const [row] = await this.work.current.query<Lookup>(
      `insert into ${kind} (name) values ($1) returning ${COLUMNS}`,
      [name],
    );
    return row!;
  }

  async rename(kind: LookupKind, id: number, name: string): Promise<Lookup> {
    const [row] = await this.work.current.query<Lookup>(
      `update ${kind} set name = $2, updated_at = now() where id = $1 returning ${COLUMNS}`,
      [id, name],
    );
    return row!;
  }

  async delete(kind: LookupKind, id: number): Promise<void> {
    await this.work.current.query(`delete from ${kind} where id = $1`, [id]);
  }
}

function pattern({ search }: { search?: string }): string | null {
  return search === undefined ? null : containing(search);
}
