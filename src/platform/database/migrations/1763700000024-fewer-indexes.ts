import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Unread totals come from `conversation_tally` and no longer from an index that each message changed. */
export class FewerIndexes1763700000024 implements MigrationInterface {
  name = 'FewerIndexes1763700000024';

  async up(db: QueryRunner): Promise<void> {
    await db.query('drop index conversation_unread');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(
      'create index conversation_unread on conversation (workspace_id, assigned_user) include (unread_count) where unread_count > 0',
    );
  }
}
