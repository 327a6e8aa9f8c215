import { compare } from 'bcrypt';
import { UsersService } from '../../src/users/users.service';
import { openConversation } from '../support/crm';
import { eventually } from '../support/eventually';
import { type Answer, type Caller, TestSystem } from '../support/system';

const REFUSED = {
  statusCode: 401,
  code: 'INVALID_CREDENTIALS',
  message: 'The username or the password is wrong.',
};

let system: TestSystem;
let user: Caller['user'];

beforeAll(async () => {
  system = await TestSystem.start();
  ({ user } = await system.signIn('supervisor', { username: 'ana' }));
});
afterAll(() => system.stop());

const login = (body: unknown, server = system): Promise<Answer> => server.call('POST', '/auth/login', body);

function claimsOf(token: unknown): Record<string, unknown> {
  return JSON.parse(Buffer.from(String(token).split('.')[1]!, 'base64url').toString()) as Record<
    string,
    unknown
  >;
}

test('signing in answers a token for two days and the user with role and workspace, and no password', async () => {
  const { status, body } = await login({ username: 'ana', password: 'a password' });

  expect(status).toBe(200);
  expect(body).toEqual({
    access_token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
    token_type: 'Bearer',
    expires_in: 2 * 24 * 3600,
    user: {
      id: user.id,
      uuid: expect.stringMatching(/^[0-9a-f-]{36}$/),
      name: 'ana',
      username: 'ana',
      role_id: expect.any(Number),
      role: { id: expect.any(Number), name: 'supervisor', access_level: 'supervisor' },
      online: false,
      status: 'offline',
      active: true,
      deleted_at: null,
      created_at: expect.stringMatching(/^\d{4}-.*Z$/),
      updated_at: expect.stringMatching(/^\d{4}-.*Z$/),
      workspace: { id: 1, slug: 'default', name: 'Default' },
    },
  });
  const claims = claimsOf(body['access_token']);
  expect(claims).toMatchObject({
    sub: user.id,
    username: 'ana',
    role: 'supervisor',
    workspace_id: 1,
    iss: 'apicechat',
    jti: expect.stringMatching(/^[0-9a-f-]{36}$/),
  });
  expect(Number(claims['exp']) - Number(claims['iat'])).toBe(2 * 24 * 3600);
});

test('passwords are kept as bcrypt hashes', async () => {
  const [row] = await system.sql<{ password: string }>('select password from users where id = $1', [user.id]);
  expect(row!.password).toMatch(/^\$2b\$04\$/);
  expect(await compare('a password', row!.password)).toBe(true);
});

describe('nothing tells what was wrong', () => {
  beforeAll(async () => {
    const long = 'x'.repeat(72);
    await system.app
      .get(UsersService, { strict: false })
      .create(1, { name: 'Long', username: 'long', password: long, role: 'employer' });
    const gone = await system.signIn('employer', { username: 'gone' });
    await system.sql('update users set deactivated_at = now() where id = $1', [gone.user.id]);
    const { id } = await system.createWorkspace('elsewhere');
    await system.signIn('employer', { username: 'stranger', workspaceId: id });
  });

  test.each([
    ['a wrong password', { username: 'ana', password: 'another' }],
    ['an unknown user', { username: 'nobody', password: 'a password' }],
    ['an unknown workspace', { username: 'ana', password: 'a password', workspace: 'nowhere' }],
    ['a user of another workspace', { username: 'stranger', password: 'a password' }],
    [
      'a user sought in another workspace',
      { username: 'ana', password: 'a password', workspace: 'elsewhere' },
    ],
    ['a deactivated user', { username: 'gone', password: 'a password' }],
    ['a password that only begins with the right 72 bytes', { username: 'long', password: 'x'.repeat(73) }],
    ['a password cut off by NUL', { username: 'ana', password: 'a password\0' }],
    ['a username in another case', { username: 'Ana', password: 'a password' }],
    ['SQL in the username', { username: "ana' --", password: 'a password' }],
  ])('%s', async (_what, body) => {
    const answer = await login(body);
    expect(answer.status).toBe(401);
    expect(answer.body).toEqual({ ...REFUSED, requestId: expect.any(String) });
  });

  test('the right password of 72 bytes and the right workspace are accepted', async () => {
    expect((await login({ username: 'long', password: 'x'.repeat(72) })).status).toBe(200);
    expect(
      (await login({ username: 'stranger', password: 'a password', workspace: 'elsewhere' })).body,
    ).toMatchObject({ user: { workspace: { slug: 'elsewhere' } } });
  });
});

