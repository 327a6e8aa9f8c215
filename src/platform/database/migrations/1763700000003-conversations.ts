import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Contacts, bots, conversations, messages, and the WhatsApp numbers they come through. */
export class Conversations1763700000003 implements MigrationInterface {
  name = 'Conversations1763700000003';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      create table whatsapp_integration_config (
        workspace_id bigint not null references workspace (id) on delete cascade,
        id bigint generated always as identity,
        name varchar(100),
        access_token text not null,
        phone_number_id varchar(50) not null unique,
        business_account_id varchar(50),
        display_phone_number varchar(30),
        api_version varchar(10) not null default 'v25.0',
        sending_paused_until timestamptz,
        sending_paused_reason text,
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now(),
        primary key (workspace_id, id)
      );
      comment on column whatsapp_integration_config.access_token is 'AES-256-GCM; never leaves the server.';
      comment on column whatsapp_integration_config.phone_number_id is 'Unique over all workspaces: Meta delivers a number to one place.';
      comment on column whatsapp_integration_config.sending_paused_until is 'infinity: until somebody mends the account.';
      call protect_by_workspace('whatsapp_integration_config');
      create policy machinery on whatsapp_integration_config for select to apicechat_platform using (true);
      grant select (workspace_id, id, phone_number_id) on whatsapp_integration_config to apicechat_platform;

      create table bot (
        workspace_id bigint not null references workspace (id) on delete cascade,
        id bigint generated always as identity,
        name varchar(100) not null,
        description text,
        created_at timestamptz not null default now(),
        primary key (workspace_id, id)
      );
      call protect_by_workspace('bot');

      create table contact (
        workspace_id bigint not null references workspace (id) on delete cascade,
        id bigint generated always as identity,
        uuid uuid not null default gen_random_uuid() unique,
        external_id varchar(150) not null,
        name varchar(150),
        phone_number varchar(20),
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now(),
        primary key (workspace_id, id),
        unique (workspace_id, external_id),
        unique (workspace_id, phone_number)
      );
      call protect_by_workspace('contact');

      -- The ways a channel may name a contact. WhatsApp: the phone, the business-scoped user id, or both.
      create table contact_identity (
        workspace_id bigint not null,
        scheme varchar(20) not null check (scheme in ('whatsapp_phone', 'whatsapp_user')),
        value varchar(150) not null,
        contact_id bigint not null,
        created_at timestamptz not null default now(),
        primary key (workspace_id, scheme, value),
        foreign key (workspace_id, contact_id) references contact (workspace_id, id) on delete cascade
      );
      create index contact_identity_contact on contact_identity (workspace_id, contact_id);
      call protect_by_workspace('contact_identity');

      create table conversation (
        workspace_id bigint not null,
        id bigint generated always as identity,
        contact_id bigint not null,
        channel varchar(20) not null,
        integration_id bigint,
        status varchar(20) not null default 'queue'
          check (status in ('queue', 'active', 'transferred', 'closed', 'archived')),
        assigned_user bigint,
        assigned_bot bigint,
        unread_count integer not null default 0 check (unread_count >= 0),
        read boolean not null default true,
        last_message_id bigint,
        last_message_at timestamptz,
        window_expires_at timestamptz,
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now(),
        primary key (workspace_id, id),
        foreign key (workspace_id, contact_id) references contact (workspace_id, id) on delete cascade,
        foreign key (workspace_id, integration_id) references whatsapp_integration_config (workspace_id, id),
        foreign key (workspace_id, assigned_user) references users (workspace_id, id),
        foreign key (workspace_id, assigned_bot) references bot (workspace_id, id),
        constraint conversation_one_assignee check (assigned_user is null or assigned_bot is null),
        constraint conversation_whatsapp_number check (channel <> 'whatsapp' or integration_id is not null)
      ) with (fillfactor = 80);
      comment on column conversation.window_expires_at is 'Until then the customer may be answered freely: 24 h after their last message.';
      -- One open thread per customer and number, whatever arrives at the same moment.
      create unique index conversation_open on conversation (workspace_id, contact_id, channel, integration_id)
        nulls not distinct where status in ('queue', 'active', 'transferred');
      create index conversation_inbox on conversation (workspace_id, last_message_at desc nulls last, id desc);
      create index conversation_assigned_user on conversation (workspace_id, assigned_user) where assigned_user is not null;
      create index conversation_assigned_bot on conversation (workspace_id, assigned_bot) where assigned_bot is not null;
      create index conversation_integration on conversation (workspace_id, integration_id);
      call protect_by_workspace('conversation');

