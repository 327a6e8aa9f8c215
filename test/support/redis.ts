import { redisIsInstalled } from '../../faults/rig/redis';

/** `describe` where there is a redis-server; elsewhere it says loudly what was not tested, and fails in CI. */
export function describeWithRedis(what: string): jest.Describe {
  if (redisIsInstalled()) return describe;
  console.warn(`NOT RUN: redis-server is not installed, so ${what} were not tested`);
  test('redis-server is installed where everything must be tested', () => {
    expect(process.env.CI).not.toBe('true');
  });
  return describe.skip;
}
