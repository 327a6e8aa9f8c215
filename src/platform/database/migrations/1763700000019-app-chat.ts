import type { MigrationInterface, QueryRunner } from 'typeorm';

const SCHEMES = (schemes: string): string => `
  alter table contact_identity drop constraint contact_identity_scheme_check;
  alter table contact_identity add constraint contact_identity_scheme_check check (scheme in (${schemes}));`;

const OPEN_INDEX = (condition: string): string => `
  drop index conversation_open;
  create unique index conversation_open on conversation (workspace_id, contact_id, channel, integration_id) nulls not distinct
    where status in ('queue', 'active', 'transferred')${condition};`;

/** Live chat: apps and websites, their users, sessions, and what only their conversations have. */
export class AppChat1763700000019 implements MigrationInterface {
  name = 'AppChat1763700000019';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      alter table conversation add parallel boolean not null default false;
      comment on column conversation.parallel is
        'Opened beside others of the same customer, on a channel that lets them have several; found by its id only.';
      ${OPEN_INDEX(' and not parallel')}
      ${SCHEMES(`'whatsapp_phone', 'whatsapp_user', 'app_user'`)}

      create table chat_app (
        workspace_id bigint not null references workspace (id) on delete cascade,
        id bigint generated always as identity,
        app_id varchar(64) not null unique check (app_id ~ '^[A-Za-z0-9._-]+$'),
        name varchar(100) not null,
        secret text not null,
        previous_secret text,
        visitors boolean not null default false,
        origins varchar(200)[] not null default '{}',
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now(),
        primary key (workspace_id, id)
      );
      comment on table chat_app is 'An app or website whose users write in the live chat.';
      comment on column chat_app.app_id is 'Its name in X-App-Id; unique in the installation, since it says which workspace.';
      comment on column chat_app.secret is 'Sealed. Signs the calls of its server.';
      comment on column chat_app.previous_secret is 'Sealed. Accepted as well, while the secret is being replaced.';
      comment on column chat_app.visitors is 'Whether people that it does not know may open a chat by themselves.';
      comment on column chat_app.origins is 'The websites on which they may; none given: any.';
      call protect_by_workspace('chat_app');
      -- Whose app it is is asked before a workspace is known.
      create policy machinery on chat_app for select to apicechat_platform using (true);
      grant select on chat_app to apicechat_platform;

      create table chat_user (
        workspace_id bigint not null,
        id bigint generated always as identity,
        uuid uuid not null default gen_random_uuid(),
        app bigint not null,
        user_id bigint not null,
        username varchar(150),
        account_name varchar(150),
        phone_number varchar(40),
        status integer not null default 2,
        visitor boolean not null default false,
        contact_id bigint not null,
        last_login timestamptz,
        created_at timestamptz not null default now(),
        primary key (workspace_id, id),
        unique (workspace_id, app, user_id),
        foreign key (workspace_id, app) references chat_app (workspace_id, id),
        foreign key (workspace_id, contact_id) references contact (workspace_id, id) on delete cascade
      );
      create unique index chat_user_username on chat_user (workspace_id, app, lower(username)) where username is not null;
      create index chat_user_user_id on chat_user (workspace_id, user_id);
      create index chat_user_contact on chat_user (workspace_id, contact_id);
      comment on table chat_user is 'Somebody who writes in the live chat, as their app knows them.';
      comment on column chat_user.user_id is
        'The number by which the app knows them; where it gave none, one of ours from 2^52 on, where no app''s can be.';
      comment on column chat_user.phone_number is 'As the app says. Nobody has proved it, so it is no name of the contact.';
      comment on column chat_user.status is 'The app''s own word for what kind of user it is.';
      call protect_by_workspace('chat_user');

      create table chat_session (
        workspace_id bigint not null,
        id uuid not null,
        token_hash bytea not null,
        chat_user_id bigint not null,
        created_at timestamptz not null default now(),
        expires_at timestamptz not null,
        ended_at timestamptz,
        primary key (workspace_id, id),
        unique (workspace_id, token_hash),
        foreign key (workspace_id, chat_user_id) references chat_user (workspace_id, id) on delete cascade
      );
      create index chat_session_user on chat_session (workspace_id, chat_user_id);
      create index chat_session_expires on chat_session (expires_at);
      call protect_by_workspace('chat_session');
      create policy machinery on chat_session to apicechat_platform using (true);
      grant select, delete on chat_session to apicechat_platform;

      create table chat_signature (
        workspace_id bigint not null,
        app bigint not null,
        signature bytea not null,
        expires_at timestamptz not null,
        primary key (workspace_id, app, signature),
        foreign key (workspace_id, app) references chat_app (workspace_id, id) on delete cascade
      );
      create index chat_signature_expires on chat_signature (expires_at);
      comment on table chat_signature is 'Signatures that were used, for as long as their timestamp would be accepted.';
      call protect_by_workspace('chat_signature');
      create policy machinery on chat_signature to apicechat_platform using (true);
      grant select, delete on chat_signature to apicechat_platform;

      create table chat_conversation (
        workspace_id bigint not null,
        conversation_id bigint not null,
        chat_user_id bigint not null,
        subject varchar(255),
        user_read_up_to bigint not null default 0,
        primary key (workspace_id, conversation_id),
        foreign key (workspace_id, conversation_id) references conversation (workspace_id, id) on delete cascade,
        foreign key (workspace_id, chat_user_id) references chat_user (workspace_id, id) on delete cascade
      );
      create index chat_conversation_user on chat_conversation (workspace_id, chat_user_id, conversation_id desc);
      comment on table chat_conversation is 'What a conversation of the live chat has beside what every conversation has.';
      comment on column chat_conversation.user_read_up_to is
        'The user has read all that staff and bots said up to here, and perhaps some of what comes after it.';
      call protect_by_workspace('chat_conversation');
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      drop table chat_conversation, chat_signature, chat_session, chat_user, chat_app;
      delete from conversation where parallel;
      delete from contact_identity where scheme = 'app_user';
      ${SCHEMES(`'whatsapp_phone', 'whatsapp_user'`)}
      ${OPEN_INDEX('')}
      alter table conversation drop parallel;
    `);
  }
}
