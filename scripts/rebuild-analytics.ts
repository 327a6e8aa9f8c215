import 'reflect-metadata';
import { Client } from 'pg';
import { APP_ROLE, connectionAs } from '../src/platform/database/connections';
import { runScript, withDatabaseUrl } from './with-database';

const USAGE = `npm run analytics:rebuild  count the numbers of the dashboards anew from what is stored, also beside a running server`;

/** For the operator: after the counter stood still for longer than the journal is kept, or rows were changed by hand. */
runScript({
  usage: USAGE,
  takes: (args) => args.length === 0,
  async run(config) {
    await withDatabaseUrl(config, rebuild);
  },
});

/** One workspace after the other; until one has ended its people are shown the numbers of before. */
async function rebuild(databaseUrl: string): Promise<void> {
  const { rows: workspaces } = await once(databaseUrl, (db) =>
    db.query<{ id: string; slug: string }>('select id, slug from workspace order by id'),
  );
  const { url, options } = connectionAs(APP_ROLE, databaseUrl, { statement_timeout: '0' });
  const held = new Client({ connectionString: databaseUrl, application_name: 'apicechat analytics' });
  await held.connect();
  try {
    // The counter finds its place locked and goes on afterwards: what happens meanwhile is counted then.
    await held.query(`begin; select from journal_consumer where name = 'analytics' for update`);
    for (const { id, slug } of workspaces) {
      const db = new Client({ connectionString: url, options });
      await db.connect();
      await db.query(`select set_config('app.workspace_id', $1, false)`, [id]);
      await db.query('select rebuild_analytics()').finally(() => db.end());
      console.log(`${slug} is counted anew.`);
    }
  } finally {
    await held.end();
  }
}

async function once<T>(url: string, fn: (db: Client) => Promise<T>): Promise<T> {
  const db = new Client({ connectionString: url });
  await db.connect();
  return await fn(db).finally(() => db.end());
}
