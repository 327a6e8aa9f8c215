import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What is sent to customers, beyond texts. */
export class Outbound1763700000015 implements MigrationInterface {
  name = 'Outbound1763700000015';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      alter table message add column request_hash bytea, add column part_of bigint,
        add foreign key (workspace_id, part_of) references message (workspace_id, id) on delete set null (part_of);
      comment on column message.request_hash is 'Of the request that this message was made for, where that may come again.';
      comment on column message.part_of is 'The first message of the same request; its further attachments are messages of their own.';
      create index message_part_of on message (workspace_id, part_of) where part_of is not null;
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      alter table message drop column part_of, drop column request_hash;
    `);
  }
}
