import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../platform/database/unit-of-work';
import type { ContactIdentity, ContactSummary } from './contacts.types';

/** All SQL of contacts. Within an open unit of work. */
@Injectable()
export class ContactsRepository {
  constructor(private readonly work: UnitOfWork) {}

  /** Which contacts have these identities; unknown ones are left out. */
  async findByIdentities(
    identities: ContactIdentity[],
  ): Promise<(ContactIdentity & { contactId: number })[]> {
    return await this.work.current.prepared(
      'contact_find_by_identities',
      `select i.scheme, i.value, i.contact_id as "contactId"
       from unnest($1::text[], $2::text[]) as wanted(scheme, value)
       join contact_identity i on i.scheme = wanted.scheme and i.value = wanted.value`,
      [identities.map((i) => i.scheme), identities.map((i) => i.value)],
    );
  }

  /**
   * New contacts; one whose `externalId` or `phoneNumber` is taken meanwhile is left out.
   * In the order of external ids, so that two batches never wait for each other in a circle.
   */
  async insertMissing(
    contacts: { externalId: string; name: string | null; phoneNumber: string | null }[],
  ): Promise<void> {
    await this.work.current.query(
      `insert into contact (external_id, name, phone_number)
       select * from unnest($1::text[], $2::text[], $3::text[]) as c(external_id, name, phone_number) order by external_id
       on conflict do nothing`,
      [contacts.map((c) => c.externalId), contacts.map((c) => c.name), contacts.map((c) => c.phoneNumber)],
    );
  }

  async findByExternalIdsOrPhones(
    externalIds: string[],
    phones: string[],
  ): Promise<{ id: number; externalId: string; phoneNumber: string | null }[]> {
    return await this.work.current.query(
      `select id, external_id as "externalId", phone_number as "phoneNumber" from contact
       where external_id = any ($1) or phone_number = any ($2)`,
      [externalIds, phones],
    );
  }

  /** Identities that another contact has already stay there. */
  async insertIdentities(identities: (ContactIdentity & { contactId: number })[]): Promise<void> {
    await this.work.current.query(
      `insert into contact_identity (scheme, value, contact_id)
       select * from unnest($1::text[], $2::text[], $3::bigint[]) as i(scheme, value, contact_id) order by scheme, value
       on conflict do nothing`,
      [identities.map((i) => i.scheme), identities.map((i) => i.value), identities.map((i) => i.contactId)],
    );
  }

  /** The phone number shown for a contact; left as it is where another contact has the new one. */
  async setPhoneNumber(contactId: number, phoneNumber: string): Promise<void> {
    await this.work.current.query(
      `update contact set phone_number = $2, updated_at = now()
       where id = $1 and not exists (select 1 from contact other where other.phone_number = $2 and other.id <> $1)`,
      [contactId, phoneNumber],
    );
  }

  async findSummaries(ids: number[]): Promise<ContactSummary[]> {
    return await this.work.current.prepared(
      'contact_summaries',
      'select id, uuid, external_id, name, phone_number from contact where id = any ($1)',
      [ids],
    );
  }

  async findIdentities(contactId: number): Promise<ContactIdentity[]> {
    return await this.work.current.query(
      'select scheme, value from contact_identity where contact_id = $1 order by created_at desc, value',
      [contactId],
    );
  }
}
