import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../platform/database/unit-of-work';
import type { Contact, ContactIdentityDto, TagSummary } from './contacts.types';

/** Which contacts; what is empty or null restricts nothing. */
export interface ContactFilter {
  words: string[];
  tagIds: number[];
  everyTag: boolean;
  createdSince: string | null;
}

export interface NewContact {
  externalId: string;
  name: string | null;
  phoneNumber: string | null;
}

const COLUMNS = `c.id, c.uuid, c.external_id as "externalId", c.name, c.phone_number as "phoneNumber",
  c.created_at as "createdAt", c.updated_at as "updatedAt"`;

/** Each has an index that gives exactly this order, forwards or backwards. */
const ORDERS: Readonly<Record<string, string>> = {
  name: 'searchable(c.name) asc nulls last, c.id asc',
  '-name': 'searchable(c.name) desc nulls first, c.id desc',
  created_at: 'c.created_at asc, c.id asc',
  '-created_at': 'c.created_at desc, c.id desc',
  updated_at: 'c.updated_at asc, c.id asc',
  '-updated_at': 'c.updated_at desc, c.id desc',
};

/** The SQL of contacts as staff list, find and edit them. Within an open unit of work. */
@Injectable()
export class ContactBookRepository {
  constructor(private readonly work: UnitOfWork) {}

  async list(filter: ContactFilter, sort: string, limit: number, offset: number): Promise<Contact[]> {
    const { where, values } = conditionsOf(filter);
    return await this.work.current.query(
      `select ${COLUMNS} from contact c where ${where}
       order by ${ORDERS[sort]!} limit $${values.length + 1} offset $${values.length + 2}`,
      [...values, limit, offset],
    );
  }

  async count(filter: ContactFilter): Promise<number> {
    const { where, values } = conditionsOf(filter);
    const [row] = await this.work.current.query<{ count: number }>(
      `select count(*)::int as count from contact c where ${where}`,
      values,
    );
    return row!.count;
  }

  /** The ids after an id, in their order. */
  async idsAfter(id: number, filter: ContactFilter, limit: number): Promise<number[]> {
    const { where, values } = conditionsOf(filter);
    const rows = await this.work.current.query<{ id: number }>(
      `select c.id from contact c where ${where} and c.id > $${values.length + 1}
       order by c.id limit $${values.length + 2}`,
      [...values, id, limit],
    );
    return rows.map((row) => row.id);
  }

  /** In the order of their ids. */
  async findMany(ids: number[]): Promise<Contact[]> {
    return await this.work.current.query(
      `select ${COLUMNS} from contact c where c.id = any ($1) order by c.id`,
      [ids],
    );
  }

  async find(id: number): Promise<Contact | null> {
    const [row] = await this.work.current.query<Contact>(`select ${COLUMNS} from contact c where c.id = $1`, [
      id,
    ]);
    return row ?? null;
  }

  async findByExternalId(externalId: string): Promise<number | null> {
    const [row] = await this.work.current.query<{ id: number }>(
      'select id from contact where external_id = $1',
      [externalId],
    );
    return row?.id ?? null;
  }

  /** By the number a contact shows, then by any that it wrote from; the earlier in the list, the surer. */
  async findByPhone(spellings: string[]): Promise<number | null> {
    const [row] = await this.work.current.query<{ id: number }>(
      `select id from (
         select c.id, 0 as sureness, w.place from unnest($1::text[]) with ordinality as w(digits, place)
         cross join lateral (select id from contact where phone_number = '+' || w.digits limit 1) c
         union all
         select i.contact_id, 1, w.place from unnest($1::text[]) with ordinality as w(digits, place)
         cross join lateral (
           select contact_id from contact_identity where scheme = 'whatsapp_phone' and value = w.digits limit 1) i
       ) found order by sureness, place limit 1`,
      [spellings],
    );
    return row?.id ?? null;
  }

