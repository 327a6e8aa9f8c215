import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../platform/database/unit-of-work';

/** What becomes of a contact's own tables when it is merged. Both contacts are locked. Within an open unit of work. */
@Injectable()
export class ContactMergeRepository {
  /** Those with a foreign key to `contact` that this repository answers for. */
  static readonly TABLES = ['contact_identity', 'contact_tag', 'contact_alias'];

  constructor(private readonly work: UnitOfWork) {}

  /** Under which contact a merged one goes on. */
  async findAlias(formerId: number): Promise<number | null> {
    const [row] = await this.work.current.query<{ id: number }>(
      'select contact_id as id from contact_alias where former_id = $1',
      [formerId],
    );
    return row?.id ?? null;
  }

  async takeOver(from: number, to: number): Promise<void> {
    const { current } = this.work;
    await current.query('update contact_identity set contact_id = $2 where contact_id = $1', [from, to]);
    await current.query(
      `insert into contact_tag (contact_id, tag_id, created_at, created_by)
       select $2, tag_id, created_at, created_by from contact_tag where contact_id = $1 on conflict do nothing`,
      [from, to],
    );
    await current.query('update contact_alias set contact_id = $2 where contact_id = $1', [from, to]);
    await current.query('insert into contact_alias (former_id, contact_id) values ($1, $2)', [from, to]);
  }

  /** Frees the number for the contact that gets it. */
  async dropPhoneNumber(contactId: number): Promise<void> {
    await this.work.current.query('update contact set phone_number = null where id = $1', [contactId]);
  }
}
