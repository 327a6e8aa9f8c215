import { chmodSync, mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { createApp } from '../../src/bootstrap';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/platform/database/embedded-postgres';
import { migrateDatabase, revertMigrations } from '../../src/platform/database/migrate';
import { MIGRATIONS } from '../../src/platform/database/migrations';
import { UnitOfWork } from '../../src/platform/database/unit-of-work';
import { UsersService } from '../../src/users/users.service';
import { WorkspacesService } from '../../src/workspaces/workspaces.service';
import { testConfig } from '../support/system';

// A cluster of its own: what is tried here happens only where the server's roles do not exist yet.
let dataDir: string;
let postgres: EmbeddedPostgres;
let admin: Client;

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'apicechat-owner-'));
  chmodSync(dataDir, 0o755);
  postgres = await startEmbeddedPostgres({ dataDir, durable: false });
  admin = new Client({ connectionString: postgres.url });
  await admin.connect();
});
afterAll(async () => {
  await admin.end();
  await postgres.stop();
  await rm(dataDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
});
afterEach(async () => {
  for (const name of ['shop', 'shop2']) {
    await admin.query(`drop database if exists ${name} with (force)`);
    await admin.query(`drop role if exists ${name}`);
  }
  await admin.query('drop role if exists apicechat_app, apicechat_platform');
});

/** An ordinary user with a database of its own, as hosting companies hand them out. */
async function ordinaryOwner(name: string, rights = ''): Promise<string> {
  await admin.query(`create role ${name} login password 'secret' ${rights}`);
  await admin.query(`create database ${name} owner ${name}`);
  const url = new URL(postgres.urlFor(name));
  url.username = name;
  url.password = 'secret';
  return url.href;
}

/** How many messages the search finds in a workspace that has one, and in the one that has none. */
async function findsByWords(work: UnitOfWork, workspaceId: number): Promise<number[]> {
  await work.run({ workspaceId }, (tx) =>
    tx.query(
      `with person as (insert into contact (external_id) values ('c') returning id),
         thread as (insert into conversation (contact_id, channel) select id, 'app' from person returning id)
       insert into message (conversation_id, sender_type, body) select id, 'contact', 'Olá, São Paulo' from thread`,
    ),
  );
  const search = async (id: number): Promise<number> =>
    await work.run({ workspaceId: id }, async (tx) => {
      const [row] = await tx.query<{ found: number }>(
        `select cardinality(ids) as found from search_messages('sao', 5, null, 9000000000000000, 10, 1000)`,
      );
      return row!.found;
    });
  return [await search(workspaceId), await search(1)];
}

async function bootsAndServes(url: string): Promise<void> {
  const app = await createApp(testConfig(url, 'http://127.0.0.1:1', {}));
  try {
    await app.init();
    const workspace = await app.get(WorkspacesService, { strict: false }).create('north', 'North');
    const users = app.get(UsersService, { strict: false });
    await users.create(workspace.id, { name: 'Ana', username: 'ana', password: 'a password', role: 'admin' });
    expect(await users.all(workspace.id)).toMatchObject([{ username: 'ana', role: { name: 'admin' } }]);
    expect(await users.all(1)).toEqual([]);
    expect(await findsByWords(app.get(UnitOfWork, { strict: false }), workspace.id)).toEqual([1, 0]);
  } finally {
    await app.close();
  }
}

describe('an ordinary user that owns its database', () => {
  it('and may create roles can migrate it and run the server on it', async () => {
    const url = await ordinaryOwner('shop', 'createrole');
    await migrateDatabase({ url });
    await bootsAndServes(url);
    await revertMigrations({ url, steps: MIGRATIONS.length });
  });

  it('and may not create roles is told what an administrator has to run, and with that done it works', async () => {
    const url = await ordinaryOwner('shop');
    const error = await migrateDatabase({ url }).catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ message: expect.stringContaining('user shop may not') });
    const commands = /run: (.*)$/s.exec((error as Error).message)![1]!;
    await admin.query(commands);
    await migrateDatabase({ url });
    await bootsAndServes(url);
  });

  it('where the roles exist already, made by somebody else, is told the same', async () => {
    await migrateDatabase({ url: await ordinaryOwner('shop', 'createrole') });
    const url = await ordinaryOwner('shop2', 'createrole');
    const error = await migrateDatabase({ url }).catch((thrown: Error) => thrown);
    const commands = /run: (.*)$/s.exec((error as Error).message)?.[1];
    expect(commands).toMatch(/^grant apicechat_app to shop2; grant apicechat_platform to shop2/);
    await admin.query(commands!);
    await migrateDatabase({ url });
    await bootsAndServes(url);
  });
});