  /** Somebody else who has the number, or wrote from it. */
  async findOtherByPhone(spellings: string[], contactId: number): Promise<number | null> {
    const [row] = await this.work.current.query<{ id: number }>(
      `select id from (
         select id from contact where phone_number = any ($2)
         union all
         select contact_id from contact_identity where scheme = 'whatsapp_phone' and value = any ($1)
       ) found where id <> $3 limit 1`,
      [spellings, spellings.map((digits) => `+${digits}`), contactId],
    );
    return row?.id ?? null;
  }

  /** Null where the external id or the phone number is another one's. */
  async insert(contact: NewContact): Promise<number | null> {
    const [row] = await this.work.current.query<{ id: number }>(
      `insert into contact (external_id, name, phone_number) values ($1, $2, $3)
       on conflict do nothing returning id`,
      [contact.externalId, contact.name, contact.phoneNumber],
    );
    return row?.id ?? null;
  }

  /** Locked against changes, in the order of their ids; `toBeRemoved`: also against anybody who would refer to them. */
  async lock(ids: number[], toBeRemoved = false): Promise<Contact[]> {
    return await this.work.current.query(
      `select ${COLUMNS} from contact c where c.id = any ($1) order by c.id for ${toBeRemoved ? 'update' : 'no key update'}`,
      [ids],
    );
  }

  async update(id: number, { externalId, name, phoneNumber }: NewContact): Promise<void> {
    await this.work.current.query(
      'update contact set external_id = $2, name = $3, phone_number = $4, updated_at = now() where id = $1',
      [id, externalId, name, phoneNumber],
    );
  }

  async delete(id: number): Promise<void> {
    await this.work.current.query('delete from contact where id = $1', [id]);
  }

  /** Whether there was one. */
  async forgetPhones(contactId: number): Promise<boolean> {
    const rows = await this.work.current.query(
      `delete from contact_identity where contact_id = $1 and scheme = 'whatsapp_phone' returning 1`,
      [contactId],
    );
    return rows.length > 0;
  }

  /** The newest first. */
  async identitiesOf(contactId: number): Promise<ContactIdentityDto[]> {
    const rows = await this.work.current.query<Omit<ContactIdentityDto, 'created_at'> & { created_at: Date }>(
      `select scheme, value, created_at from contact_identity where contact_id = $1 order by created_at desc, value`,
      [contactId],
    );
    return rows.map((row) => ({ ...row, created_at: row.created_at.toISOString() }));
  }

  /** The tags of each contact, by name. */
  async tagsOf(contactIds: number[]): Promise<Map<number, TagSummary[]>> {
    const tags = new Map<number, TagSummary[]>(contactIds.map((id) => [id, []]));
    if (contactIds.length === 0) return tags;
    const rows = await this.work.current.query<TagSummary & { contactId: number }>(
      `select ct.contact_id as "contactId", t.id, t.name from contact_tag ct join tag t on t.id = ct.tag_id
       where ct.contact_id = any ($1) order by t.name, t.id`,
      [contactIds],
    );
    for (const { contactId, ...tag } of rows) tags.get(contactId)!.push(tag);
    return tags;
  }
}

function conditionsOf(filter: ContactFilter): { where: string; values: unknown[] } {
  const values: unknown[] = [];
  const place = (value: unknown): string => `$${values.push(value)}`;
  const conditions = ['true'];
  if (filter.words.length > 0)
    conditions.push(`c.id in (select contact_search(${place(filter.words)}::text[]))`);
  if (filter.tagIds.length > 0) {
    const tagged = `select contact_id from contact_tag where tag_id = any (${place(filter.tagIds)}::bigint[])`;
    conditions.push(
      filter.everyTag
        ? `c.id in (${tagged} group by contact_id having count(*) = ${place(new Set(filter.tagIds).size)})`
        : `c.id in (${tagged})`,
    );
  }
  if (filter.createdSince !== null)
    conditions.push(`c.created_at >= ${place(filter.createdSince)}::timestamptz`);
  return { where: conditions.join(' and '), values };
}
