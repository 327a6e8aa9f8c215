import 'reflect-metadata';
import { migrateDatabase, revertMigrations } from '../src/platform/database/migrate';
import { scriptConfig, withDatabaseUrl } from './with-database';

const USAGE =
  'npm run db:migrate                 run every pending migration\nnpm run db:migrate -- --revert 1   undo the newest one (its data is lost)';

async function main(): Promise<void> {
  const [flag, count] = process.argv.slice(2);
  const steps = Number(count ?? '1');
  if (flag !== undefined && (flag !== '--revert' || !Number.isInteger(steps) || steps < 1)) {
    console.error(USAGE);
    process.exit(1);
  }
  await withDatabaseUrl(scriptConfig(), async (url) => {
    const log = (line: string): void => console.log(line);
    if (flag === '--revert') await revertMigrations({ url, steps, log });
    else await migrateDatabase({ url, log });
  });
  console.log('done');
}

void main();
