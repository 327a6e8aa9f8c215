import 'reflect-metadata';
import { PlatformDatabase } from '../src/platform/database/connections';
import { runScript, withDatabaseUrl } from './with-database';

const USAGE = `npm run webhooks:set-aside                what was set aside, newest first (the last 50)
npm run webhooks:set-aside -- --body 17   the webhook with this delivery number, byte for byte, on standard output`;

interface Row {
  received: Date;
  delivery: number;
  workspace: number | null;
  number: string | null;
  reason: string;
  path: string;
  detail: string;
}

/** For the operator: the parts of webhooks that did not become messages, and why. */
runScript({
  usage: USAGE,
  takes: ([flag, value, ...more]) =>
    flag === undefined || (flag === '--body' && /^\d{1,15}$/.test(value ?? '') && more.length === 0),
  async run(config, [flag, value]) {
    await withDatabaseUrl(config, async (url) => {
      const db = new PlatformDatabase(url);
      try {
        await (flag === undefined ? list(db) : show(db, Number(value)));
      } finally {
        await db.close();
      }
    });
  },
});

async function list(db: PlatformDatabase): Promise<void> {
  const rows = await db.query<Row & Record<string, unknown>>(
    `select received_at as received, delivery_id as delivery, workspace_id as workspace, phone_number_id as number, reason, path, detail
     from webhook_set_aside order by received_at desc, id desc limit 50`,
  );
  if (rows.length === 0) console.log('Nothing is set aside.');
  else
    console.table(
      rows.map((row) => ({ ...row, received: row.received.toISOString(), detail: row.detail.slice(0, 80) })),
    );
}

async function show(db: PlatformDatabase, delivery: number): Promise<void> {
  const [row] = await db.query<{ body: Buffer }>('select body from webhook_delivery where id = $1', [
    delivery,
  ]);
  if (row === undefined) {
    console.error(`There is no delivery ${delivery} (they are kept for 30 days).`);
    process.exitCode = 1;
    return;
  }
  process.stdout.write(row.body);
}
