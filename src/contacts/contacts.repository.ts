import { Injectable } from '@nestjs/common';
import { ofAnyLength } from '../platform/database/parameters';
import { UnitOfWork } from '../platform/database/unit-of-work';
import type { ContactIdentity, ContactSummary, KnownIdentity } from './contacts.types';
import { keyOf } from './people';

interface ContactRow {
  id: number;
  externalId: string;
  phoneNumber: string | null;
}

/** All SQL of contacts. Within an open unit of work. */
@Injectable()
export class ContactsRepository {
  constructor(private readonly work: UnitOfWork) {}

  /** Which contacts have these identities; unknown ones are left out. */
  async findByIdentities(identities: ContactIdentity[]): Promise<KnownIdentity[]> {
    const wanted = new Set(identities.map(keyOf));
    // Written so that every plan is one index probe per value, also while the tables have no statistics yet.
    const rows = await this.work.current.prepared<KnownIdentity>(
      'contact_find_by_identities',
      `select i.scheme, i.value, i.contact_id as "contactId", c.name is not null as "hasName"
       from contact_identity i cross join lateral (select name from contact where id = i.contact_id limit 1) c
       where i.scheme = any (${ofAnyLength('$1', 'text')}) and i.value = any (${ofAnyLength('$2', 'text')})`,
      [[...new Set(identities.map((i) => i.scheme))], identities.map((i) => i.value)],
    );
    return rows.filter((row) => wanted.has(keyOf(row)));
  }

  /**
   * New contacts; one whose `externalId` or `phoneNumber` is taken meanwhile is left out.
   * In the order of external ids, so that two batches never wait for each other in a circle.
   */
  async insertMissing(
    contacts: { externalId: string; name: string | null; phoneNumber: string | null }[],
  ): Promise<ContactRow[]> {
    return await this.work.current.query(
      `insert into contact (external_id, name, phone_number)
       select * from unnest($1::text[], $2::text[], $3::text[]) as c(external_id, name, phone_number) order by external_id
       on conflict do nothing returning id, external_id as "externalId", phone_number as "phoneNumber"`,
      [contacts.map((c) => c.externalId), contacts.map((c) => c.name), contacts.map((c) => c.phoneNumber)],
    );
  }

  async findByExternalIdsOrPhones(externalIds: string[], phones: string[]): Promise<ContactRow[]> {
    return await this.work.current.query(
      `select id, external_id as "externalId", phone_number as "phoneNumber" from contact
       where external_id = any ($1) or phone_number = any ($2)`,
      [externalIds, phones],
    );
  }

  /** Contacts of nothing but identities give those to others and go. */
  async replace(contacts: { contactId: number; by: number }[]): Promise<void> {
    const ids = contacts.map((c) => c.contactId);
    await this.work.current.query(
      `update contact_identity i set contact_id = r.by
       from unnest($1::bigint[], $2::bigint[]) as r(contact_id, by) where i.contact_id = r.contact_id`,
      [ids, contacts.map((c) => c.by)],
    );
    await this.work.current.query('delete from contact where id = any ($1)', [ids]);
  }

  /**
   * Identities that another contact has already stay there; one that its own contact has becomes its newest. The
   * later in the list, the newer.
   */
  async saveIdentities(identities: (ContactIdentity & { contactId: number })[]): Promise<void> {
    await this.work.current.query(
      `insert into contact_identity (scheme, value, contact_id, created_at)
       select i.scheme, i.value, i.contact_id, now() + i.place * interval '1 microsecond'
       from unnest($1::text[], $2::text[], $3::bigint[]) with ordinality as i(scheme, value, contact_id, place)
       order by i.scheme, i.value
       on conflict (workspace_id, scheme, value) do update set created_at = excluded.created_at
         where contact_identity.contact_id = excluded.contact_id`,
      [identities.map((i) => i.scheme), identities.map((i) => i.value), identities.map((i) => i.contactId)],
    );
  }

  /** A name where there is none, and the newest phone number, unless another contact has that. */
  async fillIn(
    news: { contactId: number; name: string | null; phoneNumber: string | null }[],
  ): Promise<void> {
    await this.work.current.query(
      `update contact set name = coalesce(contact.name, n.name), updated_at = now(),
         phone_number = case when exists (select 1 from contact other where other.phone_number = n.phone_number)
                             then contact.phone_number else coalesce(n.phone_number, contact.phone_number) end
       from unnest($1::bigint[], $2::text[], $3::text[]) as n(id, name, phone_number)
       where contact.id = n.id`,
      [news.map((n) => n.contactId), news.map((n) => n.name), news.map((n) => n.phoneNumber)],
    );
  }

  async findSummaries(ids: number[]): Promise<ContactSummary[]> {
    return await this.work.current.prepared(
      'contact_summaries',
      'select id, uuid, external_id, name, phone_number from contact where id = any ($1)',
      [ids],
    );
  }

  /** Contacts in which all these words occur, in no order. */
  async search(words: string[], most: number): Promise<number[]> {
    const rows = await this.work.current.query<{ id: number }>('select contact_search($1, $2) as id', [
      words,
      most,
    ]);
    return rows.map((row) => row.id);
  }

  async findIdentities(contactId: number): Promise<ContactIdentity[]> {
    return await this.work.current.query(
      // Whoever asks may have read the id before the contact was merged into another one.
      `select scheme, value from contact_identity
       where contact_id = any (array(select $1::bigint union all select contact_id from contact_alias where former_id = $1))
       order by created_at desc, value`,
      [contactId],
    );
  }
}