      create table message (
        workspace_id bigint not null,
        id bigint generated always as identity,
        conversation_id bigint not null,
        sender_type varchar(10) not null check (sender_type in ('contact', 'user', 'bot', 'system')),
        sender_user bigint,
        sender_bot bigint,
        type varchar(30) not null default 'text',
        body text,
        payload jsonb,
        reply_to_id bigint,
        client_message_id varchar(100),
        created_at timestamptz not null default now(),
        sent_at timestamptz,
        delivered_at timestamptz,
        read_at timestamptz,
        failed_at timestamptz,
        whatsapp_message_id varchar(512),
        whatsapp_status varchar(50) not null default 'pending'
          check (whatsapp_status in ('pending', 'uncertain', 'sent', 'failed', 'delivered', 'read')),
        error_code integer,
        error_reason text,
        send_attempts smallint not null default 0,
        send_after timestamptz,
        sending_since timestamptz,
        primary key (workspace_id, id),
        foreign key (workspace_id, conversation_id) references conversation (workspace_id, id) on delete cascade,
        foreign key (workspace_id, sender_user) references users (workspace_id, id),
        foreign key (workspace_id, sender_bot) references bot (workspace_id, id),
        foreign key (workspace_id, reply_to_id) references message (workspace_id, id) on delete set null (reply_to_id),
        constraint message_sender check (
          (sender_user is not null) = (sender_type = 'user') and (sender_bot is not null) = (sender_type = 'bot'))
      );
      comment on column message.id is 'Drawn while the conversation row is locked: within a conversation, id order is commit order.';
      comment on column message.sent_at is 'Inbound: when the customer wrote it, by the provider. Outbound: when the provider took it.';
      comment on column message.sending_since is 'Set and committed before the call to the provider; found after a crash, the fate of the call is unknown.';
      create index message_history on message (workspace_id, conversation_id, id desc);
      create unique index message_whatsapp_id on message (workspace_id, whatsapp_message_id)
        where whatsapp_message_id is not null;
      create unique index message_client_id on message (workspace_id, conversation_id, client_message_id)
        where client_message_id is not null;
      create index message_outbox on message (workspace_id, conversation_id, id)
        where whatsapp_status = 'pending' and sender_type <> 'contact';
      create index message_sender_user on message (workspace_id, sender_user) where sender_user is not null;
      create index message_sender_bot on message (workspace_id, sender_bot) where sender_bot is not null;
      create index message_reply_to on message (workspace_id, reply_to_id) where reply_to_id is not null;
      call protect_by_workspace('message');

      -- What the provider reported of a message before we knew the id it has there.
      create table early_delivery_report (
        workspace_id bigint not null references workspace (id) on delete cascade,
        id bigint generated always as identity,
        external_id varchar(512) not null,
        status varchar(20) not null check (status in ('sent', 'failed', 'delivered', 'read')),
        at timestamptz not null,
        error_code integer,
        error_reason text,
        received_at timestamptz not null default now(),
        primary key (workspace_id, id),
        unique (workspace_id, external_id, status)
      );
      create index early_delivery_report_received on early_delivery_report using brin (received_at);
      call protect_by_workspace('early_delivery_report');
      create policy machinery on early_delivery_report to apicechat_platform using (true);
      grant select, delete on early_delivery_report to apicechat_platform;

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

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      drop table message_attachment, early_delivery_report, message, conversation, contact_identity, contact, bot, whatsapp_integration_config;
    `);
  }
}
