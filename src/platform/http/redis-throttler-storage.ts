import type { OnApplicationShutdown } from '@nestjs/common';
import type { ThrottlerStorage } from '@nestjs/throttler';
import { ThrottlerStorageService } from '@nestjs/throttler';
import { Redis } from 'ioredis';
import type { Logger } from 'pino';

type StorageRecord = Awaited<ReturnType<ThrottlerStorage['increment']>>;

/** Counts and blocks in one step, so that processes that share a limit cannot overshoot it. Times in ms. */
const INCREMENT = `
  local blocked = redis.call('PTTL', KEYS[2])
  if blocked > 0 then return { tonumber(ARGV[2]) + 1, redis.call('PTTL', KEYS[1]), 1, blocked } end
  local hits = redis.call('INCR', KEYS[1])
  if hits == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
  if hits > tonumber(ARGV[2]) then
    redis.call('SET', KEYS[2], '1', 'PX', ARGV[3])
    return { hits, redis.call('PTTL', KEYS[1]), 1, tonumber(ARGV[3]) }
  end
  return { hits, redis.call('PTTL', KEYS[1]), 0, 0 }`;

/** Shared rate limits. While Redis is away, each process goes on counting for itself. */
export class RedisThrottlerStorage implements ThrottlerStorage, OnApplicationShutdown {
  private readonly redis: Redis;
  private readonly local = new ThrottlerStorageService();

  constructor(
    url: string,
    private readonly logger: Logger,
  ) {
    this.redis = new Redis(url, {
      connectionName: 'apicechat-rate-limits', // a name with blanks would silently be none
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      commandTimeout: 500,
      retryStrategy: (times) => Math.min(times * 200, 2_000),
    });
    this.redis.on('error', (err: Error) =>
      this.logger.debug({ err }, 'Redis is away; limits are counted per process'),
    );
  }

  async increment(
    key: string,
    ttl: number,
    limit: number,
    blockDuration: number,
    throttlerName: string,
  ): Promise<StorageRecord> {
    try {
      const base = `apicechat:limit:${throttlerName}:${key}`;
      const answer = await this.redis.eval(
        INCREMENT,
        2,
        base,
        `${base}:blocked`,
        ttl,
        limit,
        blockDuration || ttl,
      );
      const [totalHits, expire, blocked, blockExpire] = answer as [number, number, number, number];
      return {
        totalHits,
        timeToExpire: Math.ceil(expire / 1000),
        isBlocked: blocked === 1,
        timeToBlockExpire: Math.ceil(blockExpire / 1000),
      };
    } catch {
      return await this.local.increment(key, ttl, limit, blockDuration, throttlerName);
    }
  }

  onApplicationShutdown(): void {
    this.redis.disconnect();
    this.local.onApplicationShutdown();
  }
}
