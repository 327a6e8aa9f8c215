import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How waiting conversations are given to people by themselves. */
export class AutoAssignment1763700000018 implements MigrationInterface {
  name = 'AutoAssignment1763700000018';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      alter table conversation add queued_at timestamptz not null default now();
      comment on column conversation.queued_at is 'Since when it waits in the queue, or since when it last did.';

      create table auto_assignment (
        workspace_id bigint primary key references workspace (id) on delete cascade,
        enabled boolean not null,
        levels varchar(20)[] not null
          check (cardinality(levels) > 0 and levels <@ array['employer', 'supervisor', 'admin']::varchar[]),
        max_open integer not null check (max_open between 1 and 1000),
        wait_seconds integer not null check (wait_seconds between 0 and 3600),
        updated_at timestamptz not null default now()
      );
      comment on table auto_assignment is 'Whether and how the queue is given to people. No row: it is not.';
      call protect_by_workspace('auto_assignment');

      create table auto_assignment_turn (
        workspace_id bigint not null,
        user_id bigint not null,
        given_at timestamptz not null,
        primary key (workspace_id, user_id),
        foreign key (workspace_id, user_id) references users (workspace_id, id) on delete cascade
      );
      comment on table auto_assignment_turn is 'Who was given a conversation last, so that equally busy people take turns.';
      call protect_by_workspace('auto_assignment_turn');

      -- Which workspaces want it is asked for all of them at once.
      create policy machinery on auto_assignment for select to apicechat_platform using (true);
      grant select (workspace_id, enabled) on auto_assignment to apicechat_platform;
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      drop table auto_assignment_turn, auto_assignment;
      alter table conversation drop queued_at;
    `);
  }
}
