import type { TemplateShape } from './template-shape';

/** A template of Meta's, as stored. */
export interface MessageTemplate {
  id: number;
  integrationId: number;
  /** Meta's id. */
  externalId: string | null;
  name: string;
  language: string;
  category: string | null;
  status: string;
  parameterFormat: string | null;
  /** As Meta described them. */
  components: object[];
  rejectedReason: string | null;
  syncedAt: Date;
}

export type NewMessageTemplate = Omit<MessageTemplate, 'id' | 'integrationId' | 'syncedAt'>;

/** A template as the API shows it. */
export interface MessageTemplateDto {
  id: number;
  integration_id: number;
  /** Meta's id. */
  external_id: string | null;
  name: string;
  language: string;
  category: string | null;
  /** `APPROVED` ones can be sent. */
  status: string;
  rejected_reason: string | null;
  /** What a message must bring. */
  needs: TemplateNeedsDto;
  /** As Meta describes them. */
  components: object[];
  synced_at: string;
}

/** What the `payload` of a message must hold for a template. */
export interface TemplateNeedsDto {
  /** `text` needs `header.value`, `location` needs `header.location`, the others a file. */
  header: 'text' | 'image' | 'video' | 'document' | 'location' | null;
  /** Whether each value needs the name of its variable. */
  named: boolean;
  /** The variables of the body, in their order. */
  body: string[];
  /** The buttons that need a value, by their place. */
  buttons: { index: number; type: string; text: string }[];
}

/** What a synchronisation found. */
export interface TemplateSyncDto {
  /** How many there are now. */
  total: number;
  /** How many of them are new or changed. */
  changed: number;
  /** How many are gone. */
  removed: number;
  synced_at: string;
}

export function toMessageTemplateDto(row: MessageTemplate, shape: TemplateShape): MessageTemplateDto {
  const { header } = shape;
  const needsHeader =
    header !== null && header.kind !== 'other' && (header.kind !== 'text' || header.variables.length > 0);
  return {
    id: row.id,
    integration_id: row.integrationId,
    external_id: row.externalId,
    name: row.name,
    language: row.language,
    category: row.category,
    status: row.status,
    rejected_reason: row.rejectedReason,
    needs: {
      header: needsHeader ? header.kind : null,
      named: shape.named,
      body: shape.body.variables,
      buttons: shape.buttons.flatMap(({ kind, text, needsValue }, index) =>
        needsValue ? [{ index, type: kind, text }] : [],
      ),
    },
    components: row.components,
    synced_at: row.syncedAt.toISOString(),
  };
}
