import { JournalReader } from '../../src/platform/events/journal-reader';
import { createLogger } from '../../src/platform/observability/logger';
import { openChat } from '../support/chat';
import { enterChat, hangUp, refusalOfChat } from '../support/chat-socket';
import { ask, refusalOf } from '../support/crm';
import { DatabaseProxy } from '../support/database-proxy';
import { eventually } from '../support/eventually';
import { type Caller, type Listener, TestSystem } from '../support/system';

interface Line {
  level: string;
  time: string;
  msg: string;
  requestId?: string;
  err?: { type: string; message: string; stack: string };
  [key: string]: unknown;
}

let system: TestSystem;
let proxy: DatabaseProxy;
let admin: Caller;
let text = '';
const logger = createLogger('debug', { write: (line) => (text += line) });
const lines = (): Line[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);

beforeAll(async () => {
  system = await TestSystem.start();
  admin = await system.signIn('admin');
});
beforeEach(() => (text = ''));
afterAll(async () => {
  await system.stop();
  await proxy.cut();
});

describe('a fault of ours', () => {
  let server: TestSystem;
  let caller: Caller;
  let listener: Listener;

  beforeAll(async () => {
    server = await system.startAnother({}, { logger });
    caller = server.callerWith(admin.token);
    listener = await server.listen(admin);
    await system.sql('alter table conversation rename to conversation_elsewhere');
  });
  afterAll(() => system.sql('alter table conversation_elsewhere rename to conversation'));

  test('answers 500 without a word of what is inside', async () => {
    const answer = await caller.get('/conversations/1');
    expect(answer.status).toBe(500);
    expect(answer.body).toEqual({
      statusCode: 500,
      code: 'INTERNAL',
      message: 'Something went wrong on the server. The request id helps to find out what.',
      requestId: answer.headers.get('x-request-id'),
    });
  });

  test('is logged once with its stack and the request id, as JSON', async () => {
    const { body } = await caller.get('/conversations/1');
    const errors = lines().filter((line) => line.level === 'error');
    expect(errors).toEqual([
      {
        level: 'error',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
        requestId: body['requestId'],
        method: 'GET',
        url: '/conversations/:id',
        err: {
          type: 'error',
          message: 'relation "conversation" does not exist',
          stack: expect.stringContaining('conversations.repository'),
        },
        msg: 'a request failed',
      },
    ]);
  });

  test('over a socket comes as an answer of the same form, and the socket goes on', async () => {
    const answer = await ask(listener, 'join:conversation', { conversation_id: 1 });
    expect(answer.error).toEqual({
      statusCode: 500,
      code: 'INTERNAL',
      message: 'Something went wrong on the server. The request id helps to find out what.',
    });
    expect(lines().find((line) => line.level === 'error')).toMatchObject({
      msg: 'a socket message failed',
      err: { message: 'relation "conversation" does not exist' },
    });
    expect((await ask(listener, 'leave:conversation', { conversation_id: 1 })).error).toBeUndefined();
  });
});

describe('the log', () => {
  test('has one line for each request, with its id, and none for every health check and webhook', async () => {
    const server = await system.startAnother(
      {},
      { logger: createLogger('info', { write: (line) => (text += line) }) },
    );
    await server.call('GET', '/conversations?token=in-the-query', undefined, { 'x-request-id': 'mine' });
    await eventually(() => lines().length > 0, { what: 'the line' });
    expect(lines().filter((line) => line.msg === 'request')).toEqual([
      {
        level: 'info',
        time: expect.any(String),
        requestId: 'mine',
        method: 'GET',
        url: '/conversations',
        status: 401,
        ms: expect.any(Number),
        msg: 'request',
      },
    ]);
  });

  test('holds no secret, whatever goes wrong around one', async () => {
    const server = await system.startAnother({}, { logger });
    const caller = server.callerWith(admin.token);
    const secret = { password: 'my-secret-password', access_token: 'EAAG-secret-token-of-meta' };
    await server.call('POST', '/auth/login', { username: 'admin', password: secret.password });
    await caller.post('/whatsapp-integration-config', {
      phone_number_id: '4711',
      access_token: secret.access_token,
    });
    await caller.post('/whatsapp-integration-config', {
      phone_number_id: 'x',
      access_token: secret.access_token,
    });
    await refusalOf(server, { token: `${admin.token}x` });
    await system.sql('alter table users rename to users_elsewhere');
    await server.call('POST', '/auth/login', { username: 'admin', password: secret.password });
    await system.sql('alter table users_elsewhere rename to users');
    logger.error(
      { err: new Error('at postgres://user:hunter22@db/x with Bearer abcdefghijklmnop') },
      'an error',
    );
    logger.info(
      {
        headers: { authorization: `Bearer ${admin.token}` },
        config: { security: { jwtSecret: 's3cret-key' } },
      },
      'x',
    );

    expect(text).toContain('an error');
    expect(lines().some((line) => line.level === 'error' && line.err !== undefined)).toBe(true);
    for (const word of [
      ...Object.values(secret),
      admin.token,
      admin.token.split('.')[2]!,
      'hunter22',
      'abcdefghijklmnop',
      's3cret-key',
      system.config.security.jwtSecret,
      system.config.security.encryptionKey,
      ...system.config.whatsapp.appSecrets,
    ])
      expect(text).not.toContain(word);
  });
});

