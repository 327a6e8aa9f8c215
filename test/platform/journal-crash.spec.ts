import { chmodSync, mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import type { DataSource } from 'typeorm';
import { appConnectionOptions, connectApp, PlatformDatabase } from '../../src/platform/database/connections';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/platform/database/embedded-postgres';
import { migrateDatabase } from '../../src/platform/database/migrate';
import { UnitOfWork } from '../../src/platform/database/unit-of-work';
import type { JournalCursor } from '../../src/platform/events/journal-cursor';
import { JournalReader } from '../../src/platform/events/journal-reader';
import { eventually } from '../support/eventually';

const SCOPE = { workspaceId: 1 };

let dataDir: string;
let postgres: EmbeddedPostgres;
let crashed: Promise<string>;
let platform: PlatformDatabase;
let source: DataSource;
let work: UnitOfWork;
let reader: JournalReader;

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'apicechat-crash-'));
  chmodSync(dataDir, 0o755);
  await startPostgres();
  await migrateDatabase({ url: postgres.url });
  // One set of connections for all of it: a restart brings the database back at the same address.
  platform = new PlatformDatabase(postgres.url);
  source = await connectApp(appConnectionOptions(postgres.url, 10));
  work = new UnitOfWork(source);
  reader = new JournalReader(platform);
});
afterAll(async () => {
  await source.destroy();
  await platform.close();
  await postgres.stop();
  await rm(dataDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
});

async function startPostgres(): Promise<void> {
  let onUnexpectedExit: (reason: string) => void = () => undefined;
  crashed = new Promise((resolve) => (onUnexpectedExit = resolve));
  postgres = await startEmbeddedPostgres({ dataDir, onUnexpectedExit: (reason) => onUnexpectedExit(reason) });
}

/** kill -9 of the whole server, and a new one that recovers what was durable. */
async function crashAndRestart(): Promise<void> {
  process.kill(postgres.pid, 'SIGKILL');
  await crashed;
  await startPostgres();
}

async function write(text: string): Promise<void> {
  await work.run(SCOPE, (tx) =>
    tx.query(`insert into event (type, payload) values ('test', json_build_object('text', $1::text))`, [
      text,
    ]),
  );
}

async function readAll(cursor: JournalCursor): Promise<{ texts: unknown[]; next: JournalCursor }> {
  const texts: unknown[] = [];
  for (;;) {
    const page = await reader.read(cursor, 50);
    texts.push(...page.events.map((event) => event.payload['text']));
    cursor = page.next;
    if (page.complete) return { texts, next: cursor };
  }
}

async function rollBackAnEntry(): Promise<string> {
  const client = new Client({ connectionString: postgres.url });
  client.on('error', () => undefined);
  await client.connect();
  await client.query('begin');
  await client.query(`insert into event (workspace_id, type, payload) values (1, 'undone', '{}')`);
  const { rows } = await client.query<{ xid: string }>('select pg_current_xact_id()::text as xid');
  await client.query('rollback');
  await client.end();
  return rows[0]!.xid;
}

describe('a crash of PostgreSQL', () => {
  // Nothing waits for a rollback to be on disk, so a crash right after it forgets that its number was ever used.
  it('may give a number out twice, and a reader from before it still finds the entries of the second holder', async () => {
    await write('before');
    const before = await readAll({ base: '1:1:', upto: null, after: 0 });
    expect(before.texts.at(-1)).toBe('before');
    const rolledBack = await rollBackAnEntry();
    const [now, again] = [await reader.now(), await readAll(before.next)];
    expect(again.texts).toEqual([]);

    await crashAndRestart();
    await write('after');
    const [row] = await platform.query<{ xid: string }>(
      'select xid::text as xid from event order by id desc limit 1',
    );
    expect(row!.xid).toBe(rolledBack);
    for (const cursor of [before.next, now, again.next]) {
      expect(await reader.reaches(cursor)).toBe(true);
      expect((await readAll(cursor)).texts).toEqual(['after']);
    }
  });

  it('under load costs a reader nothing that was acknowledged, and shows it nothing twice', async () => {
    let cursor = await reader.now();
    const seen: unknown[] = [];
    const acknowledged: string[] = [];
    const load = { on: true };
    const writers = Array.from({ length: 8 }, async (_, writer) => {
      for (let n = 0; load.on; n++) {
        const text = `${writer}/${n}`;
        await write(text).then(
          () => acknowledged.push(text),
          () => delay(20),
        );
      }
    });
    const follow = async (): Promise<void> => {
      const { texts, next } = await readAll(cursor);
      seen.push(...texts);
      cursor = next;
    };
    const following = (async () => {
      while (load.on) await follow().catch(() => delay(20));
    })();

    for (let crash = 0; crash < 2; crash++) {
      const goal = acknowledged.length + 200;
      await eventually(() => acknowledged.length >= goal);
      await crashAndRestart();
    }
    const goal = acknowledged.length + 50;
    await eventually(() => acknowledged.length >= goal);
    load.on = false;
    await Promise.all([...writers, following]);
    await follow();

    const found = new Set(seen);
    expect(found.size).toBe(seen.length);
    expect(acknowledged.filter((text) => !found.has(text))).toEqual([]);
  });
});
