import { join } from 'node:path';
import { inbound } from '../../simulator/inbound-content';
import { eventually } from '../support/eventually';
import { picture } from '../support/files';
import { killAll, type NodeProcess, spawnNode } from '../support/processes';
import { strays } from '../support/stored-files';
import {
  ACCESS_TOKEN,
  APP_SECRET,
  type Caller,
  PHONE_NUMBER_ID,
  TestSystem,
  VERIFY_TOKEN,
} from '../support/system';
import { stranger } from '../support/webhooks';

let system: TestSystem;
let admin: Caller;

beforeAll(async () => {
  system = await TestSystem.start({ config: { role: 'api' } });
  admin = await system.signIn('admin');
});
afterEach(killAll);
afterAll(() => system.stop());

/** The built server as a process of its own that runs jobs only. */
async function startWorker(): Promise<NodeProcess> {
  const worker = spawnNode(join(__dirname, '../../dist/src/main.js'), {
    env: {
      NODE_ENV: 'test',
      ROLE: 'worker',
      PORT: '0',
      HOST: '127.0.0.1',
      LOG_LEVEL: 'info',
      DB_SYNC: 'false',
      DATA_DIR: system.config.dataDir,
      DATABASE_URL: system.databaseUrl,
      JOB_HOLD: '5s',
      JWT_SECRET: system.config.security.jwtSecret,
      ENCRYPTION_KEY: system.config.security.encryptionKey,
      WHATSAPP_APP_SECRET: APP_SECRET,
      WHATSAPP_WEBHOOK_VERIFY_TOKEN: VERIFY_TOKEN,
      WHATSAPP_ACCESS_TOKEN: ACCESS_TOKEN,
      WHATSAPP_PHONE_NUMBER_ID: PHONE_NUMBER_ID,
      WHATSAPP_BASE_URL: system.meta.url,
    },
  });
  await worker.waitForLine(/"listening"/);
  return worker;
}

const ready = async (): Promise<number> =>
  (
    await system.sql<{ n: number }>(`select count(*)::int as n from message_attachment where state = 'ready'`)
  )[0]!.n;

test('after kill -9 in the middle of downloads every file arrives, whole, once, and nothing lies around', async () => {
  system.meta.faults.latencyMs = 60;
  const images = await Promise.all([...Array(16).keys()].map((n) => picture('png', { width: 30 + n })));
  const wamids: string[] = [];
  for (const bytes of images) {
    const content = inbound.image(system.meta.putMedia(bytes, 'image/png'));
    wamids.push((await system.meta.customerSays(stranger(), content)).wamid);
  }
  for (const enough of [3, 8]) {
    const worker = await startWorker();
    await eventually(async () => (await ready()) >= enough, { what: `${enough} files`, timeoutMs: 20_000 });
    worker.kill('SIGKILL');
    await worker.exited;
  }
  expect(await ready()).toBeLessThan(images.length);
  await startWorker();
  await eventually(async () => (await ready()) === images.length, { what: 'all files', timeoutMs: 25_000 });

  for (const [i, wamid] of wamids.entries()) {
    const [message] = await system.sql<{ id: number }>(
      'select id from message where whatsapp_message_id = $1',
      [wamid],
    );
    const { body } = await admin.get<{ attachments: { url: string }[] }>(`/messages/${message!.id}`);
    expect(body.attachments).toHaveLength(1);
    const file = await fetch(`${system.url}${body.attachments[0]!.url}`);
    expect(Buffer.from(await file.arrayBuffer()).equals(images[i]!)).toBe(true);
    const told = await system.sql(
      `select from event where type = 'message:updated' and (payload->>'id')::bigint = $1`,
      [message!.id],
    );
    expect(told).toHaveLength(1);
  }
  const { orphans, missing } = await strays(system);
  expect({ orphans: orphans.filter((key) => !key.startsWith('incoming/')), missing }).toEqual({
    orphans: [],
    missing: [],
  });
}, 90_000);
