import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../platform/database/unit-of-work';
import type { NewContact } from './contact-book.repository';

/** What some rows of a file name already: which contact has an external id, and which one a phone's digits. */
export interface KnownContacts {
  byExternalId: Map<string, number>;
  byDigits: Map<string, number>;
}

/** The set-based SQL of imports. Within an open unit of work. */
@Injectable()
export class ContactImportRepository {
  constructor(private readonly work: UnitOfWork) {}

  async findKnown(externalIds: string[], digits: string[]): Promise<KnownContacts> {
    const { current } = this.work;
    const [external, shown, heard] = await Promise.all([
      current.query<{ key: string; id: number }>(
        'select external_id as key, id from contact where external_id = any ($1)',
        [externalIds],
      ),
      current.query<{ key: string; id: number }>(
        `select ltrim(phone_number, '+') as key, id from contact where phone_number = any ($1)`,
        [digits.map((one) => `+${one}`)],
      ),
      current.query<{ key: string; id: number }>(
        `select value as key, contact_id as id from contact_identity
         where scheme = 'whatsapp_phone' and value = any ($1)`,
        [digits],
      ),
    ]);
    const byKey = (rows: { key: string; id: number }[]): Map<string, number> =>
      new Map(rows.map(({ key, id }) => [key, id]));
    // The number that a contact shows is surer than one that it wrote from once.
    return { byExternalId: byKey(external), byDigits: new Map([...byKey(heard), ...byKey(shown)]) };
  }

  /** The ids by external id; what another transaction took meanwhile is left out. */
  async insert(contacts: NewContact[]): Promise<Map<string, number>> {
    const rows = await this.work.current.query<{ id: number; externalId: string }>(
      `insert into contact (external_id, name, phone_number)
       select * from unnest($1::text[], $2::text[], $3::text[]) as c(external_id, name, phone_number) order by external_id
       on conflict do nothing returning id, external_id as "externalId"`,
      [contacts.map((c) => c.externalId), contacts.map((c) => c.name), contacts.map((c) => c.phoneNumber)],
    );
    return new Map(rows.map((row) => [row.externalId, row.id]));
  }

  /** The contacts must be locked. */
  async update(contacts: (NewContact & { id: number })[]): Promise<void> {
    await this.work.current.query(
      `update contact set external_id = n.external_id, name = n.name, phone_number = n.phone_number, updated_at = now()
       from unnest($1::bigint[], $2::text[], $3::text[], $4::text[]) as n(id, external_id, name, phone_number)
       where contact.id = n.id and contact.id = any ($1)`,
      [
        contacts.map((c) => c.id),
        contacts.map((c) => c.externalId),
        contacts.map((c) => c.name),
        contacts.map((c) => c.phoneNumber),
      ],
    );
  }

  /** The ids of tags by their names in small letters; those that do not exist are made. */
  async tagIds(names: string[]): Promise<Map<string, number>> {
    const lower = [...new Set(names.map((name) => name.toLowerCase()))];
    const known = await this.findTags(lower);
    const missing = names.filter((name) => !known.has(name.toLowerCase()));
    if (missing.length === 0) return known;
    await this.work.current.query(
      'insert into tag (name) select * from unnest($1::text[]) as t(name) order by name on conflict do nothing',
      [[...new Map(missing.map((name) => [name.toLowerCase(), name])).values()]],
    );
    return await this.findTags(lower);
  }

  /** Answers which of these contacts got a tag that they did not have. */
  async addTags(tags: { contactId: number; tagId: number }[], userId: number): Promise<Set<number>> {
    const rows = await this.work.current.query<{ id: number }>(
      `insert into contact_tag (contact_id, tag_id, created_by)
       select t.contact_id, t.tag_id, $3 from unnest($1::bigint[], $2::bigint[]) as t(contact_id, tag_id) order by 1, 2
       on conflict do nothing returning contact_id as id`,
      [tags.map((t) => t.contactId), tags.map((t) => t.tagId), userId],
    );
    return new Set(rows.map((row) => row.id));
  }

  private async findTags(lower: string[]): Promise<Map<string, number>> {
    const rows = await this.work.current.query<{ name: string; id: number }>(
      'select lower(name) as name, min(id) as id from tag where lower(name) = any ($1) group by 1',
      [lower],
    );
    return new Map(rows.map(({ name, id }) => [name, id]));
  }
}
