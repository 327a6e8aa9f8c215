import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../platform/database/unit-of-work';
import type { Upload } from './upload.types';

export type NewUpload = Omit<Upload, 'id' | 'uuid' | 'createdAt' | 'url' | 'thumbnailUrl' | 'previewUrl'>;

const COLUMNS = `id, uuid, kind, mime_type as "mimeType", name, file_size as "fileSize", sha256, width, height,
  duration_ms as "durationMs", storage_key as "storageKey", thumbnail_key as "thumbnailKey", preview_key as "previewKey",
  created_by as "createdBy", created_at as "createdAt", file_url(workspace_id, uuid, '', storage_key) as url,
  file_url(workspace_id, uuid, 'thumbnail', thumbnail_key) as "thumbnailUrl",
  file_url(workspace_id, uuid, 'preview', preview_key) as "previewUrl"`;

/** All SQL of stored files. Within an open unit of work. */
@Injectable()
export class UploadsRepository {
  constructor(private readonly work: UnitOfWork) {}

  /** In the order of their ids; missing ones are left out. */
  async findMany(ids: number[]): Promise<Upload[]> {
    return await this.work.current.query<Upload>(
      `select ${COLUMNS} from upload where id = any ($1) order by id`,
      [ids],
    );
  }

  async findByUuid(uuid: string): Promise<Upload | null> {
    const [upload] = await this.work.current.query<Upload>(`select ${COLUMNS} from upload where uuid = $1`, [
      uuid,
    ]);
    return upload ?? null;
  }

  /** The files are the upload's from now on. Null where they were given up meanwhile. */
  async insert(row: NewUpload): Promise<Upload | null> {
    const keys = [row.storageKey, row.thumbnailKey, row.previewKey].filter((key) => key !== null);
    const claimed = await this.work.current.query(
      'delete from unclaimed_file where storage_key = any ($1) and delete_after > now() returning storage_key',
      [keys],
    );
    if (claimed.length !== keys.length) return null;
    const [upload] = await this.work.current.query<Upload>(
      `insert into upload (kind, mime_type, name, file_size, sha256, width, height, duration_ms, storage_key, thumbnail_key,
                           preview_key, created_by)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) returning ${COLUMNS}`,
      [
        row.kind,
        row.mimeType,
        row.name,
        row.fileSize,
        row.sha256,
        row.width,
        row.height,
        row.durationMs,
        row.storageKey,
        row.thumbnailKey,
        row.previewKey,
        row.createdBy,
      ],
    );
    return upload!;
  }

  /** Files that are about to be written. */
  async announce(keys: string[], deleteAfter: Date): Promise<void> {
    await this.work.current.query(
      'insert into unclaimed_file (storage_key, delete_after) select key, $2 from unnest($1::text[]) as key',
      [keys, deleteAfter],
    );
  }

  /** Files that nobody claimed in time. A transaction that claims one just now is given the time to end. */
  async unclaimed(limit: number): Promise<string[]> {
    const rows = await this.work.current.query<{ key: string }>(
      `select storage_key as key from unclaimed_file where delete_after < now() - interval '2 minutes'
       order by delete_after limit $1`,
      [limit],
    );
    return rows.map((row) => row.key);
  }

  async forget(keys: string[]): Promise<void> {
    await this.work.current.query('delete from unclaimed_file where storage_key = any ($1)', [keys]);
  }

  /** Removes uploads that nothing shows for so long; their files are unclaimed from now on. Answers how many. */
  async removeUnused(createdBefore: Date, limit: number): Promise<number> {
    return await this.removeWhere(
      `uses = 0 and id = any (array(
         select id from upload where uses = 0 and created_at < $1 order by created_at limit $2 for update skip locked))`,
      [createdBefore, limit],
    );
  }

  /** The same at once, where nothing shows them. */
  async remove(ids: number[]): Promise<void> {
    await this.removeWhere('uses = 0 and id = any ($1)', [ids]);
  }

  private async removeWhere(condition: string, values: unknown[]): Promise<number> {
    const [row] = await this.work.current.query<{ count: number }>(
      `with gone as (
         delete from upload where ${condition} returning storage_key, thumbnail_key, preview_key
       ), left_behind as (
         insert into unclaimed_file (storage_key, delete_after)
         select key, now() - interval '2 minutes' from gone, unnest(array[storage_key, thumbnail_key, preview_key]) as key where key is not null
       )
       select count(*)::int as count from gone`,
      values,
    );
    return row!.count;
  }

  /** Whether there is anything that a later sweep may find. */
  async anythingStored(): Promise<boolean> {
    const [row] = await this.work.current.query<{ found: boolean }>(
      'select exists (select from upload) or exists (select from unclaimed_file) as found',
    );
    return row!.found;
  }
}
