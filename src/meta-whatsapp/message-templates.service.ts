import { Inject, Injectable } from '@nestjs/common';
import { AuditService } from '../audit/audit.service';
import type { StaffActor } from '../common/actor';
import { AppError, invalid } from '../common/app-error';
import { type Page, pageOf } from '../common/page';
import { CONFIG, type Config } from '../config/config';
import type { TemplatePayload } from '../messages/outgoing.dto';
import type { StoredContent } from '../messages/outgoing.types';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { GraphClient, type GraphTarget } from './graph-client';
import { idOf, listOf, type Loose, objectOf, objectsOf, textOf } from './loose-json';
import type { MessageTemplateQuery } from './message-templates.dto';
import { MessageTemplatesRepository } from './message-templates.repository';
import {
  type MessageTemplateDto,
  type NewMessageTemplate,
  type TemplateSyncDto,
  toMessageTemplateDto,
} from './message-templates.types';
import { storableJson } from './storable-text';
import { filledTemplate } from './template-filling';
import { templateShapeOf } from './template-shape';
import { WhatsappIntegrationsService } from './whatsapp-integrations.service';

const PAGE = 50;
/** Meta allows 6,000 templates of an account. */
const MAX_PAGES = 200;
const FIELDS = 'id,name,language,status,category,parameter_format,components,rejected_reason';
const APPROVED = 'APPROVED';

/** What may be said to customers unasked: the templates that Meta has approved, as far as they were fetched. */
@Injectable()
export class MessageTemplatesService {
  private readonly graph: GraphClient;

  constructor(
    @Inject(CONFIG) config: Config,
    private readonly work: UnitOfWork,
    private readonly rows: MessageTemplatesRepository,
    private readonly integrations: WhatsappIntegrationsService,
    private readonly audit: AuditService,
  ) {
    this.graph = new GraphClient({
      timeoutMs: config.whatsapp.sendTimeoutSeconds * 1000,
      maxResponseBytes: 8 * 1024 * 1024,
    });
  }

  async list(
    actor: StaffActor,
    integrationId: number,
    query: MessageTemplateQuery,
  ): Promise<Page<MessageTemplateDto>> {
    return await this.work.run(actor, async () => {
      await this.integrations.requireNumber(integrationId);
      const rows = await this.rows.list(integrationId, query);
      return pageOf(
        rows.map((row) => toMessageTemplateDto(row, templateShapeOf(row.components, row.parameterFormat))),
        await this.rows.count(integrationId, query),
        query,
      );
    });
  }

  /** Fetches all templates of the number's account; those that are gone there are gone here. */
  async sync(actor: StaffActor, integrationId: number): Promise<TemplateSyncDto> {
    const account = await this.work.run(actor, () => this.integrations.accountOf(integrationId));
    const templates = await this.fetch(account.target, account.businessAccountId);
    return await this.work.run(actor, async () => {
      await this.integrations.requireNumber(integrationId);
      const { changed, removed, syncedAt } = await this.rows.replace(integrationId, templates);
      this.audit.record({
        actor,
        action: 'message_template.sync',
        subject: { type: 'whatsapp_integration_config', id: integrationId },
        details: { total: templates.length, changed, removed },
      });
      return { total: templates.length, changed, removed, synced_at: syncedAt.toISOString() };
    });
  }

  /**
   * A template message as the customer will read it. Where the number's templates were never fetched, Meta decides
   * alone. Within the open unit of work.
   */
  async accept(integrationId: number, payload: TemplatePayload): Promise<StoredContent | null> {
    const { name, language } = payload;
    const template = await this.rows.find(integrationId, name, language);
    if (template === null) {
      if (await this.rows.isSynced(integrationId))
        throw invalid(
          'payload.name',
          `There is no template "${name}" in the language ${language}. If it is new, fetch the templates again.`,
        );
      const untyped = (payload.buttons ?? []).findIndex((button) => !button.type);
      if (untyped !== -1)
        throw invalid(
          `payload.buttons.${untyped}.type`,
          'The templates of this number were never fetched, so the type of a button must be given.',
        );
      return null;
    }
    if (template.status !== APPROVED)
      throw invalid(
        'payload.name',
        `The template "${name}" cannot be sent: it is ${template.status} at Meta.`,
      );
    return filledTemplate(templateShapeOf(template.components, template.parameterFormat), payload);
  }

  private async fetch(target: GraphTarget, businessAccountId: string): Promise<NewMessageTemplate[]> {
    const found = new Map<string, NewMessageTemplate>();
    let after: string | null = null;
    for (let page = 0; page < MAX_PAGES; page++) {
      const outcome = await this.graph.get(target, [businessAccountId, 'message_templates'], {
        fields: FIELDS,
        limit: String(PAGE),
        ...(after === null ? {} : { after }),
      });
      if (outcome.kind !== 'answered') {
        const reason = outcome.kind === 'refused' ? outcome.error.reason : outcome.reason;
        throw new AppError('PROVIDER_FAILED', `The templates could not be fetched. ${reason}`);
      }
      if (!Array.isArray(outcome.json.data))
        throw new AppError('PROVIDER_FAILED', 'WhatsApp answered with no list of templates.');
      for (const template of objectsOf(outcome.json.data).flatMap(templateOf))
        found.set(`${template.name} ${template.language}`, template);
      after = nextIn(outcome.json);
      if (after === null) break;
    }
    return [...found.values()];
  }
}

/** The cursor of the next page; its address is not followed, so the token goes nowhere else. */
function nextIn(json: Loose): string | null {
  const paging = objectOf(json.paging);
  return textOf(paging?.next) === null ? null : textOf(objectOf(paging?.cursors)?.after, 2_000);
}

function templateOf(given: Loose): NewMessageTemplate[] {
  const name = textOf(given.name, 512);
  const language = textOf(given.language, 16);
  if (name === null || language === null) return [];
  const reason = textOf(given.rejected_reason, 200);
  return [
    {
      externalId: idOf(given.id),
      name,
      language,
      category: textOf(given.category, 40)?.toUpperCase() ?? null,
      status: textOf(given.status, 40)?.toUpperCase() ?? 'UNKNOWN',
      parameterFormat: textOf(given.parameter_format, 20)?.toUpperCase() ?? null,
      components: storableJson(listOf(given.components)) as object[],
      rejectedReason: reason === 'NONE' ? null : reason,
    },
  ];
}
