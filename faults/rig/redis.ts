import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';

export function redisIsInstalled(): boolean {
  return spawnSync('redis-server', ['--version']).status === 0;
}

/** A Redis of its own, which keeps its port when it is stopped and started again. */
export class RedisServer {
  private process: ChildProcess | null = null;

  private constructor(private readonly port: number) {}

  static async start(): Promise<RedisServer> {
    const redis = new RedisServer(await freePort());
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

  /** With SIGKILL. */
  async stop(): Promise<void> {
    const { process } = this;
    if (process === null) return;
    const ended = new Promise((resolve) => process.once('exit', resolve));
    if (process.exitCode === null && process.signalCode === null && process.kill('SIGKILL')) await ended;
  }
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}
