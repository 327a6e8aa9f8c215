import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who reads the journal durably, and what bots are, which conversations are theirs and what they have done. */
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
        cursor text not null,
        type varchar(60) not null,
        conversation_id bigint,
        audience bigint[],
        payload json not null,
        happened_at timestamptz not null,
        error text not null,
        set_aside_at timestamptz not null default now(),
        unique (consumer, event_id)
      );
      comment on table journal_set_aside is 'Entries that a consumer could not handle, kept 30 days for operators.';
      create index journal_set_aside_at on journal_set_aside (set_aside_at);
      call protect_by_workspace('journal_set_aside');
      create policy machinery on journal_set_aside to apicechat_platform using (true);
      grant select, insert, delete on journal_set_aside to apicechat_platform;

      alter table bot
        add kind varchar(20) not null default 'none' check (kind in ('none', 'keyword_menu', 'webhook')),
        add enabled boolean not null default true,
        add config jsonb not null default '{}',
        add secret text,
        add secret_end varchar(4),
        add updated_at timestamptz not null default now(),
        add deleted_at timestamptz,
        -- What conversations refer to: nothing can be given to a deleted bot, or be left with it.
        add assignable_id bigint generated always as (case when deleted_at is null then id end) stored,
        add constraint bot_assignable unique (workspace_id, assignable_id);
      create policy machinery on bot for select to apicechat_platform using (true);
      grant select (workspace_id, deleted_at) on bot to apicechat_platform;
      comment on column bot.secret is 'AES-256-GCM; signs what a webhook bot is asked. Never leaves the server.';
      comment on column bot.deleted_at is 'The row stays: messages name their sender for good.';
      alter table conversation drop constraint conversation_workspace_id_assigned_bot_fkey;
      alter table conversation add constraint conversation_assigned_bot_fkey
        foreign key (workspace_id, assigned_bot) references bot (workspace_id, assignable_id);

      create table bot_rule (
        workspace_id bigint not null,
        id bigint generated always as identity,
        bot_id bigint not null,
        priority integer not null default 100,
        enabled boolean not null default true,
        applies_to varchar(20) not null check (applies_to in ('new_conversation', 'any_message')),
        integration_id bigint,
        tag_id bigint,
        keywords text[] not null default '{}',
        hours jsonb,
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now(),
        primary key (workspace_id, id),
        foreign key (workspace_id, bot_id) references bot (workspace_id, id) on delete cascade,
        foreign key (workspace_id, integration_id) references whatsapp_integration_config (workspace_id, id) on delete cascade,
        foreign key (workspace_id, tag_id) references tag (workspace_id, id) on delete cascade
      );
      comment on column bot_rule.hours is 'When the rule applies: { when: inside | outside, time_zone, open }.';
      create index bot_rule_bot on bot_rule (workspace_id, bot_id);
      create index bot_rule_order on bot_rule (workspace_id, priority, id) where enabled;
      create index bot_rule_integration on bot_rule (workspace_id, integration_id) where integration_id is not null;
      create index bot_rule_tag on bot_rule (workspace_id, tag_id) where tag_id is not null;
      call protect_by_workspace('bot_rule');

      -- Where a conversation stands with the bot that has it, or had it last.
      create table bot_session (
        workspace_id bigint not null,
        conversation_id bigint not null,
        bot_id bigint not null,
        active boolean not null default true,
        menu varchar(40),
        fallbacks smallint not null default 0,
        since_event bigint not null,
        since_message bigint,
        updated_at timestamptz not null default now(),
        primary key (workspace_id, conversation_id),
        foreign key (workspace_id, conversation_id) references conversation (workspace_id, id) on delete cascade,
        foreign key (workspace_id, bot_id) references bot (workspace_id, id) on delete cascade
      );
      comment on column bot_session.since_event is 'The newest journal entry about whose the conversation is that was taken in: later ones only.';
      comment on column bot_session.since_message is 'Where a rule gave the bot the conversation: the message that made it do so.';
      create index bot_session_bot on bot_session (workspace_id, bot_id);
      call protect_by_workspace('bot_session');

      -- Messages that a bot is to act on, each once. Done ones stay a while, so that none is taken for new.
      create table bot_trigger (
        workspace_id bigint not null,
        message_id bigint not null,
        conversation_id bigint not null,
        bot_id bigint not null,
        tries smallint not null default 0,
        try_after timestamptz,
        created_at timestamptz not null default now(),
        done_at timestamptz,
        outcome varchar(20),
        primary key (workspace_id, message_id),
        foreign key (workspace_id, message_id) references message (workspace_id, id) on delete cascade,
        foreign key (workspace_id, conversation_id) references conversation (workspace_id, id) on delete cascade,
        foreign key (workspace_id, bot_id) references bot (workspace_id, id) on delete cascade
      );
      create index bot_trigger_due on bot_trigger (workspace_id, conversation_id, message_id) where done_at is null;
      create index bot_trigger_conversation on bot_trigger (workspace_id, conversation_id);
      create index bot_trigger_bot on bot_trigger (workspace_id, bot_id);
      create index bot_trigger_age on bot_trigger using brin (created_at);
      call protect_by_workspace('bot_trigger');
      create policy machinery on bot_trigger to apicechat_platform using (true);
      grant select, delete on bot_trigger to apicechat_platform;

      create table bot_daily (
        workspace_id bigint not null,
        bot_id bigint not null,
        day date not null,
        conversations integer not null default 0,
        messages integer not null default 0,
        replies integer not null default 0,
        handoffs integer not null default 0,
        fallbacks integer not null default 0,
        failures integer not null default 0,
        unanswered integer not null default 0,
        answered integer not null default 0,
        answer_ms bigint not null default 0,
        last_active_at timestamptz not null default now(),
        primary key (workspace_id, bot_id, day),
        foreign key (workspace_id, bot_id) references bot (workspace_id, id) on delete cascade
      ) with (fillfactor = 70);
      comment on column bot_daily.answer_ms is 'Of all answered messages together, from their arrival to the first reply.';
      call protect_by_workspace('bot_daily');
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      drop table bot_daily, bot_trigger, bot_session, bot_rule;
      alter table conversation drop constraint conversation_assigned_bot_fkey;
      alter table conversation add constraint conversation_workspace_id_assigned_bot_fkey
        foreign key (workspace_id, assigned_bot) references bot (workspace_id, id);
      drop policy machinery on bot;
      revoke select (workspace_id, deleted_at) on bot from apicechat_platform;
      alter table bot
        drop constraint bot_assignable,
        drop assignable_id, drop deleted_at, drop updated_at, drop secret_end, drop secret, drop config, drop enabled, drop kind;
      drop table journal_set_aside, journal_consumer;
    `);
  }
}
