import { ThrottlerStorage } from '@nestjs/throttler';
import { ask } from '../support/crm';
import { eventually } from '../support/eventually';
import { RedisServer } from '../../faults/rig/redis';
import { describeWithRedis } from '../support/redis';
import { type Caller, TestSystem } from '../support/system';

describeWithRedis('limits shared through Redis')('rate limits of several servers with one Redis', () => {
  let redis: RedisServer;
  let system: TestSystem;
  let servers: [TestSystem, TestSystem];
  let employer: Caller;

  const tryLogin = async (server: TestSystem): Promise<number> =>
    (await server.call('POST', '/auth/login', { username: 'nobody', password: 'guess' })).status;

  async function alternating(times: number): Promise<number[]> {
    const statuses: number[] = [];
    for (let i = 0; i < times; i++) statuses.push(await tryLogin(servers[i % 2]!));
    return statuses;
  }

  beforeAll(async () => {
    redis = await RedisServer.start();
    system = await TestSystem.start();
    employer = await system.signIn('employer');
    const changes = { redis: { url: redis.url }, throttle: { loginLimit: 5 } };
    servers = [await system.startAnother(changes), await system.startAnother(changes)];
    const { redis: client } = servers[1].app.get<{ redis: { status: string } }>(ThrottlerStorage, {
      strict: false,
    });
    await eventually(() => client.status === 'ready', { what: 'Redis' });
  });
  afterAll(async () => {
    await system.stop();
    await redis.stop();
  });

  test('five logins a minute are allowed over all of them together, and 30 socket messages of a user', async () => {
    expect(await alternating(7)).toEqual([401, 401, 401, 401, 401, 429, 429]);

    const listeners = [await servers[0].listen(employer), await servers[1].listen(employer)] as const;
    const answers: (string | undefined)[] = [];
    for (let i = 0; i < 32; i++) {
      const answer = await ask(listeners[i % 2]!, 'leave:conversation', { conversation_id: 1 });
      answers.push(answer.error?.code);
    }
    expect(answers.filter((code) => code === undefined)).toHaveLength(30);
    expect(answers.slice(30)).toEqual(['RATE_LIMITED', 'RATE_LIMITED']);
  });

  test('when Redis dies no request breaks, each server goes on with its own limit, and Redis back counts again', async () => {
    await redis.stop();
    const started = performance.now();
    const statuses = await alternating(12);
    expect(statuses.slice(0, 10).every((status) => status === 401)).toBe(true);
    expect(statuses.slice(10)).toEqual([429, 429]);
    expect((await servers[0].callerWith(employer.token).get('/conversations')).status).toBe(200);
    expect(performance.now() - started).toBeLessThan(3_000);

    redis.startAgain();
    await eventually(async () => (await tryLogin(servers[0])) === 401, { what: 'Redis counting again' });
  });
});
