import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What those who answer in the live chat look at. */
export class ChatAdmin1763700000022 implements MigrationInterface {
  name = 'ChatAdmin1763700000022';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      create view admin_activity_log with (security_invoker = true) as
        select id, user_id as admin_id, user_name as admin_username, action, subject_type as target_type,
          subject_id as target_id, details, created_at
        from audit_log;
      comment on view admin_activity_log is
        'audit_log under the names of the live chat: whoever asks sees of it what they may see of that. Nobody writes here.';
      revoke all on admin_activity_log from public, apicechat_app, apicechat_platform;
      grant select on admin_activity_log to apicechat_app;

      -- The list of one channel among many conversations of others, by activity and by age.
      create index conversation_chat on conversation (workspace_id, active_at, id) where channel = 'app-chat';
      create index conversation_chat_id on conversation (workspace_id, id) where channel = 'app-chat';
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      drop index conversation_chat_id;
      drop index conversation_chat;
      drop view admin_activity_log;
    `);
  }
}
