import { type Answer, type Caller, TestSystem } from '../support/system';

let system: TestSystem;
let people: [Caller, Caller];

beforeAll(async () => {
  system = await TestSystem.start();
  people = [await system.signIn('employer'), await system.signIn('employer')];
});
afterAll(() => system.stop());

const tryLogin = (
  server: TestSystem,
  username = 'nobody',
  headers: Record<string, string> = {},
): Promise<Answer> => server.call('POST', '/auth/login', { username, password: 'guess' }, headers);

async function statuses(tries: (() => Promise<Answer>)[]): Promise<number[]> {
  const all: number[] = [];
  for (const attempt of tries) all.push((await attempt()).status);
  return all;
}

test('the sixth login in a minute is refused, with when to come back, also with the right password', async () => {
  const server = await system.startAnother({ throttle: { loginLimit: 5 } });
  expect(await statuses(Array.from({ length: 5 }, (_, i) => () => tryLogin(server, `user-${i}`)))).toEqual([
    401, 401, 401, 401, 401,
  ]);

  const sixth = await server.call('POST', '/auth/login', {
    username: people[0].user.username,
    password: 'a password',
  });

  expect(sixth.status).toBe(429);
  expect(sixth.body).toEqual({
    statusCode: 429,
    code: 'RATE_LIMITED',
    message: 'Too many requests: 5 are allowed in 60 s.',
    requestId: sixth.headers.get('x-request-id'),
  });
  expect(Number(sixth.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(Number(sixth.headers.get('retry-after'))).toBeLessThanOrEqual(60);
  expect((await server.callerWith(people[0].token).get('/conversations')).status).toBe(200);
});

test('pretended addresses do not get around the limit, unless a trusted proxy names them', async () => {
  const spoofing = (server: TestSystem): Promise<number[]> =>
    statuses(
      Array.from(
        { length: 4 },
        (_, i) => () =>
          tryLogin(server, 'nobody', {
            'x-forwarded-for': `10.0.0.${i}`,
            'x-real-ip': `10.0.0.${i}`,
            forwarded: `for=10.0.0.${i}`,
          }),
      ),
    );
  const direct = await system.startAnother({ throttle: { loginLimit: 2 } });
  expect(await spoofing(direct)).toEqual([401, 401, 429, 429]);

  const proxied = await system.startAnother({
    throttle: { loginLimit: 2 },
    http: { trustProxy: ['127.0.0.1'] },
  });
  expect(await spoofing(proxied)).toEqual([401, 401, 401, 401]);
});

test('a caller has one count for all routes together; somebody else has their own', async () => {
  const server = await system.startAnother({ throttle: { limit: 6 } });
  const [one, another] = people.map((caller) => server.callerWith(caller.token)) as [Caller, Caller];
  const routes = ['/conversations', '/messages/1', '/conversations/1'];
  const answers = [...routes, ...routes].map((path) => () => one.get(path));
  expect(await statuses(answers)).toEqual([200, 404, 404, 200, 404, 404]);

  const refused = await one.get('/messages/1');

  expect(refused).toMatchObject({ status: 429, body: { code: 'RATE_LIMITED' } });
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  expect((await another.get('/conversations')).status).toBe(200);
  expect((await server.call('GET', '/health/live')).status).toBe(200);
});
