import { Injectable } from '@nestjs/common';
import { containing } from '../common/search-text';
import { orderTerms } from '../common/sorting';
import { UnitOfWork } from '../platform/database/unit-of-work';
import type { CannedResponse } from './canned-responses.types';

export type CannedFields = Pick<CannedResponse, 'shortCode' | 'title' | 'body'>;

const COLUMNS = `id, short_code as "shortCode", title, body, created_by as "createdBy", created_at as "createdAt",
  updated_at as "updatedAt"`;
const FILTER = '($1::text is null or short_code ilike $1 or title ilike $1 or body ilike $1)';
const SORTS = { short_code: 'lower(short_code)', title: 'title', created_at: 'created_at', id: 'id' };

/** All SQL of canned responses. Within an open unit of work. */
@Injectable()
export class CannedResponsesRepository {
  constructor(private readonly work: UnitOfWork) {}

  async list(
    filter: { search?: string },
    page: { sort: string; limit: number; offset: number },
  ): Promise<CannedResponse[]> {
    return await this.work.current.query<CannedResponse>(
      `select ${COLUMNS} from canned_response where ${FILTER}
       order by ${orderTerms(page.sort, SORTS)} limit $2 offset $3`,
      [patternOf(filter), page.limit, page.offset],
    );
  }

  async count(filter: { search?: string }): Promise<number> {
    const [row] = await this.work.current.query<{ count: number }>(
      `select count(*)::int as count from canned_response where ${FILTER}`,
      [patternOf(filter)],
    );
    return row!.count;
  }

  async find(id: number): Promise<CannedResponse | null> {
    const [row] = await this.work.current.query<CannedResponse>(
      `select ${COLUMNS} from canned_response where id = $1`,
      [id],
    );
    return row ?? null;
  }

  /** Until the open transaction ends. */
  async lock(id: number): Promise<CannedResponse | null> {
    const [row] = await this.work.current.query<CannedResponse>(
      `select ${COLUMNS} from canned_response where id = $1 for no key update`,
      [id],
    );
    return row ?? null;
  }

  /** A unique violation where the short code is taken. */
  async insert(fields: CannedFields, userId: number): Promise<CannedResponse> {
    const [row] = await this.work.current.query<CannedResponse>(
      `insert into canned_response (short_code, title, body, created_by) values ($1, $2, $3, $4) returning ${COLUMNS}`,
      [fields.shortCode, fields.title, fields.body, userId],
    );
    return row!;
  }

  /** A unique violation where the short code is taken. */
  async save(id: number, fields: CannedFields): Promise<CannedResponse> {
    const [row] = await this.work.current.query<CannedResponse>(
      `update canned_response set short_code = $2, title = $3, body = $4, updated_at = now()
       where id = $1 returning ${COLUMNS}`,
      [id, fields.shortCode, fields.title, fields.body],
    );
    return row!;
  }

  async delete(id: number): Promise<void> {
    await this.work.current.query('delete from canned_response where id = $1', [id]);
  }
}

function patternOf({ search }: { search?: string }): string | null {
  return search === undefined ? null : containing(search);
}
