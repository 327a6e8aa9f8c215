import { Client } from 'pg';
import { PlatformDatabase } from '../../src/platform/database/connections';
import { migrateDatabase, revertMigrations } from '../../src/platform/database/migrate';
import { MIGRATIONS } from '../../src/platform/database/migrations';
import { parseCursor } from '../../src/platform/events/journal-cursor';
import { JournalReader } from '../../src/platform/events/journal-reader';
import { keptOf } from '../support/analytics-model';
import { emptyDatabase, type TestDatabase } from '../support/database';

let database: TestDatabase;
let client: Client;

beforeAll(async () => {
  database = await emptyDatabase();
  client = new Client({ connectionString: database.url });
  await client.connect();
  await migrateDatabase({ url: database.url });
  const place = MIGRATIONS.findIndex(({ name }) => name.startsWith('Analytics'));
  await revertMigrations({ url: database.url, steps: MIGRATIONS.length - place });
});
afterAll(async () => {
  await client.end();
  await database.drop();
});

const sql = async <Row>(text: string, values: unknown[] = []): Promise<Row[]> =>
  (await client.query(text, values)).rows as Row[];

async function conversation(
  workspace: number,
  status: string,
  user: number | null,
  changedAt: string,
): Promise<number> {
  const [row] = await sql<{ id: number }>(
    `with c as (insert into contact (workspace_id, external_id) values ($1, gen_random_uuid()::text) returning id)
     insert into conversation (workspace_id, contact_id, channel, status, assigned_user, created_at, updated_at, read)
     select $1, id, 'app', $2, $3, '2026-01-05T10:00:00Z', $4, false from c returning id::int`,
    [workspace, status, user, changedAt],
  );
  return row!.id;
}

async function say(
  workspace: number,
  conversationId: number,
  user: number | null,
  at: string,
): Promise<void> {
  await sql(
    `with m as (insert into message (workspace_id, conversation_id, sender_type, sender_user, created_at)
       values ($1, $2, $3, $4, $5) returning id)
     update conversation set last_message_id = m.id from m where conversation.id = $2`,
    [workspace, conversationId, user === null ? 'contact' : 'user', user, at],
  );
}

async function changed(conversationId: number, from: string, to: string, at: string): Promise<void> {
  await sql(
    `insert into audit_log (workspace_id, user_id, user_name, action, subject_type, subject_id, details, created_at)
     values (1, 1, 'Ana', 'conversation.status', 'conversation', $1, json_build_object('from', $2::text, 'to', $3::text), $4)`,
    [conversationId, from, to, at],
  );
}

test('what was stored before is counted, closings as far as they are known, in every workspace', async () => {
  const [user] = await sql<{ id: number }>(
    `insert into users (workspace_id, name, username, password, role_id)
     select 1, 'Ana', 'ana', 'hash', id from roles where workspace_id = 1 and name = 'employer' returning id::int`,
  );
  const [other] = await sql<{ id: number }>(
    `insert into workspace (slug, name) values ('other', 'Other') returning id::int`,
  );
  const ana = user!.id;
  const waiting = await conversation(1, 'queue', null, '2026-01-05T10:00:00Z');
  await say(1, waiting, null, '2026-01-05T10:00:00Z');
  const known = await conversation(1, 'archived', ana, '2026-01-09T10:00:00Z');
  await say(1, known, null, '2026-01-05T10:00:00Z');
  await say(1, known, ana, '2026-01-05T10:01:00Z');
  await changed(known, 'active', 'closed', '2026-01-05T11:00:00Z');
  await changed(known, 'closed', 'active', '2026-01-06T10:00:00Z');
  await say(1, known, null, '2026-01-06T10:00:10Z');
  await say(1, known, ana, '2026-01-06T10:00:15Z');
  await changed(known, 'active', 'closed', '2026-01-06T10:30:00Z');
  await changed(known, 'closed', 'archived', '2026-01-07T10:00:00Z');
  // A bot's closing: nothing tells of it but the conversation.
  const bots = await conversation(1, 'closed', null, '2026-01-05T10:20:00Z');
  const elsewhere = await conversation(other!.id, 'queue', null, '2026-01-05T10:00:00Z');
  await say(other!.id, elsewhere, null, '2026-01-05T10:00:00Z');

  await migrateDatabase({ url: database.url });

  const part = { closed: 1 };
  expect(await keptOf(sql)).toEqual({
    'day 0 2026-01-05 app': { inbound: 2, outbound_people: 1, opened: 3, closed: 2 },
    [`day ${ana} 2026-01-05 app`]: { outbound_people: 1, ...part },
    'day 0 2026-01-06 app': { inbound: 1, outbound_people: 1, reopened: 1, closed: 1 },
    [`day ${ana} 2026-01-06 app`]: { outbound_people: 1, reopened: 1, ...part },
    'day 0 2026-01-07 app': { archived: 1 },
    [`day ${ana} 2026-01-07 app`]: { archived: 1 },
    'spread 0 first_response 2026-01-05 app 11': { count: 1, sum: 60_000 },
    [`spread ${ana} first_response 2026-01-05 app 11`]: { count: 1, sum: 60_000 },
    'spread 0 later_response 2026-01-06 app 4': { count: 1, sum: 5_000 },
    [`spread ${ana} later_response 2026-01-06 app 4`]: { count: 1, sum: 5_000 },
    'spread 0 resolution 2026-01-05 app 23': { count: 1, sum: 3_600_000 },
    [`spread ${ana} resolution 2026-01-05 app 23`]: { count: 1, sum: 3_600_000 },
    'spread 0 resolution 2026-01-05 app 20': { count: 1, sum: 1_200_000 },
    'spread 0 resolution 2026-01-06 app 21': { count: 1, sum: 1_800_000 },
    [`spread ${ana} resolution 2026-01-06 app 21`]: { count: 1, sum: 1_800_000 },
    'now 0 app': { conversations: 2, open: 1, unread: 1, unassigned: 1 },
    [`now ${ana} app`]: { conversations: 1 },
  });
  expect(await keptOf(sql, other!.id)).toEqual({
    'day 0 2026-01-05 app': { inbound: 1, opened: 1 },
    'now 0 app': { conversations: 1, open: 1, unread: 1, unassigned: 1 },
  });
  expect(await sql('select id from conversation where id = $1', [bots])).toHaveLength(1);
});

test('what happens between the migration and the first worker is told to it', async () => {
  await sql(
    `insert into event (workspace_id, type, conversation_id, payload) values (1, 'message:new', 7, '{}')`,
  );
  const [place] = await sql<{ cursor: string }>(
    `select cursor from journal_consumer where name = 'analytics'`,
  );
  const platform = new PlatformDatabase(database.url);
  try {
    const { events } = await new JournalReader(platform).read(parseCursor(place!.cursor), 10);
    expect(events.map(({ conversationId }) => conversationId)).toEqual([7]);
  } finally {
    await platform.close();
  }
});
