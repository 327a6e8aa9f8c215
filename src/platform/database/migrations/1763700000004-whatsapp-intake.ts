import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What came from Meta and could not become a message. */
export class WhatsappIntake1763700000004 implements MigrationInterface {
  name = 'WhatsappIntake1763700000004';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      -- A webhook, byte for byte, of which something was set aside.
      create table webhook_delivery (
        id bigint generated always as identity primary key,
        received_at timestamptz not null default now(),
        body bytea not null
      );
      create table webhook_set_aside (
        id bigint generated always as identity primary key,
        delivery_id bigint not null references webhook_delivery (id) on delete cascade,
        workspace_id bigint references workspace (id) on delete cascade,
        path text not null,
        reason varchar(60) not null,
        detail text not null,
        phone_number_id varchar(100),
        received_at timestamptz not null default now()
      );
      comment on column webhook_set_aside.path is 'Where in the body the item stands, such as entry[0].changes[1].value.messages[2].';
      comment on column webhook_set_aside.workspace_id is 'Null where the number belongs to nobody here.';
      create index webhook_set_aside_received on webhook_set_aside (received_at, id);
      create index webhook_set_aside_delivery on webhook_set_aside (delivery_id);
      alter table webhook_delivery enable row level security;
      alter table webhook_delivery force row level security;
      create policy machinery on webhook_delivery to apicechat_platform using (true);
      grant select, insert, delete on webhook_delivery to apicechat_platform;
      call protect_by_workspace('webhook_set_aside');
      create policy machinery on webhook_set_aside to apicechat_platform using (true);
      grant select, insert, delete on webhook_set_aside to apicechat_platform;
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`drop table webhook_set_aside, webhook_delivery;`);
  }
}
