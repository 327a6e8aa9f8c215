import { Injectable } from '@nestjs/common';
import { type Statement, UnitOfWork } from '../platform/database/unit-of-work';
import type { Upload } from '../uploads/upload.types';
import type { InboundFile, PendingFile } from './attachments.types';
import { storedHere } from './stored-here';

/** All SQL of what messages show. Within an open unit of work. */
@Injectable()
export class AttachmentsRepository {
  constructor(private readonly work: UnitOfWork) {}

  /** Files that are here already, in this order. A foreign key violation where one is gone meanwhile. */
  async attach(messageId: number, uploads: Upload[]): Promise<void> {
    await this.work.current.query(
      `insert into message_attachment (message_id, position, state, upload_id, kind, mime_type, name)
       select $1, u.place - 1, 'ready', u.id, u.kind, u.mime_type, u.name
       from unnest($2::bigint[], $3::text[], $4::text[], $5::text[]) with ordinality as u(id, kind, mime_type, name, place)`,
      [
        messageId,
        uploads.map((u) => u.id),
        uploads.map((u) => u.kind),
        uploads.map((u) => u.mimeType),
        uploads.map((u) => u.name),
      ],
    );
  }

  /** Files that are still at the provider's, of those of these messages that its own transaction stored. */
  insertingPending(files: (InboundFile & { externalId: string; position: number })[]): Statement {
    return {
      name: 'attachment_insert_pending',
      sql: `insert into message_attachment (message_id, position, state, kind, mime_type, name, media_id, sha256, error)
       select message.id, f.position, case when f.media_id is null then 'failed' else 'pending' end, f.kind, f.mime_type,
         f.name, f.media_id, f.sha256, case when f.media_id is null then 'The provider named no file.' end
       from json_to_recordset($1) as f(external_id text, position int, kind text, mime_type text, name text, media_id text,
         sha256 text)
       cross join lateral (select id from message where ${storedHere('f.external_id')} limit 1) message`,
      values: [
        JSON.stringify(
          files.map((f) => ({
            external_id: f.externalId,
            position: f.position,
            kind: f.kind,
            mime_type: f.mimeType,
            name: f.name,
            media_id: f.mediaId,
            sha256: f.sha256,
          })),
        ),
      ],
    };
  }

  /** Of a channel, those whose time has come; the oldest first. */
  async due(channel: string, limit: number): Promise<PendingFile[]> {
    return await this.work.current.query<PendingFile>(
      `select a.id, a.message_id as "messageId", a.kind, a.mime_type as "mimeType", a.name, a.media_id as "mediaId",
         a.sha256, a.attempts, a.created_at as since, c.integration_id as "integrationId"
       from message_attachment a join message m on m.id = a.message_id join conversation c on c.id = m.conversation_id
       where a.state = 'pending' and a.try_after <= now() and c.channel = $1 order by a.try_after, a.id limit $2`,
      [channel, limit],
    );
  }

  /** When the next one of the channel is due. */
  async nextDue(channel: string): Promise<Date | null> {
    const [row] = await this.work.current.query<{ at: Date | null }>(
      `select min(a.try_after) as at
       from message_attachment a join message m on m.id = a.message_id join conversation c on c.id = m.conversation_id
       where a.state = 'pending' and c.channel = $1`,
      [channel],
    );
    return row?.at ?? null;
  }

  /** These and the following answer whether it was still pending. */
  async setReady(id: number, upload: Upload): Promise<boolean> {
    return await this.settle(id, `state = 'ready', upload_id = $2, error = null`, upload.id);
  }

  async setFailed(id: number, reason: string): Promise<boolean> {
    return await this.settle(id, `state = 'failed', error = $2`, reason);
  }

  async postpone(id: number, until: Date): Promise<boolean> {
    return await this.settle(id, 'attempts = attempts + 1, try_after = $2', until);
  }

  /** Answers the uploads that the message showed. */
  async removeOf(messageId: number): Promise<number[]> {
    const rows = await this.work.current.query<{ id: number | null }>(
      'delete from message_attachment where message_id = $1 returning upload_id as id',
      [messageId],
    );
    return rows.flatMap(({ id }) => id ?? []);
  }

  /** What waits for a number of ours, such as for its token, is due now. */
  async hasten(integrationId: number): Promise<boolean> {
    const rows = await this.work.current.query(
      `update message_attachment a set try_after = now()
       from message m join conversation c on c.id = m.conversation_id
       where a.state = 'pending' and m.id = a.message_id and c.integration_id = $1 returning a.id`,
      [integrationId],
    );
    return rows.length > 0;
  }

  private async settle(id: number, change: string, value: unknown): Promise<boolean> {
    const rows = await this.work.current.query(
      `update message_attachment set ${change} where id = $1 and state = 'pending' returning id`,
      [id, value],
    );
    return rows.length > 0;
  }
}

/** The attachments of the message with this id, as `AttachmentDto[]`. */
export const attachmentsOf = (messageId: string): string => `(select coalesce(json_agg(json_build_object(
    'id', a.id, 'kind', coalesce(u.kind, a.kind), 'url', file_url(u.workspace_id, u.uuid, '', u.storage_key),
    'mime_type', coalesce(u.mime_type, a.mime_type), 'name', coalesce(u.name, a.name),
    'size', u.file_size, 'file_size', u.file_size, 'duration_ms', u.duration_ms, 'width', u.width, 'height', u.height,
    'thumbnail_url', file_url(u.workspace_id, u.uuid, 'thumbnail', u.thumbnail_key),
    'preview_url', file_url(u.workspace_id, u.uuid, 'preview', u.preview_key),
    'state', a.state, 'error', a.error) order by a.position), '[]')
  from message_attachment a left join upload u on u.id = a.upload_id
  where a.message_id = ${messageId})`;

/** The same of the row `message`. */
export const ATTACHMENTS = attachmentsOf('message.id');