describe('while the database is away', () => {
  let server: TestSystem;

  beforeAll(async () => {
    proxy = await DatabaseProxy.start(system.databaseUrl);
    server = await system.startAnother({ database: { url: proxy.url } }, { logger });
  });

  test('requests answer 503 within 5 s with when to come back, live stays 200, ready is 503; then all is well', async () => {
    // Whoever was there a moment ago is remembered for a second; this server has not seen these two.
    const caller = server.callerWith((await system.signIn('employer')).token);
    const visitor = await system.signIn('employer');
    const listener = await server.listen(admin);
    expect((await server.call('GET', '/health/ready')).body).toEqual({
      status: 'ok',
      checks: { process: 'up', database: 'up', files: 'up' },
    });
    await proxy.cut();

    const started = performance.now();
    const requests = [
      () => caller.get('/conversations'),
      () => server.call('POST', '/auth/login', { username: 'admin', password: 'x' }),
    ];
    for (const request of requests) {
      const answer = await request();
      expect(answer.status).toBe(503);
      expect(answer.body).toEqual({
        statusCode: 503,
        code: 'DATABASE_UNAVAILABLE',
        message: expect.any(String),
        requestId: answer.headers.get('x-request-id'),
      });
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    expect(performance.now() - started).toBeLessThan(5_000);
    expect(await server.call('GET', '/health/live')).toMatchObject({ status: 200, body: { status: 'ok' } });
    expect(await server.call('GET', '/health/ready')).toMatchObject({
      status: 503,
      body: { status: 'unavailable', checks: { process: 'up', database: 'down', files: 'up' } },
    });
    expect(await refusalOf(server, { token: visitor.token })).toMatchObject({
      statusCode: 503,
      code: 'DATABASE_UNAVAILABLE',
    });
    expect((await ask(listener, 'join:conversation', { conversation_id: 1 })).error?.code).toBe(
      'DATABASE_UNAVAILABLE',
    );

    await proxy.restore();
    await eventually(async () => (await caller.get('/conversations')).status === 200, {
      what: 'the way back',
    });
    expect((await server.call('GET', '/health/ready')).status).toBe(200);
    expect(listener.socket.connected).toBe(true);
  });

  test('who connects to the live chat meanwhile is refused with the reason, and let in when they come back', async () => {
    const user = await openChat(system);
    await proxy.cut();
    expect((await refusalOfChat(server, { token: user.token })).code).toBe('DATABASE_UNAVAILABLE');
    await proxy.restore();
    await eventually(() => enterChat(server, user), { what: 'the way back' });
    hangUp();
  });

  test('a socket that cannot catch up is closed, not left connected and deaf', async () => {
    const listener = await server.listen(admin);
    const { cursor } = listener.heard[0]!.payload as { cursor: string };
    const reader = server.app.get(JournalReader, { strict: false });
    jest.spyOn(reader, 'reaches').mockResolvedValueOnce(true);
    await proxy.cut();

    await ask(listener, 'resume', { after: cursor }).catch(() => undefined);

    await eventually(() => listener.socket.disconnected, { what: 'the end of the socket' });
    expect(listener.of('system:error').map((h) => h.payload['code'])).toEqual(['DATABASE_UNAVAILABLE']);
    await proxy.restore();
  });
});
