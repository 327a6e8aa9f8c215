import 'reflect-metadata';
import { Client } from 'pg';
import { APP_ROLE, connectionAs } from '../src/platform/database/connections';
import { runScript, withDatabaseUrl } from './with-database';

const USAGE = `npm run analytics:rebuild  count the numbers of the dashboards anew from what is stored, also beside a running server`;

interface Workspace {
  id: string;
  slug: string;
}

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
  const { url, options } = connectionAs(APP_ROLE, databaseUrl, { statement_timeout: '0' });
  const held = new Client({ connectionString: databaseUrl, application_name: 'apicechat analytics' });
  const counting = new Client({ connectionString: url, options });
  await held.connect();
  await counting.connect();
  try {
    // The counter finds its place locked and goes on afterwards: what happens meanwhile is counted then.
    await held.query(`begin; select from journal_consumer where name = 'analytics' for update`);
    const { rows } = await held.query<Workspace>('select id, slug from workspace order by id');
    for (const { id, slug } of rows) {
      await counting.query(`select set_config('app.workspace_id', $1, false)`, [id]);
      await counting.query('select rebuild_analytics()');
      console.log(`${slug} is counted anew.`);
    }
  } finally {
    await held.end();
    await counting.end();
  }
}
