import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { eventually } from './eventually';

/** `describe` where there is a redis-server; elsewhere it says loudly what was not tested, and fails in CI. */
export function describeWithRedis(what: string): jest.Describe {
  if (spawnSync('redis-server', ['--version']).status === 0) return describe;
  console.warn(`NOT RUN: redis-server is not installed, so ${what} were not tested`);
  test('redis-server is installed where everything must be tested', () => {
    expect(process.env.CI).not.toBe('true');
  });
  return describe.skip;
}

/** As the servers name the connection on which they count limits. */
const LIMITS_CLIENT = 'name=apicechat-rate-limits ';

/** A Redis of a test's own, which keeps its port when it is stopped and started again. */
export class TestRedis {
  private process: ChildProcess | null = null;

  private constructor(private readonly port: number) {}

  static async start(): Promise<TestRedis> {
    const redis = new TestRedis(await freePort());
    redis.startAgain();
    return redis;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  startAgain(): void {
    this.process = spawn('redis-server', ['--port', String(this.port), '--save', '', '--bind', '127.0.0.1'], {
      cwd: tmpdir(),
      stdio: 'ignore',
    });
  }

  /** Resolves once it answers. */
  async listening(): Promise<void> {
    await this.joinedBy(0);
  }

  /** Resolves once so many servers count their limits in it. */
  async joinedBy(servers: number): Promise<void> {
    const redis = new Redis(this.url, { retryStrategy: () => 20, maxRetriesPerRequest: null });
    redis.on('error', () => undefined);
    try {
      await eventually(
        async () => {
          const clients = String(await redis.client('LIST'));
          return clients.split('\n').filter((c) => c.includes(LIMITS_CLIENT)).length >= servers;
        },
        { what: `${servers} servers at Redis` },
      );
    } finally {
      redis.disconnect();
    }
  }

  /** Kills it and starts it again, over and over, until the answered function is called. */
  flap({ upMs, downMs }: { upMs: number; downMs: number }): () => Promise<void> {
    const ending = new AbortController();
    const flapping = (async () => {
      while (!ending.signal.aborted) {
        await delay(upMs);
        await this.stop();
        await delay(downMs);
        this.startAgain();
      }
    })();
    return async () => {
      ending.abort();
      await flapping;
    };
  }

  async stop(): Promise<void> {
    const { process } = this;
    if (process === null) return;
    const ended = new Promise((resolve) => process.once('exit', resolve));
    if (process.exitCode === null && process.kill('SIGKILL')) await ended;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}
