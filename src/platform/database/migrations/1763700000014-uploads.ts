import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Files, and which message shows which. */
export class Uploads1763700000014 implements MigrationInterface {
  name = 'Uploads1763700000014';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      create table upload (
        workspace_id bigint not null references workspace (id) on delete cascade,
        id bigint generated always as identity,
        uuid uuid not null default gen_random_uuid() unique,
        kind varchar(10) not null check (kind in ('image', 'audio', 'video', 'document')),
        mime_type varchar(255) not null,
        name varchar(255) not null,
        file_size bigint not null check (file_size > 0),
        sha256 char(64) not null,
        width integer,
        height integer,
        duration_ms integer,
        storage_key varchar(200) not null unique,
        thumbnail_key varchar(200),
        preview_key varchar(200),
        created_by bigint,
        uses integer not null default 0 check (uses >= 0),
        created_at timestamptz not null default now(),
        primary key (workspace_id, id),
        foreign key (workspace_id, created_by) references users (workspace_id, id) on delete set null (created_by)
      );
      comment on table upload is 'A file that lies whole in the storage: the row is written after it.';
      comment on column upload.uses is 'Rows that show it, counted by triggers. One that nothing shows is removed after a while.';
      create index upload_unused on upload (workspace_id, created_at) where uses = 0;
      create index upload_created_by on upload (workspace_id, created_by) where created_by is not null;
      call protect_by_workspace('upload');

      -- Written and committed before the file, removed by the transaction that claims it: what a crash leaves in
      -- the storage is found here.
      create table unclaimed_file (
        workspace_id bigint not null references workspace (id) on delete cascade,
        storage_key varchar(200) not null,
        delete_after timestamptz not null,
        primary key (workspace_id, storage_key)
      );
      create index unclaimed_file_due on unclaimed_file (workspace_id, delete_after);
      call protect_by_workspace('unclaimed_file');

      -- Counts for any table that has an upload_id.
      create function count_upload_uses() returns trigger language plpgsql as $$
      begin
        if tg_op <> 'INSERT' and old.upload_id is not null then
          update upload set uses = uses - 1 where workspace_id = old.workspace_id and id = old.upload_id;
        end if;
        if tg_op <> 'DELETE' and new.upload_id is not null then
          update upload set uses = uses + 1 where workspace_id = new.workspace_id and id = new.upload_id;
        end if;
        return null;
      end $$;

      -- The address under which a file is shown; the two keys are those of an HMAC-SHA256 and live with the
      -- connection, never in the database. Without them there is no address.
      create function file_url(workspace_id bigint, uuid uuid, variant text, storage_key text) returns text
      language sql stable parallel safe as $$
        select case
          when storage_key is null then null
          when current_setting('app.public_files', true) <> '' then current_setting('app.public_files') || storage_key
          when current_setting('app.file_key_outer', true) <> '' then
            '/files/' || uuid || case variant when '' then '' else '/' || variant end || '?signature=' || workspace_id || '.' ||
            encode(sha256(decode(current_setting('app.file_key_outer'), 'hex') || sha256(
              decode(current_setting('app.file_key_inner'), 'hex') ||
              convert_to(workspace_id || '/' || uuid || '/' || variant, 'UTF8'))), 'hex')
        end
      $$;

      drop table message_attachment;
      create table message_attachment (
        workspace_id bigint not null,
        id bigint generated always as identity,
        message_id bigint not null,
        position smallint not null default 0,
        state varchar(10) not null check (state in ('pending', 'ready', 'failed')),
        upload_id bigint,
        kind varchar(10) not null check (kind in ('image', 'audio', 'video', 'document')),
        mime_type varchar(255) not null,
        name varchar(255),
        media_id varchar(512),
        sha256 varchar(128),
        error text,
        attempts smallint not null default 0,
        try_after timestamptz not null default now(),
        created_at timestamptz not null default now(),
        primary key (workspace_id, id),
        unique (workspace_id, message_id, position),
        foreign key (workspace_id, message_id) references message (workspace_id, id) on delete cascade,
        foreign key (workspace_id, upload_id) references upload (workspace_id, id),
        constraint message_attachment_file check ((state = 'ready') = (upload_id is not null))
      );
      comment on column message_attachment.media_id is 'The provider''s id of a file that has yet to be fetched from there.';
      comment on column message_attachment.sha256 is 'Of the file, as the provider announced it.';
      create index message_attachment_upload on message_attachment (workspace_id, upload_id) where upload_id is not null;
      create index message_attachment_pending on message_attachment (workspace_id, try_after) where state = 'pending';
      call protect_by_workspace('message_attachment');
      create trigger message_attachment_uses after insert or delete or update of upload_id on message_attachment
        for each row execute function count_upload_uses();
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      drop table message_attachment;
      drop function file_url, count_upload_uses;
      drop table unclaimed_file, upload;
      create table message_attachment (
        workspace_id bigint not null,
        id bigint generated always as identity,
        message_id bigint not null,
        kind varchar(10) not null check (kind in ('image', 'audio', 'video', 'document')),
        url text not null,
        mime_type varchar(50) not null,
        name varchar(255),
        size integer,
        file_size integer,
        duration_ms integer,
        width integer,
        height integer,
        thumbnail_url text,
        preview_url text,
        primary key (workspace_id, id),
        foreign key (workspace_id, message_id) references message (workspace_id, id) on delete cascade
      );
      create index message_attachment_message on message_attachment (workspace_id, message_id);
      call protect_by_workspace('message_attachment');
    `);
  }
}
