import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who reads the journal durably. */
export class Bots1763700000016 implements MigrationInterface {
  name = 'Bots1763700000016';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      create table journal_consumer (
        name varchar(60) primary key,
        cursor text not null,
        failing_event bigint,
        failures smallint not null default 0,
        waits_until timestamptz,
        last_gap_at timestamptz,
        updated_at timestamptz not null default now()
      ) with (fillfactor = 50);
      comment on table journal_consumer is 'How far each part of the server that acts on the journal has come. Its row is locked while it works.';
      comment on column journal_consumer.last_gap_at is 'When it last found that entries had been removed before it read them.';
      grant select, insert, update on journal_consumer to apicechat_platform;

      create table journal_set_aside (
        id bigint generated always as identity primary key,
        workspace_id bigint not null references workspace (id) on delete cascade,
        consumer varchar(60) not null,
        event_id bigint not null,
        type varchar(60) not null,
        payload json not null,
        error text not null,
        set_aside_at timestamptz not null default now(),
        unique (consumer, event_id)
      );
      comment on table journal_set_aside is 'Entries that a consumer could not handle, kept 30 days for operators.';
      create index journal_set_aside_at on journal_set_aside (set_aside_at);
      call protect_by_workspace('journal_set_aside');
      create policy machinery on journal_set_aside to apicechat_platform using (true);
      grant select, insert, delete on journal_set_aside to apicechat_platform;
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`drop table journal_set_aside, journal_consumer;`);
  }
}
