import 'reflect-metadata';
import { AnalyticsModule } from '../src/analytics/analytics.module';
import { BotsModule } from '../src/bots/bots.module';
import { PlatformDatabase } from '../src/platform/database/connections';
import { EventsModule } from '../src/platform/events/events.module';
import { JournalConsumers } from '../src/platform/events/journal-consumers';
import { type SetAsideEntry, setAsideEntries } from '../src/platform/events/journal-set-aside';
import { JobsModule } from '../src/platform/jobs/jobs.module';
import { strikeOut } from '../src/platform/observability/logger';
import { StorageModule } from '../src/platform/storage/storage.module';
import { runScript, withDatabaseUrl, withServices } from './with-database';

const USAGE = `npm run journal:set-aside                what was set aside, in the order in which it happened (the first 50)
npm run journal:set-aside -- --retry 17  hand the entry with this id over once more; or --retry all`;

const LISTED = 50;
/** More than there ever are: a consumer that fails at everything is to be mended first. */
const RETRIED = 10_000;
/** What every consumer of the journal needs, and they themselves. */
const CONSUMERS = [EventsModule, JobsModule, StorageModule, BotsModule, AnalyticsModule];

/** For the operator: entries of the journal that the server could not act on, and another try once it can. */
runScript({
  usage: USAGE,
  takes: ([flag, value, ...more]) =>
    flag === undefined || (flag === '--retry' && /^(\d{1,15}|all)$/.test(value ?? '') && more.length === 0),
  async run(config, [flag, value]) {
    await withDatabaseUrl(config, async (url) => {
      if (flag === undefined) return show(await entries(url, LISTED));
      const ids = value === 'all' ? (await entries(url, RETRIED)).map(({ id }) => id) : [Number(value)];
      const database = { ...config.database, url };
      await withServices(
        { ...config, database },
        async (services) => {
          for (const id of ids) await retry(services.get(JournalConsumers, { strict: false }), id);
        },
        CONSUMERS,
      );
    });
  },
});

async function entries(url: string, limit: number): Promise<SetAsideEntry[]> {
  const db = new PlatformDatabase(url);
  try {
    return await setAsideEntries(db, limit);
  } finally {
    await db.close();
  }
}

function show(rows: SetAsideEntry[]): void {
  if (rows.length === 0) console.log('Nothing is set aside.');
  else
    console.table(
      rows.map((row) => ({
        id: row.id,
        'set aside': row.setAsideAt.toISOString(),
        consumer: row.consumer,
        workspace: row.workspaceId,
        conversation: row.conversationId,
        type: row.type,
        error: row.error.slice(0, 80),
      })),
    );
}

async function retry(consumers: JournalConsumers, id: number): Promise<void> {
  try {
    if (await consumers.retry(id)) return console.log(`${id} is done.`);
    console.error(`${id} is not set aside (entries are kept for 30 days).`);
  } catch (error) {
    console.error(
      `${id} stays set aside: ${strikeOut(error instanceof Error ? error.message : String(error))}`,
    );
  }
  process.exitCode = 1;
}
