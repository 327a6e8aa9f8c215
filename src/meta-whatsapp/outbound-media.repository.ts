import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../platform/database/unit-of-work';

/** All SQL of the files that Meta has of us. Within an open unit of work. */
@Injectable()
export class OutboundMediaRepository {
  constructor(private readonly work: UnitOfWork) {}

  /** Meta's id of an upload, where it lives on for a while. */
  async find(integrationId: number, uploadId: number): Promise<string | null> {
    const [row] = await this.work.current.query<{ mediaId: string }>(
      `select media_id as "mediaId" from whatsapp_media
       where integration_id = $1 and upload_id = $2 and expires_at > now() + interval '1 hour'`,
      [integrationId, uploadId],
    );
    return row?.mediaId ?? null;
  }

  async save(integrationId: number, uploadId: number, mediaId: string, expiresAt: Date): Promise<void> {
    await this.work.current.query(
      `insert into whatsapp_media (integration_id, upload_id, media_id, expires_at) values ($1, $2, $3, $4)
       on conflict (workspace_id, integration_id, upload_id) do update
         set media_id = excluded.media_id, expires_at = excluded.expires_at`,
      [integrationId, uploadId, mediaId, expiresAt],
    );
  }

  async delete(integrationId: number, uploadId: number): Promise<void> {
    await this.work.current.query('delete from whatsapp_media where integration_id = $1 and upload_id = $2', [
      integrationId,
      uploadId,
    ]);
  }
}
