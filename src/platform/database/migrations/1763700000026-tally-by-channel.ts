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
  create or replace function ${name}() returns trigger language plpgsql as $$
  begin
    insert into conversation_tally (workspace_id, channel, assigned_user, has_bot, status, read, conversations, unread_conversations, unread_messages)
    select workspace_id, channel, assigned_user, has_bot, status, read, c, coalesce(u, 0), m
    from (${SUMS(rows)}) s (workspace_id, channel, assigned_user, has_bot, status, read, c, u, m);
    return null;
  end $$;`;

/**
 * Migration 23 was edited after it had been published: at first the tally did not tell channels apart. A database that was
 * made then becomes what one that was made later is; in that one nothing is done.
 */
export class TallyByChannel1763700000026 implements MigrationInterface {
  name = 'TallyByChannel1763700000026';

  async up(db: QueryRunner): Promise<void> {
    const [tally] = (await db.query(
      `select exists (select from information_schema.columns
         where table_schema = 'public' and table_name = 'conversation_tally' and column_name = 'channel') as by_channel`,
    )) as { by_channel: boolean }[];
    if (tally?.by_channel === true) return;
    // Writers stay out from here on until this is committed. They lock in this order.
    await db.query(`
      lock table conversation in share row exclusive mode;
      drop table conversation_tally;
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
    `);
    // As the server, workspace by workspace: an owner who is no superuser sees no rows otherwise.
    await db.query(`
      do $$
      declare
        it record;
      begin
        set local role apicechat_app;
        for it in select id from workspace order by id loop
          perform set_config('app.workspace_id', it.id::text, true);
          insert into conversation_tally (workspace_id, channel, assigned_user, has_bot, status, read, conversations, unread_conversations, unread_messages)
            select workspace_id, channel, assigned_user, has_bot, status, read, c, coalesce(u, 0), m
            from (${SUMS(ROWS('conversation', 1))}) s (workspace_id, channel, assigned_user, has_bot, status, read, c, u, m);
        end loop;
        perform set_config('app.workspace_id', '', true);
        reset role;
      end $$;
    `);
  }

  /** Nothing: the migrations before this one make the same. */
  async down(): Promise<void> {}
}
