import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What is sent to customers, beyond texts. */
export class Outbound1763700000015 implements MigrationInterface {
  name = 'Outbound1763700000015';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      alter table message add column request_hash bytea, add column part_of bigint,
        add foreign key (workspace_id, part_of) references message (workspace_id, id) on delete set null (part_of);
      comment on column message.request_hash is 'Of the request that this message was made for, where that may come again.';
      comment on column message.part_of is 'The first message of the same request; its further attachments are messages of their own.';
      create index message_part_of on message (workspace_id, part_of) where part_of is not null;

      create table whatsapp_media (
        workspace_id bigint not null,
        integration_id bigint not null,
        upload_id bigint not null,
        media_id varchar(512) not null,
        expires_at timestamptz not null,
        primary key (workspace_id, integration_id, upload_id),
        foreign key (workspace_id, integration_id) references whatsapp_integration_config (workspace_id, id) on delete cascade,
        foreign key (workspace_id, upload_id) references upload (workspace_id, id) on delete cascade
      );
      comment on table whatsapp_media is 'Files of ours that Meta has: each number has its own.';
      create index whatsapp_media_upload on whatsapp_media (workspace_id, upload_id);
      call protect_by_workspace('whatsapp_media');

      alter table whatsapp_integration_config add column templates_synced_at timestamptz,
        add column send_read_receipts boolean not null default true;
      create table message_template (
        workspace_id bigint not null,
        id bigint generated always as identity,
        integration_id bigint not null,
        external_id varchar(512),
        name varchar(512) not null,
        language varchar(16) not null,
        category varchar(40),
        status varchar(40) not null,
        parameter_format varchar(20),
        components jsonb not null,
        rejected_reason varchar(200),
        synced_at timestamptz not null default now(),
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now(),
        primary key (workspace_id, id),
        unique (workspace_id, integration_id, name, language),
        foreign key (workspace_id, integration_id) references whatsapp_integration_config (workspace_id, id) on delete cascade
      );
      comment on table message_template is 'What Meta has approved, or not, as it was when it was last fetched.';
      call protect_by_workspace('message_template');

      create table read_receipt (
        workspace_id bigint not null,
        conversation_id bigint not null,
        wanted_id bigint not null,
        told_id bigint not null default 0,
        primary key (workspace_id, conversation_id),
        foreign key (workspace_id, conversation_id) references conversation (workspace_id, id) on delete cascade
      );
      comment on table read_receipt is 'Up to which message of theirs customers shall be told, and were told, that we have read them.';
      call protect_by_workspace('read_receipt');
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      drop table read_receipt, message_template, whatsapp_media;
      alter table whatsapp_integration_config drop column templates_synced_at, drop column send_read_receipts;
      alter table message drop column part_of, drop column request_hash;
    `);
  }
}
