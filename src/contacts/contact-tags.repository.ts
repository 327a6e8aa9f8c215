import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../platform/database/unit-of-work';

export interface ContactTagRow {
  id: number;
  name: string;
  addedAt: Date;
  userId: number | null;
  userName: string | null;
}

/** Which contact has which tags. Within an open unit of work. */
@Injectable()
export class ContactTagsRepository {
  constructor(private readonly work: UnitOfWork) {}

  /** Those that were not there; throws where there is no such tag. */
  async add(contactId: number, tagIds: number[], userId: number): Promise<number[]> {
    const rows = await this.work.current.query<{ id: number }>(
      `insert into contact_tag (contact_id, tag_id, created_by)
       select $1, t.id, $3 from unnest($2::bigint[]) as t(id) order by t.id
       on conflict do nothing returning tag_id as id`,
      [contactId, tagIds, userId],
    );
    return rows.map((row) => row.id);
  }

  /** Those that were there. */
  async remove(contactId: number, tagIds: number[]): Promise<number[]> {
    const rows = await this.work.current.query<{ id: number }>(
      'delete from contact_tag where contact_id = $1 and tag_id = any ($2) returning tag_id as id',
      [contactId, tagIds],
    );
    return rows.map((row) => row.id);
  }

  /** By name. */
  async list(contactId: number): Promise<ContactTagRow[]> {
    return await this.work.current.query(
      `select t.id, t.name, ct.created_at as "addedAt", u.id as "userId", u.name as "userName"
       from contact_tag ct join tag t on t.id = ct.tag_id left join users u on u.id = ct.created_by
       where ct.contact_id = $1 order by t.name, t.id`,
      [contactId],
    );
  }

  async idsOf(contactId: number): Promise<number[]> {
    const rows = await this.work.current.query<{ id: number }>(
      'select tag_id as id from contact_tag where contact_id = $1',
      [contactId],
    );
    return rows.map((row) => row.id);
  }

  async exists(tagId: number): Promise<boolean> {
    return (await this.work.current.query('select 1 from tag where id = $1', [tagId])).length > 0;
  }
}
