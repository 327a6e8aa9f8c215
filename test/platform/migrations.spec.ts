import { Client } from 'pg';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { schemaText } from '../../scripts/schema-text';
import { migrateDatabase, pendingMigrations, revertMigrations } from '../../src/platform/database/migrate';
import { MIGRATIONS } from '../../src/platform/database/migrations';
import { emptyDatabase, type TestDatabase } from '../support/database';
import { eventually } from '../support/eventually';

const ALL = MIGRATIONS.length;
const STEPPED_BACK = 'a table is in use; the migration tries again in a moment';

let database: TestDatabase;
let clients: Client[];
let client: Client;

beforeEach(async () => {
  database = await emptyDatabase();
  clients = [];
  client = await connect();
});
afterEach(async () => {
  await Promise.all(clients.map((each) => each.end()));
  await database.drop();
});

async function connect(): Promise<Client> {
  const made = new Client({ connectionString: database.url });
  await made.connect();
  clients.push(made);
  return made;
}

async function migrate(urlOptions = ''): Promise<string[]> {
  const lines: string[] = [];
  await migrateDatabase({ url: database.url + urlOptions, log: (line) => lines.push(line) });
  return lines;
}

/**
 * Everything in the database that is not PostgreSQL's own, whatever `schemaText` knows of. Extensions are left out:
 * they stay, since others may use them.
 */
async function allObjects(): Promise<string[]> {
  const { rows } = await client.query<{ object: string }>(
    `with every(catalog, id) as (
       select 'pg_class'::regclass, oid from pg_class union all select 'pg_proc'::regclass, oid from pg_proc
       union all select 'pg_type'::regclass, oid from pg_type union all select 'pg_policy'::regclass, oid from pg_policy
       union all select 'pg_trigger'::regclass, oid from pg_trigger where not tgisinternal union all select 'pg_constraint'::regclass, oid from pg_constraint
       union all select 'pg_namespace'::regclass, oid from pg_namespace
       union all select 'pg_default_acl'::regclass, oid from pg_default_acl union all select 'pg_cast'::regclass, oid from pg_cast
       union all select 'pg_operator'::regclass, oid from pg_operator union all select 'pg_opclass'::regclass, oid from pg_opclass
       union all select 'pg_ts_config'::regclass, oid from pg_ts_config union all select 'pg_event_trigger'::regclass, oid from pg_event_trigger)
     select pg_describe_object(catalog, id, 0) as object from every
     where id >= 16384 and not exists (
       select from pg_depend d where d.classid = catalog and d.objid = id and d.refclassid = 'pg_extension'::regclass and d.deptype = 'e')
     union all select 'rights on schema public: ' || array_to_string(nspacl, ' ') from pg_namespace where nspname = 'public'
     order by 1`,
  );
  // The list of the migrations that have run stays; its primary key is named by a number.
  return rows
    .map((row) => row.object)
    .filter((object) => !/toast|\bmigration\b|migration_|"PK_\w+"/.test(object));
}

it('from nothing to everything, back to nothing, and forth again to the same', async () => {
  const nothing = await allObjects();
  expect(await pendingMigrations({ url: database.url })).toBe(true);
  const lines = await migrate();
  expect(lines).toEqual(MIGRATIONS.map((migration) => `migrated ${migration.name}`));
  expect(await pendingMigrations({ url: database.url })).toBe(false);
  expect(await migrate()).toEqual([]);
  const everything = [await schemaText(client), await allObjects()];

  await revertMigrations({ url: database.url, steps: ALL });
  expect(await allObjects()).toEqual(nothing);
  await migrate();
  expect([await schemaText(client), await allObjects()]).toEqual(everything);
});

it.each(Array.from({ length: ALL }, (_, index) => index + 1))(
  'undoing the newest %i leaves nothing in the way of doing them again',
  async (steps) => {
    await migrate();
    const before = [await schemaText(client), await allObjects()];
    await revertMigrations({ url: database.url, steps });
    expect(await migrate()).toHaveLength(steps);
    expect([await schemaText(client), await allObjects()]).toEqual(before);
  },
);