describe('what is no username and password is refused by field', () => {
  const good = { username: 'ana', password: 'a password' };
  const wrong: unknown[] = [null, 1, true, [], ['ana'], {}, { $ne: null }, '', 'x'.repeat(201)];

  test.each(
    (['username', 'password'] as const).flatMap((field) =>
      wrong.map((value) => [field, JSON.stringify(value).slice(0, 20), value] as const),
    ),
  )('%s = %s', async (field, _shown, value) => {
    const { status, body } = await login({ ...good, [field]: value });
    expect(status).toBe(400);
    expect(body).toMatchObject({
      code: 'VALIDATION_FAILED',
      details: expect.arrayContaining([expect.objectContaining({ field })]),
    });
  });

  test.each([1, true, [], {}, '', 'Ümlaut', '../x', 'x'.repeat(64), 'a b'].map((value) => [value]))(
    'workspace = %j',
    async (workspace) => {
      const { status, body } = await login({ ...good, workspace });
      expect(status).toBe(400);
      expect(body).toMatchObject({ code: 'VALIDATION_FAILED' });
    },
  );

  test.each([
    ['no body', undefined],
    ['an array', [good]],
    ['a text', '"ana"'],
    ['null', 'null'],
    ['an unknown field', { ...good, role: 'admin' }],
    ['a NUL in the username', { ...good, username: 'ana\0' }],
  ])('%s', async (_what, body) => {
    const answer = await login(body);
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ code: 'VALIDATION_FAILED' });
  });
});

test('an unknown user takes as long as a wrong password', async () => {
  const slow = await system.startAnother({ security: { bcryptRounds: 9 } });
  await slow.signIn('employer', { username: 'bob' });
  const time = async (username: string): Promise<number> => {
    const started = performance.now();
    await login({ username, password: 'not this one' }, slow);
    return performance.now() - started;
  };
  const known: number[] = [];
  const unknown: number[] = [];
  for (let i = 0; i < 15; i++) {
    known.push(await time('bob'));
    unknown.push(await time(`nobody-${i}`));
  }
  const median = (times: number[]): number => times.toSorted((a, b) => a - b)[7]!;
  expect(median(unknown) / median(known)).toBeGreaterThan(0.5);
  expect(median(unknown) / median(known)).toBeLessThan(2);
  await slow.close();
});

describe('a user has at most 20 sessions', () => {
  const isAlive = async (token: string): Promise<boolean> =>
    (await system.callerWith(token).get('/conversations?limit=1')).status === 200;
  const tokenOf = async (username: string): Promise<string> =>
    String((await login({ username, password: 'a password' })).body['access_token']);

  test('the 21st ends the oldest', async () => {
    const first = await system.signIn('employer', { username: 'many' });
    const tokens = [first.token];
    for (let i = 1; i < 20; i++) tokens.push(await tokenOf('many'));
    expect(await isAlive(first.token)).toBe(true);

    const newest = await tokenOf('many');

    await eventually(async () => !(await isAlive(first.token)), { what: 'the end of the oldest' });
    expect(await Promise.all([...tokens.slice(1), newest].map(isAlive))).toEqual(
      Array.from({ length: 20 }, () => true),
    );
  });

  test('also when they begin at the same moment', async () => {
    const { user: busy } = await system.signIn('employer', { username: 'busy' });
    await Promise.all(Array.from({ length: 40 }, () => tokenOf('busy')));
    const [row] = await system.sql<{ count: string }>(
      'select count(*) from user_session where user_id = $1',
      [busy.id],
    );
    expect(Number(row!.count)).toBe(20);
  });

  test('those that are over push out no living one', async () => {
    const living = await system.signIn('employer', { username: 'inandout' });
    for (let i = 0; i < 25; i++) await system.callerWith(await tokenOf('inandout')).post('/auth/logout');
    expect(await isAlive(living.token)).toBe(true);
  });
});

test('many people at the same moment are each taken for themselves', async () => {
  const conversationId = await openConversation(system);
  const people: Caller[] = [];
  while (people.length < 20) people.push(await system.signIn('employer'));
  const said = await Promise.all(
    people.map((one) => one.post('/messages', { conversation_id: conversationId, body: 'me' })),
  );
  expect(said.map((answer) => answer.body['sender_user'])).toEqual(people.map((one) => one.user.id));
});

test('signing out ends the token at once; a second time there is nobody to sign out', async () => {
  const caller = await system.signIn('employer');
  expect(await caller.post('/auth/logout')).toMatchObject({ status: 200, body: { message: 'Signed out.' } });
  expect((await caller.get('/conversations')).status).toBe(401);
  expect(await caller.post('/auth/logout')).toMatchObject({
    status: 401,
    body: { code: 'UNAUTHENTICATED' },
  });
});
