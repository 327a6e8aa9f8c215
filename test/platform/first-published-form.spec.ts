import { Client } from 'pg';
import { schemaText } from '../../scripts/schema-text';
import { migrateDatabase } from '../../src/platform/database/migrate';
import { MIGRATIONS } from '../../src/platform/database/migrations';
import { Analytics1763700000021 } from '../fixtures/first-published-migrations/1763700000021-analytics';
import { ConversationTally1763700000023 } from '../fixtures/first-published-migrations/1763700000023-conversation-tally';
import { keptOf } from '../support/analytics-model';
import { createTestDatabase, emptyDatabase, type TestDatabase } from '../support/database';

// Two migrations were edited after they had been published. The fixtures are what they were at first.

const PRESENT = [...MIGRATIONS];
const EDITED = [Analytics1763700000021, ConversationTally1763700000023];
const UNTIL_24 = PRESENT.slice(0, 1 + PRESENT.findIndex(({ name }) => name.startsWith('FewerIndexes')));

let database: TestDatabase;
let admin: Client;
let owner: string;

/** The database belongs to an ordinary user: a superuser sees rows where an owner sees none. */
beforeEach(async () => {
  database = await emptyDatabase();
  admin = new Client({ connectionString: database.url });
  await admin.connect();
  const name = new URL(database.url).pathname.slice(1);
  owner = `${name}_owner`;
  await admin.query(`create role ${owner} login password 'secret'`);
  await admin.query(`grant apicechat_app, apicechat_platform to ${owner}`);
  await admin.query(`alter database ${name} owner to ${owner}`);
});
afterEach(async () => {
  MIGRATIONS.splice(0, MIGRATIONS.length, ...PRESENT);
  const name = new URL(database.url).pathname.slice(1);
  await admin.query(`reassign owned by ${owner} to current_user`);
  await admin.query(`alter database ${name} owner to current_user`);
  await admin.query(`drop owned by ${owner}; drop role ${owner}`);
  await admin.end();
  await database.drop();
});

const sql = async <Row>(text: string, values: unknown[] = []): Promise<Row[]> =>
  (await admin.query(text, values)).rows as Row[];

async function migrate(migrations: readonly (typeof PRESENT)[number][]): Promise<string[]> {
  const url = new URL(database.url);
  url.username = owner;
  url.password = 'secret';
  const lines: string[] = [];
  MIGRATIONS.splice(0, MIGRATIONS.length, ...migrations);
  await migrateDatabase({ url: url.href, log: (line) => lines.push(line) });
  return lines;
}

const firstForm = (): typeof PRESENT =>
  UNTIL_24.map((present) => EDITED.find(({ name }) => name === present.name) ?? present);

/** Conversations of every kind in two workspaces, with a message each. */
async function fill(): Promise<void> {
  await sql(`insert into workspace (id, slug, name) overriding system value values (2, 'other', 'Other')`);
  await sql(
    `with person as (
       insert into contact (workspace_id, external_id) select 1 + n % 2, 'c' || n from generate_series(1, 60) n
       returning workspace_id, id, substr(external_id, 2)::int as n)
     insert into conversation (workspace_id, contact_id, channel, status, read, unread_count, created_at)
     select workspace_id, id, (array['app', 'web'])[1 + n % 3 % 2], (array['queue', 'active', 'closed'])[1 + n % 4 % 3],
       n % 5 = 0, n % 7, '2026-01-05T10:00:00Z' from person`,
  );
  await sql(
    `insert into message (workspace_id, conversation_id, sender_type, created_at)
     select workspace_id, id, 'contact', '2026-01-05T11:00:00Z' from conversation`,
  );
}

/** As the server does, in the first workspace. */
async function measure(call: string): Promise<void> {
  await sql(`begin; set local role apicechat_app; set local app.workspace_id = '1'; select ${call}; commit`);
}

const KIND = 'workspace_id, channel, assigned_user, has_bot, status, read';
const tallied = (): Promise<unknown[]> =>
  sql(`select ${KIND}, sum(conversations)::int as c, sum(unread_conversations)::int as u, sum(unread_messages)::int as m
    from conversation_tally group by ${KIND} having sum(conversations) <> 0 order by ${KIND}`);
const counted = (): Promise<unknown[]> =>
  sql(`select ${KIND}, count(*)::int as c, count(*) filter (where unread_count > 0)::int as u, sum(unread_count)::int as m
    from (select *, assigned_bot is not null as has_bot from conversation) t group by ${KIND} order by ${KIND}`);

it('a database of the first form becomes what a new one is, and counts on', async () => {
  await migrate(firstForm());
  expect(await sql(`select to_regclass('analytics_now') is not null as kept`)).toEqual([{ kept: true }]);
  await fill();
  expect(await migrate(PRESENT)).toEqual(
    PRESENT.slice(UNTIL_24.length).map(({ name }) => `migrated ${name}`),
  );

  const upgraded = await schemaText(admin);
  expect(upgraded.replaceAll(owner, new URL(database.url).username)).toBe(await newForm());
  expect(await tallied()).toEqual(await counted());
  await sql(`update conversation set status = 'closed', read = true, unread_count = 0 where id % 3 = 0`);
  await sql(`delete from conversation where id % 10 = 1`);
  await sql(
    `insert into conversation (workspace_id, contact_id, channel) select workspace_id, id, 'third' from contact where id % 10 = 1`,
  );
  expect(await tallied()).toEqual(await counted());
});

it('whoever writes meanwhile is not turned away, and is counted once', async () => {
  await migrate(firstForm());
  await fill();
  const done = new AbortController();
  const migrating = migrate(PRESENT).finally(() => done.abort());
  for (let written = 0; !done.signal.aborted; written++)
    await sql(`update conversation set unread_count = unread_count + 1, read = not read where id % 7 = $1`, [
      written % 7,
    ]);
  await migrating;
  expect(await tallied()).toEqual(await counted());
});

it('what the first form had measured stays, and is measured on', async () => {
  await migrate(firstForm());
  await fill();
  await measure('rebuild_analytics()');
  await migrate(PRESENT);
  const days = async (): Promise<unknown> =>
    Object.fromEntries(Object.entries(await keptOf(sql)).filter(([key]) => key.startsWith('day')));
  const first = {
    'day 0 2026-01-05 app': { inbound: 20, opened: 20 },
    'day 0 2026-01-05 web': { inbound: 10, opened: 10 },
  };
  expect(await days()).toEqual(first);

  await sql(
    `insert into message (workspace_id, conversation_id, sender_type, created_at)
     select 1, id, 'contact', '2026-01-06T11:00:00Z' from conversation where workspace_id = 1`,
  );
  await measure('measure_conversations(array(select id from conversation))');
  const both = {
    ...first,
    'day 0 2026-01-06 app': { inbound: 20 },
    'day 0 2026-01-06 web': { inbound: 10 },
  };
  expect(await days()).toEqual(both);
  await measure('rebuild_analytics()');
  expect(await days()).toEqual(both);
});

it('a database of the later form is left as it is', async () => {
  await migrate(UNTIL_24);
  await fill();
  const rows = (): Promise<unknown[]> =>
    sql(`select tableoid, ctid, xmin, id from conversation_tally order by id`);
  const before = [await schemaText(admin), await rows()];
  await migrate(PRESENT);
  expect([await schemaText(admin), await rows()]).toEqual(before);
});

/** The schema of a new database. */
async function newForm(): Promise<string> {
  const other = await createTestDatabase();
  const client = new Client({ connectionString: other.url });
  try {
    await client.connect();
    return await schemaText(client);
  } finally {
    await client.end();
    await other.drop();
  }
}
