import type { MigrationInterface, QueryRunner } from 'typeorm';

const LOOKUPS = ['server', 'application', 'device', 'tag'];

/** Simple named things that others refer to, and who did what. */
export class LookupsAndAudit1763700000005 implements MigrationInterface {
  name = 'LookupsAndAudit1763700000005';

  async up(db: QueryRunner): Promise<void> {
    for (const table of LOOKUPS) {
      await db.query(`
        create table ${table} (
          workspace_id bigint not null references workspace (id) on delete cascade,
          id bigint generated always as identity,
          name varchar(100) not null,
          created_at timestamptz not null default now(),
          updated_at timestamptz not null default now(),
          primary key (workspace_id, id),
          unique (workspace_id, name)
        );
        call protect_by_workspace('${table}');
      `);
    }
    await db.query(`
      create table audit_log (
        workspace_id bigint not null references workspace (id) on delete cascade,
        id bigint generated always as identity,
        user_id bigint,
        user_name varchar(150) not null,
        action varchar(60) not null,
        subject_type varchar(40) not null,
        subject_id bigint,
        details jsonb not null default '{}',
        created_at timestamptz not null default now(),
        primary key (workspace_id, id)
      );
      comment on table audit_log is 'What staff did. Append-only: nobody who works through the server changes or removes a row.';
      comment on column audit_log.user_id is 'No foreign key: the entry outlives the user.';
      create index audit_log_subject on audit_log (workspace_id, subject_type, subject_id, id desc);
      create index audit_log_user on audit_log (workspace_id, user_id, id desc);
      call protect_by_workspace('audit_log');
      revoke update, delete on audit_log from apicechat_app;
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`drop table audit_log, ${LOOKUPS.join(', ')};`);
  }
}
