import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { redisIsInstalled, type RedisServer } from '../../faults/rig/redis';
import { eventually } from './eventually';

/** `describe` where there is a redis-server; elsewhere it says loudly what was not tested, and fails in CI. */
export function describeWithRedis(what: string): jest.Describe {
  if (redisIsInstalled()) return describe;
  console.warn(`NOT RUN: redis-server is not installed, so ${what} were not tested`);
  test('redis-server is installed where everything must be tested', () => {
    expect(process.env.CI).not.toBe('true');
  });
  return describe.skip;
}

/** As the servers name the connection on which they count limits. */
const LIMITS_CLIENT = 'name=apicechat-rate-limits ';

/** Resolves once it answers and so many servers count their limits in it. */
export async function joinedBy(server: RedisServer, servers: number): Promise<void> {
  const redis = new Redis(server.url, { retryStrategy: () => 20, maxRetriesPerRequest: null });
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
export function flap(
  server: RedisServer,
  { upMs, downMs }: { upMs: number; downMs: number },
): () => Promise<void> {
  const ending = new AbortController();
  const flapping = (async () => {
    while (!ending.signal.aborted) {
      await delay(upMs);
      await server.stop();
      await delay(downMs);
      server.startAgain();
    }
  })();
  return async () => {
    ending.abort();
    await flapping;
  };
}