it('accounts whose usernames differ only in case get names of their own, and keep the rest', async () => {
  await migrate();
  const steps = ALL - MIGRATIONS.findIndex((migration) => migration.name.startsWith('Directory'));
  await revertMigrations({ url: database.url, steps });
  await client.query(
    `insert into users (workspace_id, name, username, password, role_id)
     select 1, 'N', username, 'hash', roles.id from roles, unnest(array['ana', 'Ana', 'luis', 'ANA']) with ordinality as given(username, place)
     where roles.name = 'employer' order by place`,
  );
  await migrate();
  const { rows } = await client.query<{ username: string }>(
    'select username, password from users order by id',
  );
  const kept = (username: string): object => ({ username, password: 'hash' });
  expect(rows).toEqual([kept('ana'), kept('Ana (2)'), kept('luis'), kept('ANA (4)')]);
  await client.query(`update users set deactivated_at = now(), deleted_at = now() where username = 'luis'`);
  await client.query(
    `insert into users (workspace_id, name, username, password, role_id) select 1, 'N', 'luis', 'hash', role_id from users limit 1`,
  );
  await revertMigrations({ url: database.url, steps });
  expect(
    (await client.query(`select from users where username in ('luis', 'luis (deleted 3)')`)).rowCount,
  ).toBe(2);
});

it('several processes at once do it once', async () => {
  const lines = await Promise.all(Array.from({ length: 4 }, async () => await migrate()));
  expect(lines.flat()).toEqual(MIGRATIONS.map((migration) => `migrated ${migration.name}`));
});

it('one that fails leaves nothing of itself and all before it, and the next run goes on from there', async () => {
  await client.query('create table message (id int)'); // in the way of the third
  await expect(migrate()).rejects.toThrow('relation "message" already exists');
  const { rows } = await client.query<{ name: string }>('select name from migration order by id');
  expect(rows.map((row) => row.name)).toEqual(MIGRATIONS.slice(0, 2).map((migration) => migration.name));
  expect((await client.query(`select to_regclass('contact') as contact`)).rows).toEqual([{ contact: null }]);
  await client.query('drop table message');
  expect(await migrate()).toHaveLength(ALL - 2);
});

const OWN_OPTIONS = `?options=${encodeURIComponent('-c statement_timeout=60s')}`;

it.each([
  ['', ''],
  [', also where the address brings options of its own', OWN_OPTIONS],
])(
  'while a table is in use, its other users wait for three seconds at most, and the migration gets its turn%s',
  async (_, options) => {
    await migrate();
    await revertMigrations({ url: database.url, steps: ALL - 1 });
    const user = await connect();
    await user.query('begin; lock table workspace in row exclusive mode'); // as every writer does
    const migrating = migrate(options);
    await eventually(waits, { what: 'the migration waiting' });

    const started = performance.now();
    const behind = await connect();
    await behind.query('begin; lock table workspace in row exclusive mode; commit');
    expect(performance.now() - started).toBeLessThan(3_000);

    await user.query('commit');
    const lines = await migrating;
    expect(lines.filter((line) => line.startsWith('migrated'))).toHaveLength(ALL - 1);
    expect(lines).toContain(STEPPED_BACK);
  },
);

describe('one more migration', () => {
  afterEach(() => void (MIGRATIONS.length = ALL));

  const add = (migration: new () => MigrationInterface): void =>
    void (MIGRATIONS as unknown[]).push(migration);

  class LocksTwo4102444800001 implements MigrationInterface {
    async up(db: QueryRunner): Promise<void> {
      await db.query('lock table message');
      await db.query('lock table contact');
    }

    async down(): Promise<void> {}
  }

  it('that meets a writer in a deadlock steps back and gets its turn', async () => {
    await migrate();
    add(LocksTwo4102444800001);
    const writer = await connect();
    // PostgreSQL ends whoever looks first: on a busy machine that may be the writer.
    await writer.query(`set deadlock_timeout = '1min'; begin; lock table contact in row exclusive mode`);
    const migrating = migrate();
    await eventually(waits, { what: 'the migration waiting' });
    await writer.query('lock table message in row exclusive mode; commit');
    expect(await migrating).toEqual([STEPPED_BACK, 'migrated LocksTwo4102444800001']);
  });

  class BuildsBeside4102444800002 implements MigrationInterface {
    transaction = false;

    async up(db: QueryRunner): Promise<void> {
      await db.query('create index concurrently built_beside on contact (id)');
    }

    async down(db: QueryRunner): Promise<void> {
      await db.query('drop index concurrently built_beside');
    }
  }

  it('that builds an index while everybody writes does so too where several processes start at once', async () => {
    await migrate();
    add(BuildsBeside4102444800002);
    const lines = await Promise.all(Array.from({ length: 4 }, async () => await migrate()));
    expect(lines.flat()).toEqual(['migrated BuildsBeside4102444800002']);
    await revertMigrations({ url: database.url, steps: 1 });
    expect((await client.query(`select to_regclass('built_beside') as it`)).rows).toEqual([{ it: null }]);
    expect(await migrate()).toEqual(['migrated BuildsBeside4102444800002']);
  });
});

async function waits(): Promise<boolean> {
  const { rowCount } = await client.query(`select from pg_stat_activity
    where application_name = 'apicechat migrate' and wait_event = 'relation' and datname = current_database()`);
  return rowCount === 1;
}
