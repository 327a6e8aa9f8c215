import { join } from 'node:path';
import { type NodeProcess, spawnNode } from './processes';
import { ACCESS_TOKEN, APP_SECRET, PHONE_NUMBER_ID, type TestSystem, VERIFY_TOKEN } from './system';

/** On a machine that others use too. */
const START_LIMIT_MS = 45_000;
const SERVER = join(__dirname, '../../dist/src/main.js');

/** The built server as a process of its own that runs jobs of the system, which should have the role `api`. */
export async function startWorkerProcess(
  system: TestSystem,
  holdSeconds: number,
  environment: Record<string, string> = {},
): Promise<NodeProcess> {
  const worker = spawnNode(SERVER, {
    env: {
      NODE_ENV: 'test',
      ROLE: 'worker',
      PORT: '0',
      HOST: '127.0.0.1',
      LOG_LEVEL: 'info',
      DB_SYNC: 'false',
      DATABASE_URL: system.databaseUrl,
      JOB_HOLD: `${holdSeconds}s`,
      JWT_SECRET: system.config.security.jwtSecret,
      ENCRYPTION_KEY: system.config.security.encryptionKey,
      WHATSAPP_APP_SECRET: APP_SECRET,
      WHATSAPP_WEBHOOK_VERIFY_TOKEN: VERIFY_TOKEN,
      WHATSAPP_ACCESS_TOKEN: ACCESS_TOKEN,
      WHATSAPP_PHONE_NUMBER_ID: PHONE_NUMBER_ID,
      WHATSAPP_BASE_URL: system.meta.url,
      ...environment,
    },
  });
  await worker.waitForLine(/"listening"/, START_LIMIT_MS);
  return worker;
}
