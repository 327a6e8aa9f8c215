import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What agents keep beside a conversation, and texts that they have ready. */
export class Desk1763700000020 implements MigrationInterface {
  name = 'Desk1763700000020';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      create table conversation_note (
        workspace_id bigint not null,
        id bigint generated always as identity,
        conversation_id bigint not null,
        message_id bigint,
        author_user bigint not null,
        kind varchar(20) not null default 'note' check (kind in ('note', 'assignment', 'resolution')),
        body text not null,
        created_at timestamptz not null default now(),
        primary key (workspace_id, id),
        foreign key (workspace_id, conversation_id) references conversation (workspace_id, id) on delete cascade,
        foreign key (workspace_id, message_id) references message (workspace_id, id) on delete set null (message_id),
        foreign key (workspace_id, author_user) references users (workspace_id, id)
      );
      comment on table conversation_note is 'For staff only: apart from messages, so that no way to a customer leads past it.';
      comment on column conversation_note.message_id is 'The message it was written with.';
      create index conversation_note_conversation on conversation_note (workspace_id, conversation_id, id);
      create index conversation_note_message on conversation_note (workspace_id, message_id) where message_id is not null;
      create index conversation_note_author on conversation_note (workspace_id, author_user);
      call protect_by_workspace('conversation_note');

      create table conversation_tag (
        workspace_id bigint not null,
        conversation_id bigint not null,
        tag_id bigint not null,
        created_at timestamptz not null default now(),
        primary key (workspace_id, conversation_id, tag_id),
        foreign key (workspace_id, conversation_id) references conversation (workspace_id, id) on delete cascade,
        foreign key (workspace_id, tag_id) references tag (workspace_id, id) on delete cascade
      );
      create index conversation_tag_tag on conversation_tag (workspace_id, tag_id, conversation_id);
      call protect_by_workspace('conversation_tag');

      create table canned_response (
        workspace_id bigint not null references workspace (id) on delete cascade,
        id bigint generated always as identity,
        short_code varchar(50) not null,
        title varchar(150) not null,
        body text not null,
        created_by bigint,
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now(),
        primary key (workspace_id, id),
        foreign key (workspace_id, created_by) references users (workspace_id, id) on delete set null (created_by)
      );
      comment on column canned_response.body is 'With variables such as {{contact.name}}, filled in when it is used.';
      create unique index canned_response_short_code on canned_response (workspace_id, lower(short_code));
      create index canned_response_created_by on canned_response (workspace_id, created_by) where created_by is not null;
      call protect_by_workspace('canned_response');

      -- What is archived once it is old: the oldest first, without walking over all that was archived before.
      create index conversation_closed on conversation (workspace_id, updated_at, id) where status = 'closed';
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      drop index conversation_closed;
      drop table canned_response, conversation_tag, conversation_note;
    `);
  }
}
