import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who is connected through which process, and what staff is told. */
export class Presence1763700000017 implements MigrationInterface {
  name = 'Presence1763700000017';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      alter table users
        add column chosen_status varchar(10) check (chosen_status in ('away', 'busy')),
        add column presence_version bigint not null default 0;
      comment on column users.chosen_status is 'Shown while connected, in the place of online; null: none was chosen.';
      comment on column users.presence_version is 'Grows with each change of online, status or last_seen_at.';

      create table presence_process (
        id uuid primary key,
        expires_at timestamptz not null
      );
      comment on table presence_process is 'A server with sockets. Put off while it lives; what it held counts no more once it has expired.';
      grant select on presence_process to apicechat_app;
      grant select, insert, update, delete on presence_process to apicechat_platform;

      create table user_connection (
        workspace_id bigint not null,
        user_id bigint not null,
        process_id uuid not null references presence_process (id),
        connected_at timestamptz not null default now(),
        primary key (workspace_id, user_id, process_id),
        foreign key (workspace_id, user_id) references users (workspace_id, id) on delete cascade
      );
      comment on table user_connection is 'The user has one socket or more at this process.';
      create index user_connection_process on user_connection (process_id);
      call protect_by_workspace('user_connection');
      create policy machinery on user_connection for select to apicechat_platform using (true);
      grant select on user_connection to apicechat_platform;

      create table notification (
        workspace_id bigint not null references workspace (id) on delete cascade,
        id bigint generated always as identity,
        level varchar(10) not null check (level in ('info', 'warning', 'critical')),
        title varchar(150) not null,
        body text not null,
        created_by bigint,
        created_at timestamptz not null default now(),
        primary key (workspace_id, id)
      );
      comment on table notification is 'What an administrator told all staff.';
      comment on column notification.created_by is 'No foreign key: it outlives its author.';
      call protect_by_workspace('notification');
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      drop table notification, user_connection, presence_process;
      alter table users drop column chosen_status, drop column presence_version;
    `);
  }
}
