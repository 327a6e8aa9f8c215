import { Client } from 'pg';
import { ofAnyLength } from '../../src/platform/database/parameters';
import { createTestDatabase, type TestDatabase } from '../support/database';

let database: TestDatabase;
let db: Client;

beforeAll(async () => {
  database = await createTestDatabase();
  db = new Client({ connectionString: database.url });
  await db.connect();
  await db.query(`select set_config('app.workspace_id', '1', false)`);
});

afterAll(async () => {
  await db.end();
  await database.drop();
});

/** How often PostgreSQL planned for just these values, of ten times. */
async function plansFor(name: string, array: string): Promise<number> {
  const text = `select c.id from unnest(${array}) as wanted(id)
    cross join lateral (select id from conversation where conversation.id = wanted.id limit 1) c`;
  for (let time = 0; time < 10; time++) await db.query({ name, text, values: [[time]] });
  const { rows } = await db.query<{ custom_plans: string }>(
    'select custom_plans from pg_prepared_statements where name = $1',
    [name],
  );
  return Number(rows[0]!.custom_plans);
}

test('a statement for one id is planned once, although an array of any length would do', async () => {
  expect(await plansFor('of_any_length', ofAnyLength('$1'))).toBe(5); // PostgreSQL tries five times
  expect(await plansFor('as_it_is', '$1::bigint[]')).toBe(10);
});

test('the array arrives as it was given, also an empty one', async () => {
  const asked = async (values: unknown[], type: 'bigint' | 'text'): Promise<unknown> =>
    (await db.query<{ given: unknown }>(`select ${ofAnyLength('$1', type)} as given`, [values])).rows[0]!
      .given;
  expect(await asked(['b', 'a', 'b'], 'text')).toEqual(['b', 'a', 'b']);
  expect(await asked([], 'bigint')).toEqual([]);
});
