import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Roles, users and their sessions. */
export class Staff1763700000002 implements MigrationInterface {
  name = 'Staff1763700000002';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      create table roles (
        workspace_id bigint not null references workspace (id) on delete cascade,
        id bigint generated always as identity,
        name varchar(50) not null,
        access_level varchar(20) not null check (access_level in ('admin', 'supervisor', 'employer')),
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now(),
        primary key (workspace_id, id),
        unique (workspace_id, name)
      );
      comment on column roles.access_level is 'What holders may do; each level includes the ones below: admin, supervisor, employer.';
      call protect_by_workspace('roles');

      create table users (
        workspace_id bigint not null references workspace (id) on delete cascade,
        id bigint generated always as identity,
        uuid uuid not null default gen_random_uuid() unique,
        name varchar(100) not null,
        username varchar(150) not null,
        password varchar(255) not null,
        role_id bigint not null,
        online boolean not null default false,
        status varchar(10) not null default 'offline' check (status in ('online', 'away', 'busy', 'offline')),
        last_seen_at timestamptz,
        deactivated_at timestamptz,
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now(),
        primary key (workspace_id, id),
        unique (workspace_id, username),
        foreign key (workspace_id, role_id) references roles (workspace_id, id)
      );
      create index users_role on users (workspace_id, role_id);
      call protect_by_workspace('users');

      create table user_session (
        workspace_id bigint not null,
        id uuid not null,
        user_id bigint not null,
        created_at timestamptz not null default now(),
        expires_at timestamptz not null,
        ended_at timestamptz,
        primary key (workspace_id, id),
        foreign key (workspace_id, user_id) references users (workspace_id, id) on delete cascade
      );
      comment on table user_session is 'One row per login. A token is good while its row is here, not ended and not expired.';
      create index user_session_user on user_session (workspace_id, user_id, created_at);
      create index user_session_expiry on user_session (expires_at);
      call protect_by_workspace('user_session');
      create policy machinery on user_session to apicechat_platform using (true);
      grant select, delete on user_session to apicechat_platform;

      -- Every workspace has the three built-in roles from its first moment.
      create function add_built_in_roles() returns trigger language plpgsql security definer
        set search_path = public, pg_temp as $$
      begin
        perform set_config('app.workspace_id', new.id::text, true);
        insert into roles (workspace_id, name, access_level)
          values (new.id, 'admin', 'admin'), (new.id, 'supervisor', 'supervisor'), (new.id, 'employer', 'employer');
        return new;
      end $$;
      create policy owner_adds_roles on roles for insert with check (workspace_id = (select current_workspace_id()));
      create trigger workspace_roles after insert on workspace for each row execute function add_built_in_roles();
      select set_config('app.workspace_id', '1', true);
      insert into roles (workspace_id, name, access_level)
        values (1, 'admin', 'admin'), (1, 'supervisor', 'supervisor'), (1, 'employer', 'employer');
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      drop trigger workspace_roles on workspace;
      drop function add_built_in_roles();
      drop table user_session, users, roles;
    `);
  }
}
