import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';

/** `describe` where there is a redis-server; elsewhere it says loudly what was not tested, and fails in CI. */
export function describeWithRedis(what: string): jest.Describe {
  if (spawnSync('redis-server', ['--version']).status === 0) return describe;
  console.warn(`NOT RUN: redis-server is not installed, so ${what} were not tested`);
  test('redis-server is installed where everything must be tested', () => {
    expect(process.env.CI).not.toBe('true');
  });
  return describe.skip;
}

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
