import { Injectable } from '@nestjs/common';
import { containing } from '../common/search-text';
import { orderTerms } from '../common/sorting';
import { UnitOfWork } from '../platform/database/unit-of-work';
import type { MessageTemplateQuery } from './message-templates.dto';
import type { MessageTemplate, NewMessageTemplate } from './message-templates.types';

const COLUMNS = `id, integration_id as "integrationId", external_id as "externalId", name, language, category, status,
  parameter_format as "parameterFormat", components, rejected_reason as "rejectedReason", synced_at as "syncedAt"`;

const FILTER = `integration_id = $1 and ($2::text is null or name ilike $2) and ($3::text is null or language = $3)
  and ($4::text is null or status = upper($4)) and ($5::text is null or category = upper($5))`;

/** All SQL of message templates. Within an open unit of work. */
@Injectable()
export class MessageTemplatesRepository {
  constructor(private readonly work: UnitOfWork) {}

  async list(integrationId: number, query: MessageTemplateQuery): Promise<MessageTemplate[]> {
    const columns = { name: 'name', language: 'language', status: 'status', category: 'category' };
    return await this.work.current.query<MessageTemplate>(
      `select ${COLUMNS} from message_template where ${FILTER}
       order by ${orderTerms(query.sort, columns)} limit $6 offset $7`,
      [...filterValues(integrationId, query), query.limit, query.offset],
    );
  }

  async count(integrationId: number, query: MessageTemplateQuery): Promise<number> {
    const [row] = await this.work.current.query<{ count: number }>(
      `select count(*)::int as count from message_template where ${FILTER}`,
      filterValues(integrationId, query),
    );
    return row!.count;
  }

  async find(integrationId: number, name: string, language: string): Promise<MessageTemplate | null> {
    const [row] = await this.work.current.query<MessageTemplate>(
      `select ${COLUMNS} from message_template where integration_id = $1 and name = $2 and language = $3`,
      [integrationId, name, language],
    );
    return row ?? null;
  }

  /** Whether the templates of a number were ever fetched. */
  async isSynced(integrationId: number): Promise<boolean> {
    const rows = await this.work.current.query(
      'select 1 from whatsapp_integration_config where id = $1 and templates_synced_at is not null',
      [integrationId],
    );
    return rows.length > 0;
  }

  /** These are all that a number has. Answers how many were new or changed, and how many are gone. */
  async replace(
    integrationId: number,
    templates: NewMessageTemplate[],
  ): Promise<{ changed: number; removed: number; syncedAt: Date }> {
    // One synchronisation of a number at a time.
    const [number] = await this.work.current.query<{ syncedAt: Date }>(
      `update whatsapp_integration_config set templates_synced_at = now() where id = $1
       returning templates_synced_at as "syncedAt"`,
      [integrationId],
    );
    const removed = await this.work.current.query(
      `delete from message_template t where integration_id = $1
         and not exists (select from unnest($2::text[], $3::text[]) as kept(name, language)
                         where kept.name = t.name and kept.language = t.language)
       returning 1`,
      [integrationId, templates.map((t) => t.name), templates.map((t) => t.language)],
    );
    const changed = await this.work.current.query(
      `insert into message_template (integration_id, external_id, name, language, category, status, parameter_format,
                                     components, rejected_reason)
       select $1, t.* from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::jsonb[], $9::text[])
         as t(external_id, name, language, category, status, parameter_format, components, rejected_reason)
       order by t.name, t.language
       on conflict (workspace_id, integration_id, name, language) do update set
         external_id = excluded.external_id, category = excluded.category, status = excluded.status,
         parameter_format = excluded.parameter_format, components = excluded.components,
         rejected_reason = excluded.rejected_reason, updated_at = now()
       where (message_template.external_id, message_template.category, message_template.status,
              message_template.parameter_format, message_template.components, message_template.rejected_reason)
         is distinct from (excluded.external_id, excluded.category, excluded.status, excluded.parameter_format,
                           excluded.components, excluded.rejected_reason)
       returning 1`,
      [
        integrationId,
        templates.map((t) => t.externalId),
        templates.map((t) => t.name),
        templates.map((t) => t.language),
        templates.map((t) => t.category),
        templates.map((t) => t.status),
        templates.map((t) => t.parameterFormat),
        templates.map((t) => JSON.stringify(t.components)),
        templates.map((t) => t.rejectedReason),
      ],
    );
    await this.work.current.query('update message_template set synced_at = now() where integration_id = $1', [
      integrationId,
    ]);
    return { changed: changed.length, removed: removed.length, syncedAt: number!.syncedAt };
  }
}

function filterValues(integrationId: number, query: MessageTemplateQuery): unknown[] {
  return [
    integrationId,
    query.name === undefined ? null : containing(query.name),
    query.language ?? null,
    query.status ?? null,
    query.category ?? null,
  ];
}
