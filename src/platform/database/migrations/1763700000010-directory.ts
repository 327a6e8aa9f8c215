import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Users who are gone, and the accounts that contacts have elsewhere. */
export class Directory1763700000010 implements MigrationInterface {
  name = 'Directory1763700000010';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      alter table users
        add column deleted_at timestamptz,
        add constraint users_deleted_are_inactive check (deleted_at is null or deactivated_at is not null),
        drop constraint users_workspace_id_username_key;
      comment on column users.deleted_at is 'Their messages and conversations still name them; the username is free again.';
      -- Names that only case sets apart were allowed before: the later accounts get their number behind theirs.
      alter table users no force row level security;
      update users u set username = left(username, 120) || ' (' || id || ')' where exists (
        select from users earlier where earlier.workspace_id = u.workspace_id and earlier.id < u.id
          and lower(earlier.username) = lower(u.username));
      alter table users force row level security;
      create unique index users_username on users (workspace_id, lower(username)) where deleted_at is null;
      create index users_sign_in on users (workspace_id, username) where deleted_at is null;

      create table contact_user_account (
        workspace_id bigint not null references workspace (id) on delete cascade,
        id bigint generated always as identity,
        contact_id bigint not null,
        username_final varchar(150) not null,
        password_final text not null,
        server_id bigint not null,
        id_line_server bigint,
        date_exp timestamptz,
        application_id bigint,
        device_id bigint,
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now(),
        primary key (workspace_id, id),
        constraint contact_user_account_contact_exists foreign key (workspace_id, contact_id) references contact (workspace_id, id) on delete cascade,
        constraint contact_user_account_server_exists foreign key (workspace_id, server_id) references server (workspace_id, id),
        constraint contact_user_account_application_exists foreign key (workspace_id, application_id) references application (workspace_id, id),
        constraint contact_user_account_device_exists foreign key (workspace_id, device_id) references device (workspace_id, id)
      );
      comment on table contact_user_account is 'An account that a contact has on a server of the business.';
      comment on column contact_user_account.password_final is 'AES-256-GCM, bound to this row; never leaves the server.';
      comment on column contact_user_account.id_line_server is 'The number of the line on that server.';
      create index contact_user_account_contact on contact_user_account (workspace_id, contact_id);
      create index contact_user_account_server on contact_user_account (workspace_id, server_id);
      create index contact_user_account_application on contact_user_account (workspace_id, application_id)
        where application_id is not null;
      create index contact_user_account_device on contact_user_account (workspace_id, device_id)
        where device_id is not null;
      call protect_by_workspace('contact_user_account');

      alter table whatsapp_integration_config add column token_version integer not null default 1;
      comment on column whatsapp_integration_config.token_version is 'Grows with each token that is entered; not when the same one is sealed anew.';
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    // Names that were given anew are given once again: who is gone gives way.
    await db.query(`
      alter table whatsapp_integration_config drop column token_version;
      drop table contact_user_account;
      alter table users no force row level security;
      update users set username = left(username, 120) || ' (deleted ' || id || ')' where deleted_at is not null;
      alter table users force row level security;
      drop index users_username, users_sign_in;
      alter table users
        drop column deleted_at,
        add constraint users_workspace_id_username_key unique (workspace_id, username);
    `);
  }
}
