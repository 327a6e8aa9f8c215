import 'reflect-metadata';
import { migrateDatabase, revertMigrations } from '../src/platform/database/migrate';
import { runScript, withDatabaseUrl } from './with-database';

runScript({
  usage: `npm run db:migrate                 run every pending migration
npm run db:migrate -- --revert N   undo the newest N (what they made is lost)`,
  takes: ([flag, count, ...more]) =>
    flag === undefined || (flag === '--revert' && /^[1-9]\d{0,3}$/.test(count ?? '') && more.length === 0),
  async run(config, [flag, count]) {
    await withDatabaseUrl(config, async (url) => {
      const log = (line: string): void => console.log(line);
      if (flag === '--revert') await revertMigrations({ url, steps: Number(count), log });
      else await migrateDatabase({ url, log });
    });
    console.log('done');
  },
});
