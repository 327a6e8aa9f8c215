import { Client } from 'pg';
import { APP_ROLE, PLATFORM_ROLE } from '../../src/platform/database/connections';
import { migrateDatabase } from '../../src/platform/database/migrate';
import { emptyDatabase, type TestDatabase } from '../support/database';

const OWNER = `t_search_owner_${process.pid}`;

let database: TestDatabase;
let superuser: Client;
let app: Client;
let owner: Client;

/** On a database whose owner is an ordinary user, bound by row-level security as everybody else. */
beforeAll(async () => {
  database = await emptyDatabase();
  superuser = await connect(database.url);
  await superuser.query(`create role ${OWNER} login password 'secret'`);
  await superuser.query(`grant ${APP_ROLE}, ${PLATFORM_ROLE} to ${OWNER}`);
  const { rows } = await superuser.query<{ name: string }>('select current_database() as name');
  await superuser.query(`alter database ${rows[0]!.name} owner to ${OWNER}`);
  const url = new URL(database.url);
  url.username = OWNER;
  url.password = 'secret';
  await migrateDatabase({ url: url.href });
  await superuser.query(`insert into workspace (slug, name) values ('other', 'Other')`);
  await superuser.query(
    `insert into contact (workspace_id, external_id, name)
     select w, 'x' || g, 'Contact ' || md5(g::text) || ' of ' || w from generate_series(1, 20000) g, unnest(array[1, 2]) w`,
  );
  await superuser.query('vacuum analyze contact');
  app = await connect(url.href, `-c role=${APP_ROLE}`);
  owner = await connect(url.href);
}, 60_000);
afterAll(async () => {
  await Promise.all([superuser.end(), app.end(), owner.end()]);
  await database.drop();
  const admin = await connect(process.env.TEST_POSTGRES_URL!);
  await admin.query(`drop role ${OWNER}`);
  await admin.end();
});

async function connect(connectionString: string, options?: string): Promise<Client> {
  const client = new Client({ connectionString, options });
  await client.connect();
  return client;
}

async function found(workspace: number | null, ...words: string[]): Promise<number> {
  await app.query('begin');
  await app.query(`select set_config('app.workspace_id', $1, true)`, [String(workspace ?? '')]);
  const { rowCount } = await app.query('select contact_search($1)', [words]);
  await app.query('commit');
  return rowCount!;
}

// What md5 makes of 77.
const RARE = '28dd2c7955ce926456240b2ff0100bde';

it('finds in the workspace of the transaction, in no other, and nothing where none is set', async () => {
  expect(await found(1, RARE)).toBe(1);
  expect(await found(2, RARE.toUpperCase(), 'OF 2')).toBe(1);
  expect(await found(1, 'of 2')).toBe(0);
  expect(await found(1, 'contact')).toBe(20_000);
  expect(await found(3, 'contact')).toBe(0);
  expect(await found(null, 'contact')).toBe(0);
});

it('stops at enough, and finds nothing for no question at all', async () => {
  await app.query('begin');
  await app.query(`select set_config('app.workspace_id', '1', true)`);
  const { rows } = await app.query(
    `select (select count(*)::int from contact_search(array['contact'], 3)) as three,
       (select count(*)::int from contact_search(array['nobody'], 3)) as none,
       (select count(*)::int from contact_search(null, 3)) as unasked,
       (select count(*)::int from contact where search_text like all ((select contact_patterns(array['CONTACT', 'of']))::text[])) as same`,
  );
  await app.query('commit');
  expect(rows).toEqual([{ three: 3, none: 0, unasked: 0, same: 20_000 }]);
});

it.each(["'", "') or true --", '%', '\\', '_', '%L', '$1', "\\' or 1=1 --"])(
  'takes %j as text',
  async (word) => {
    expect(await found(1, word)).toBe(0);
  },
);

it('goes by the index, also as an owner who is bound by policies', async () => {
  await owner.query(`select set_config('app.workspace_id', '1', false)`);
  const { rows } = await owner.query<{ 'QUERY PLAN': string }>(
    `explain select id from contact where workspace_id = 1 and search_text like '%${RARE.slice(0, 8)}%'`,
  );
  const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
  expect(plan).toMatch(/Index Cond: .*search_text ~~/);
});

it('is for the server’s role only', async () => {
  const { rows } = await superuser.query(
    `select has_function_privilege($1, 'contact_search(text[], integer)', 'execute') as app,
       has_function_privilege($2, 'contact_search(text[], integer)', 'execute') as platform`,
    [APP_ROLE, PLATFORM_ROLE],
  );
  expect(rows).toEqual([{ app: true, platform: false }]);
});
