import { chmodSync, existsSync, mkdtempSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { envelope, messageItem } from '../../simulator/envelope';
import { newWamid } from '../../simulator/identifiers';
import { inbound } from '../../simulator/inbound-content';
import { metaJson, sign } from '../../simulator/signature';
import { findRunningPostgres } from '../../src/platform/database/embedded-postgres';
import { eventually } from './eventually';
import { type NodeProcess, processesNaming, type SpawnOptions, spawnNode } from './processes';

// Built files: plain node runs no TypeScript. `npm test` builds first.
export const DIST = join(__dirname, '../../dist');
export const MAIN = join(DIST, 'src/main.js');

const APP_SECRET = 'process-app-secret-0123456789';
const NUMBER = {
  phoneNumberId: '106540352242922',
  displayPhoneNumber: '15550783881',
  businessAccountId: '1',
};

/** A folder for the data of one server; its path marks all processes that work on it. */
export function newDataDir(): string {
  // In memory where possible: killed processes lose nothing there either, and it is quicker.
  const parent = process.env.TMPDIR === undefined && existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
  const home = mkdtempSync(join(parent, 'apicechat-process-'));
  chmodSync(home, 0o755);
  return join(home, 'data');
}

/** What a server in a test is configured with: an own database, a number, and no way to Meta. */
export function serverEnvironment(dataDir: string): Record<string, string | undefined> {
  return {
    NODE_ENV: 'test',
    DATA_DIR: dataDir,
    PORT: '0',
    HOST: '127.0.0.1',
    DATABASE_URL: undefined,
    DB_HOST: undefined,
    REDIS_URL: undefined,
    LOG_LEVEL: 'info',
    THROTTLE_LIMIT: '1000000',
    WHATSAPP_APP_SECRET: APP_SECRET,
    WHATSAPP_ACCESS_TOKEN: 'token',
    WHATSAPP_PHONE_NUMBER_ID: NUMBER.phoneNumberId,
    WHATSAPP_BASE_URL: 'http://127.0.0.1:9',
  };
}

export interface RunningServer {
  process: NodeProcess;
  url: string;
  /** From the start of the process until it was ready, in ms. */
  tookMs: number;
}

/** The real server as a process of its own, ready. */
export async function startServer(
  dataDir: string,
  options: SpawnOptions & { timeoutMs?: number } = {},
): Promise<RunningServer> {
  const started = performance.now();
  const child = spawnNode(MAIN, {
    ...options,
    env: { ...serverEnvironment(dataDir), ...options.env },
  });
  const line = await child.waitForLine(/^\{.*"msg":"listening".*$/m, options.timeoutMs ?? 20_000);
  const { url } = JSON.parse(line[0]) as { url: string };
  const ready = await fetch(`${url}/health/ready`);
  if (!ready.ok) throw new Error(`listening, but not ready: ${ready.status}`);
  return { process: child, url, tookMs: Math.round(performance.now() - started) };
}

/** Resolves once nothing works on the folder any more: no server, no PostgreSQL, no supervisor. */
export async function nothingRunsOn(dataDir: string, timeoutMs = 15_000): Promise<void> {
  await eventually(async () => (await processesNaming(dataDir)).length === 0, {
    timeoutMs,
    what: `the end of every process on ${dataDir}`,
  });
}

/** Rows of any SQL in the embedded database of a server that runs at this moment. */
export async function queryRunning<Row>(dataDir: string, sql: string): Promise<Row[]> {
  const running = await findRunningPostgres(dataDir);
  if (running === null) throw new Error(`no PostgreSQL runs on ${dataDir}`);
  const client = new Client({ connectionString: running.url });
  await client.connect();
  try {
    return (await client.query(sql)).rows as Row[];
  } finally {
    await client.end();
  }
}

export async function freePort(): Promise<number> {
  return await new Promise((resolve) => {
    const probe = createServer();
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

interface Parcel {
  wamids: string[];
  bytes: Buffer;
}

/** Many customers who write without a pause, as Meta's signed webhooks, and what the server said to each. */
export class WebhookLoad {
  readonly acknowledged: string[] = [];
  /** Refused, or the connection broke: Meta would send these again. */
  readonly unacknowledged: Parcel[] = [];
  private sending = true;
  private readonly senders: Promise<void>[];

  constructor(
    private readonly url: string,
    { senders = 8 } = {},
  ) {
    this.senders = Array.from({ length: senders }, (_, sender) => this.send(sender));
  }

  get all(): string[] {
    return [...this.acknowledged, ...this.unacknowledged.flatMap((parcel) => parcel.wamids)];
  }

  async stop(): Promise<void> {
    this.sending = false;
    await Promise.all(this.senders);
  }

  /** Redelivers what was not acknowledged, to the server that is there now. */
  async redeliver(url: string): Promise<void> {
    for (const parcel of this.unacknowledged) {
      const status = await post(url, parcel.bytes);
      if (status !== 200) throw new Error(`a redelivered webhook was answered with ${status}`);
    }
  }

  private async send(sender: number): Promise<void> {
    for (let n = 0; this.sending; n++) {
      const parcel = parcelOf(`54911555${String(sender * 7 + (n % 7)).padStart(5, '0')}`, 1 + (n % 3));
      const status = await post(this.url, parcel.bytes).catch(() => 0);
      if (status === 200) this.acknowledged.push(...parcel.wamids);
      else this.unacknowledged.push(parcel);
      if (status === 0) return; // nobody is there any more
    }
  }
}

function parcelOf(phone: string, messages: number): Parcel {
  const wamids = Array.from({ length: messages }, () => newWamid());
  const items = wamids.map((id) =>
    messageItem(NUMBER, { phone, name: 'Ana' }, inbound.text(`hello ${id}`), {
      id,
      timestamp: Math.floor(Date.now() / 1000),
    }),
  );
  return { wamids, bytes: metaJson(envelope(items)) };
}

async function post(url: string, bytes: Buffer): Promise<number> {
  const response = await fetch(`${url}/meta-whatsapp/webhook`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-hub-signature-256': sign(bytes, APP_SECRET) },
    body: bytes,
    signal: AbortSignal.timeout(15_000),
  });
  await response.arrayBuffer();
  return response.status;
}
