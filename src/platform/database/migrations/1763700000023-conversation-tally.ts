import type { MigrationInterface, QueryRunner } from 'typeorm';

const SUMS = (rows: string): string => `
  select workspace_id, channel, assigned_user, has_bot, status, read,
    sum(n), sum(n) filter (where unread_count > 0), sum(n * unread_count)
  from (${rows}) changed
  group by workspace_id, channel, assigned_user, has_bot, status, read
  having sum(n) <> 0 or coalesce(sum(n) filter (where unread_count > 0), 0) <> 0 or sum(n * unread_count) <> 0`;

const ROWS = (table: string, n: 1 | -1): string =>
  `select workspace_id, channel, assigned_user, assigned_bot is not null as has_bot, status, read, unread_count, ${n} as n from ${table}`;

const NOTE = (name: string, rows: string): string => `
  create function ${name}() returns trigger language plpgsql as $$
  begin
    insert into conversation_tally (workspace_id, channel, assigned_user, has_bot, status, read, conversations, unread_conversations, unread_messages)
    select workspace_id, channel, assigned_user, has_bot, status, read, c, coalesce(u, 0), m
    from (${SUMS(rows)}) s (workspace_id, channel, assigned_user, has_bot, status, read, c, u, m);
    return null;
  end $$;`;

/** How many conversations there are of each kind, kept, so that the inbox need not count them. */
export class ConversationTally1763700000023 implements MigrationInterface {
  name = 'ConversationTally1763700000023';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      create table conversation_tally (
        workspace_id bigint not null,
        id bigint generated always as identity,
        channel varchar(20) not null,
        assigned_user bigint,
        has_bot boolean not null,
        status varchar(20) not null,
        read boolean not null,
        conversations integer not null,
        unread_conversations integer not null,
        unread_messages bigint not null,
        primary key (workspace_id, id)
      ) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
      comment on table conversation_tally is
        'The sum of its rows is how many conversations there are of each kind. Each change adds a row in its own transaction, so that nobody waits for anybody; now and then the rows are summed up. No foreign keys: rows are written while what they count is being removed.';
      comment on column conversation_tally.unread_conversations is 'Those with unread messages; read says whether they are marked as read.';
      call protect_by_workspace('conversation_tally');
      -- Where there is something to sum up is asked for all workspaces at once.
      create policy machinery on conversation_tally for select to apicechat_platform using (true);
      grant select (workspace_id) on conversation_tally to apicechat_platform;

      ${NOTE('tally_new_conversations', ROWS('now_there', 1))}
      ${NOTE('tally_changed_conversations', `${ROWS('now_there', 1)} union all ${ROWS('was_there', -1)}`)}
      ${NOTE('tally_gone_conversations', ROWS('was_there', -1))}
      create trigger conversation_tally_new after insert on conversation referencing new table as now_there
        for each statement execute function tally_new_conversations();
      create trigger conversation_tally_changed after update on conversation referencing old table as was_there new table as now_there
        for each statement execute function tally_changed_conversations();
      create trigger conversation_tally_gone after delete on conversation referencing old table as was_there
        for each statement execute function tally_gone_conversations();
    `);
    // The triggers keep writers out until this is committed. An owner who is no superuser sees rows only without "force".
    await db.query(`
      alter table conversation no force row level security;
      alter table conversation_tally no force row level security;
      insert into conversation_tally (workspace_id, channel, assigned_user, has_bot, status, read, conversations, unread_conversations, unread_messages)
        select workspace_id, channel, assigned_user, has_bot, status, read, c, coalesce(u, 0), m
        from (${SUMS(ROWS('conversation', 1))}) s (workspace_id, channel, assigned_user, has_bot, status, read, c, u, m);
      alter table conversation force row level security;
      alter table conversation_tally force row level security;
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      drop trigger conversation_tally_new on conversation;
      drop trigger conversation_tally_changed on conversation;
      drop trigger conversation_tally_gone on conversation;
      drop function tally_new_conversations(), tally_changed_conversations(), tally_gone_conversations();
      drop table conversation_tally;
    `);
  }
}
