import { ThrottlerStorage, type ThrottlerStorageService } from '@nestjs/throttler';
import { testFromInside, testOfSharedLimits } from '../support/cluster';
import { ask } from '../support/crm';
import { eventually } from '../support/eventually';
import { RedisServer } from '../../faults/rig/redis';
import { describeWithRedis } from '../support/redis';
import { type Caller, type Listener, TestSystem } from '../support/system';

let system: TestSystem;
beforeAll(async () => {
  system = await TestSystem.start();
});
afterAll(() => system.stop());

const REFUSED = {
  statusCode: 429,
  code: 'RATE_LIMITED',
  message: expect.any(String),
  details: { retry_after: expect.any(Number) },
};

const leave = async (listener: Listener): Promise<unknown> =>
  (await ask(listener, 'leave:conversation', { conversation_id: 1 })).error;
const stopTyping = async (listener: Listener): Promise<unknown> =>
  (await ask(listener, 'typing:stop', { conversation_id: 1 })).error;

async function times(count: number, send: () => Promise<unknown>): Promise<unknown[]> {
  const answers: unknown[] = [];
  for (let i = 0; i < count; i++) answers.push(await send());
  return answers;
}

async function freshUser(): Promise<{ caller: Caller; listener: Listener }> {
  const caller = await system.signIn('employer');
  return { caller, listener: await system.listen(caller) };
}

testOfSharedLimits(
  'the 31st message of a minute is refused and says when to go on; typing has a limit of its own',
  async () => {
    const { caller, listener } = await freshUser();
    expect(await times(30, () => leave(listener))).toEqual(Array(30).fill(undefined));
    const [refused] = await times(1, () => leave(listener));
    expect(refused).toEqual(REFUSED);
    const { retry_after } = (refused as { details: { retry_after: number } }).details;
    expect(retry_after).toBeGreaterThan(0);
    expect(retry_after).toBeLessThanOrEqual(60);

    expect(await times(60, () => stopTyping(listener))).toEqual(Array(60).fill(undefined));
    expect(await stopTyping(listener)).toEqual(REFUSED);
    expect(await leave(await system.listen(caller))).toEqual(REFUSED); // another socket of theirs
  },
);

test('typing takes nothing from the messages', async () => {
  const { listener } = await freshUser();
  expect(await times(61, () => stopTyping(listener))).toEqual([...Array(60).fill(undefined), REFUSED]);
  expect(await times(31, () => leave(listener))).toEqual([...Array(30).fill(undefined), REFUSED]);
});

test('every message counts, also one that is refused, and without an acknowledgement system:error tells', async () => {
  const { listener } = await freshUser();
  const messages: [string, unknown][] = [
    ['join:conversation', { conversation_id: 999_999 }],
    ['leave:conversation', 'nonsense'],
    ['resume', { after: 'nonsense' }],
    ['presence:set', { status: 'busy' }],
    ['presence:list', undefined],
  ];
  for (let i = 0; i < 6; i++)
    for (const [message, payload] of messages)
      expect((await ask(listener, message, payload)).error?.code).not.toBe('RATE_LIMITED');
  for (const [message, payload] of messages)
    expect((await ask(listener, message, payload)).error).toEqual(REFUSED);
  expect(listener.of('system:error')).toEqual([]);
  listener.socket.emit('presence:list');
  await eventually(() => listener.of('system:error').length === 1, { what: 'system:error' });
  expect(listener.of('system:error')[0]!.payload).toEqual(REFUSED);
});

test('the limit is each user’s own, and REST has another one', async () => {
  const [one, two] = [await freshUser(), await freshUser()] as const;
  await times(31, () => leave(one.listener));
  expect(await leave(two.listener)).toBeUndefined();
  expect((await one.caller.get('/presence')).status).toBe(200);
});

testFromInside(
  'counts in memory are looked through every minute, and those that are over are removed',
  async () => {
    const { listener } = await freshUser();
    await leave(listener);
    await times(61, () => stopTyping(listener));
    const storage = system.app.get<ThrottlerStorageService>(ThrottlerStorage, { strict: false });
    expect([...storage.storage.keys()].some((key) => key.startsWith('crm:user:'))).toBe(true);
    const sweep = storage as unknown as {
      sweepIntervalMs: number;
      evictIdleRecords: (now: number) => void;
    };
    expect(sweep.sweepIntervalMs).toBe(60_000);
    sweep.evictIdleRecords(Date.now() + 10_000);
    expect(await stopTyping(listener)).toEqual(REFUSED); // not before it is over
    sweep.evictIdleRecords(Date.now() + 61_000);
    expect(storage.storage.size).toBe(0);
  },
);

describeWithRedis('limits of socket messages shared through Redis')('with Redis', () => {
  let redis: RedisServer;
  let servers: TestSystem[];

  beforeAll(async () => {
    redis = await RedisServer.start();
    const changes = { redis: { url: redis.url } };
    servers = [await system.startAnother(changes), await system.startAnother(changes)];
    for (const server of servers) {
      const { redis: client } = server.app.get<{ redis: { status: string } }>(ThrottlerStorage, {
        strict: false,
      });
      await eventually(() => client.status === 'ready', { what: 'Redis' });
    }
  });
  afterAll(() => redis.stop());

  test('both limits count over all servers, and every count is forgotten by itself', async () => {
    const caller = await system.signIn('employer');
    const listeners = [await servers[0]!.listen(caller), await servers[1]!.listen(caller)] as const;
    let n = 0;
    expect(await times(31, () => leave(listeners[n++ % 2]!))).toEqual([
      ...Array(30).fill(undefined),
      REFUSED,
    ]);
    expect(await times(61, () => stopTyping(listeners[n++ % 2]!))).toEqual([
      ...Array(60).fill(undefined),
      REFUSED,
    ]);
    expect(await leave(listeners[1])).toEqual(REFUSED);

    const { redis: client } = servers[0]!.app.get<{
      redis: { keys(pattern: string): Promise<string[]>; pttl(key: string): Promise<number> };
    }>(ThrottlerStorage, { strict: false });
    const keys = await client.keys(`*user:1:${caller.user.id}*`);
    expect(keys.length).toBe(4); // a count and a block for each of the limits
    for (const key of keys) {
      const left = await client.pttl(key);
      expect(left).toBeGreaterThan(0);
      expect(left).toBeLessThanOrEqual(60_000);
    }
  });

  test('while Redis is away each server counts for itself, and no message breaks', async () => {
    const caller = await system.signIn('employer');
    const listener = await servers[0]!.listen(caller);
    await redis.stop();
    expect(await times(31, () => leave(listener))).toEqual([...Array(30).fill(undefined), REFUSED]);
  });
});
