import type { MigrationInterface, QueryRunner } from 'typeorm';

const BUSY_TABLES = [
  'event',
  'job',
  'message',
  'conversation',
  'contact',
  'contact_identity',
  'user_session',
];

/**
 * What a next version may do to tables that are in use: columns of which the servers of today know nothing. Each table
 * by itself: who locks two of them meets writers in deadlocks.
 */
const WIDER = BUSY_TABLES.map(
  (table, n) =>
    class implements MigrationInterface {
      static readonly migrationName: string = `Wider${4_102_444_800_001 + n}`;
      name = `Wider${4_102_444_800_001 + n}`;

      async up(db: QueryRunner): Promise<void> {
        await db.query(`alter table ${table} add column of_tomorrow text not null default 'said by nobody'`);
      }

      async down(db: QueryRunner): Promise<void> {
        await db.query(`alter table ${table} drop column of_tomorrow`);
      }
    },
);

/** A trigger that fills one of them. */
class Filled4102444800011 implements MigrationInterface {
  static migrationName = 'Filled4102444800011';
  name = 'Filled4102444800011';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      create function say_of_tomorrow() returns trigger language plpgsql as $$
      begin new.of_tomorrow = 'said by the database'; return new; end $$;
      create trigger of_tomorrow before insert on message for each row execute function say_of_tomorrow();`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('drop trigger of_tomorrow on message; drop function say_of_tomorrow()');
  }
}

/** And an index that is built while everybody writes, which PostgreSQL does outside of a transaction only. */
class Indexed4102444800012 implements MigrationInterface {
  static migrationName = 'Indexed4102444800012';
  name = 'Indexed4102444800012';
  transaction = false;

  async up(db: QueryRunner): Promise<void> {
    // A try that had to step back leaves an index that is good for nothing.
    await db.query('drop index concurrently if exists message_of_tomorrow');
    await db.query(
      'create index concurrently message_of_tomorrow on message (workspace_id, of_tomorrow, id)',
    );
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('drop index concurrently message_of_tomorrow');
  }
}

export const NEWER_MIGRATIONS = [...WIDER, Filled4102444800011, Indexed4102444800012];
