import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../platform/database/unit-of-work';
import type { Upload } from '../uploads/upload.types';

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
}

/** The attachments of the row `message`, as `AttachmentDto[]`. */
export const ATTACHMENTS = `(select coalesce(json_agg(json_build_object(
    'id', a.id, 'kind', coalesce(u.kind, a.kind), 'url', file_url(u.workspace_id, u.uuid, '', u.storage_key),
    'mime_type', coalesce(u.mime_type, a.mime_type), 'name', coalesce(a.name, u.name),
    'size', u.file_size, 'file_size', u.file_size, 'duration_ms', u.duration_ms, 'width', u.width, 'height', u.height,
    'thumbnail_url', file_url(u.workspace_id, u.uuid, 'thumbnail', u.thumbnail_key),
    'preview_url', file_url(u.workspace_id, u.uuid, 'preview', u.preview_key),
    'state', a.state, 'error', a.error) order by a.position), '[]')
  from message_attachment a left join upload u on u.id = a.upload_id
  where a.message_id = message.id)`;
