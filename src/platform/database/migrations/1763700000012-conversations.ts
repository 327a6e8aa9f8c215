import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Priorities, notes for the next agent, and indexes by which the inbox is listed, filtered and counted. */
export class ConversationWork1763700000012 implements MigrationInterface {
  name = 'ConversationWork1763700000012';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      alter table conversation
        add priority varchar(10) not null default 'normal' check (priority in ('low', 'normal', 'high', 'urgent')),
        add transfer_note text,
        add active_at timestamptz not null generated always as (coalesce(last_message_at, created_at)) stored;
      comment on column conversation.transfer_note is 'From whoever handed the conversation on to whoever has it now.';
      comment on column conversation.active_at is 'The place in the inbox: the newest message, or the beginning where there is none.';

      -- Ascending, so that what is newest goes to the right edge, where inserting is cheapest; read backwards.
      drop index conversation_inbox;
      create index conversation_inbox on conversation (workspace_id, active_at, id);
      -- Also for what one agent sees: their own and, where it is null, everybody's. Both come in the order of the inbox.
      drop index conversation_assigned_user;
      create index conversation_assigned_user on conversation (workspace_id, assigned_user, active_at, id);
      create index conversation_status on conversation (workspace_id, status, active_at, id);
      create index conversation_updated on conversation (workspace_id, updated_at, id);
      create index conversation_contact on conversation (workspace_id, contact_id);
      create index conversation_priority on conversation (workspace_id, priority, active_at, id) where priority <> 'normal';

      create index audit_log_action on audit_log (workspace_id, action, id desc);
      create index audit_log_created on audit_log (workspace_id, created_at);
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      drop index audit_log_created;
      drop index audit_log_action;
      drop index conversation_priority;
      drop index conversation_contact;
      drop index conversation_updated;
      drop index conversation_status;
      drop index conversation_assigned_user;
      create index conversation_assigned_user on conversation (workspace_id, assigned_user) where assigned_user is not null;
      drop index conversation_inbox;
      create index conversation_inbox on conversation (workspace_id, last_message_at desc nulls last, id desc);
      alter table conversation drop active_at, drop transfer_note, drop priority;
    `);
  }
}
