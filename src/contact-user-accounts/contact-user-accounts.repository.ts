import { Injectable } from '@nestjs/common';
import { containing } from '../common/search-text';
import { orderTerms } from '../common/sorting';
import { UnitOfWork } from '../platform/database/unit-of-work';
import type { ContactUserAccountQuery } from './contact-user-accounts.dto';
import type { AccountFields, ContactUserAccount } from './contact-user-accounts.types';

const COLUMNS = `id, contact_id as "contactId", username_final as username, password_final as password,
  server_id as "serverId", id_line_server as "lineId", date_exp as "expiresAt", application_id as "applicationId",
  device_id as "deviceId", created_at as "createdAt", updated_at as "updatedAt"`;

const SORTS = { username_final: 'username_final', date_exp: 'date_exp', created_at: 'created_at', id: 'id' };

const FILTER = `($1::bigint is null or contact_id = $1)
  and ($2::bigint is null or server_id = $2)
  and ($3::bigint is null or application_id = $3)
  and ($4::bigint is null or device_id = $4)
  and ($5::boolean is null or coalesce(date_exp <= now(), false) = $5)
  and ($6::text is null or username_final ilike $6)`;

/** All SQL of the accounts of contacts. Within an open unit of work. */
@Injectable()
export class ContactUserAccountsRepository {
  constructor(private readonly work: UnitOfWork) {}

  async list(query: ContactUserAccountQuery): Promise<ContactUserAccount[]> {
    return await this.work.current.query<ContactUserAccount>(
      `select ${COLUMNS} from contact_user_account where ${FILTER}
       order by ${orderTerms(query.sort, SORTS)} limit $7 offset $8`,
      [...filterValues(query), query.limit, query.offset],
    );
  }

  async count(query: ContactUserAccountQuery): Promise<number> {
    const [row] = await this.work.current.query<{ count: number }>(
      `select count(*)::int as count from contact_user_account where ${FILTER}`,
      filterValues(query),
    );
    return row!.count;
  }

  async find(id: number): Promise<ContactUserAccount | null> {
    const [row] = await this.work.current.query<ContactUserAccount>(
      `select ${COLUMNS} from contact_user_account where id = $1`,
      [id],
    );
    return row ?? null;
  }

  /** Until the open transaction ends. */
  async lock(id: number): Promise<ContactUserAccount | null> {
    const [row] = await this.work.current.query<ContactUserAccount>(
      `select ${COLUMNS} from contact_user_account where id = $1 for no key update`,
      [id],
    );
    return row ?? null;
  }

  /** The id of a row to come: its password is sealed for it before it is there. */
  async drawId(): Promise<number> {
    const [row] = await this.work.current.query<{ id: number }>(
      `select nextval(pg_get_serial_sequence('contact_user_account', 'id')) as id`,
    );
    return row!.id;
  }

  async insert(id: number, fields: AccountFields, sealedPassword: string): Promise<ContactUserAccount> {
    const [row] = await this.work.current.query<ContactUserAccount>(
      `insert into contact_user_account
         (id, contact_id, username_final, server_id, id_line_server, date_exp, application_id, device_id, password_final)
       overriding system value values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning ${COLUMNS}`,
      [id, ...fieldValues(fields), sealedPassword],
    );
    return row!;
  }

  /** A password of null stays. */
  async update(
    id: number,
    fields: AccountFields,
    sealedPassword: string | null,
  ): Promise<ContactUserAccount> {
    const [row] = await this.work.current.query<ContactUserAccount>(
      `update contact_user_account set contact_id = $2, username_final = $3, server_id = $4, id_line_server = $5,
         date_exp = $6, application_id = $7, device_id = $8, password_final = coalesce($9, password_final), updated_at = now()
       where id = $1 returning ${COLUMNS}`,
      [id, ...fieldValues(fields), sealedPassword],
    );
    return row!;
  }

  async moveAll(fromContact: number, toContact: number): Promise<void> {
    await this.work.current.query(
      'update contact_user_account set contact_id = $2, updated_at = now() where contact_id = $1',
      [fromContact, toContact],
    );
  }

  async delete(id: number): Promise<void> {
    await this.work.current.query('delete from contact_user_account where id = $1', [id]);
  }
}

function filterValues(query: ContactUserAccountQuery): unknown[] {
  return [
    query.contact_id ?? null,
    query.server_id ?? null,
    query.application_id ?? null,
    query.device_id ?? null,
    query.expired ?? null,
    query.search === undefined ? null : containing(query.search),
  ];
}

function fieldValues(fields: AccountFields): unknown[] {
  return [
    fields.contactId,
    fields.username,
    fields.serverId,
    fields.lineId,
    fields.expiresAt,
    fields.applicationId,
    fields.deviceId,
  ];
}
