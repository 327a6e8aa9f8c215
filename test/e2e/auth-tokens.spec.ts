import { createHmac, generateKeyPairSync, randomUUID, sign as signWith } from 'node:crypto';
import { refusalOf } from '../support/crm';
import { sendRaw } from '../support/raw-http';
import { type Caller, TestSystem } from '../support/system';

/** One of each kind of route. */
const ROUTES = [
  ['GET', '/conversations'],
  ['GET', '/messages/1'],
  ['POST', '/messages'],
  ['PATCH', '/conversations/1/assign'],
  ['POST', '/auth/logout'],
  ['GET', '/whatsapp-integration-config'],
] as const;

let system: TestSystem;
let admin: Caller;
let other: Caller;
let claims: Record<string, unknown>;

beforeAll(async () => {
  system = await TestSystem.start();
  admin = await system.signIn('admin');
  other = await system.signIn('employer');
  claims = JSON.parse(Buffer.from(admin.token.split('.')[1]!, 'base64url').toString()) as typeof claims;
});
afterAll(() => system.stop());

const part = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

function tokenOf(
  payload: unknown,
  { header = { alg: 'HS256', typ: 'JWT' }, secret = system.config.security.jwtSecret } = {},
): string {
  const signed = `${part(header)}.${part(payload)}`;
  const hash = header.alg === 'HS512' ? 'sha512' : 'sha256';
  return `${signed}.${createHmac(hash, secret).update(signed).digest('base64url')}`;
}

const now = Math.floor(Date.now() / 1000);

function partsOf(token: string): { head: string; body: string; signature: string } {
  const [head, body, signature] = token.split('.') as [string, string, string];
  return { head, body, signature };
}

function rsaToken(): string {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const jwk = publicKey.export({ format: 'jwk' });
  const signed = `${part({ alg: 'RS256', typ: 'JWT', jwk, jku: 'http://127.0.0.1/keys' })}.${part(claims)}`;
  return `${signed}.${signWith('sha256', Buffer.from(signed), privateKey).toString('base64url')}`;
}

const FORGED: [string, () => string][] = [
  ['no JWT', () => 'garbage'],
  ['empty parts', () => '..'],
  ['alg none', () => `${part({ alg: 'none' })}.${part(claims)}.`],
  ['alg None', () => `${part({ alg: 'None' })}.${part(claims)}.`],
  [
    'alg nOnE with a signature',
    () => `${part({ alg: 'nOnE' })}.${part(claims)}.${partsOf(admin.token).signature}`,
  ],
  ['no signature', () => `${partsOf(admin.token).head}.${partsOf(admin.token).body}.`],
  [
    'the signature of another token',
    () => `${partsOf(admin.token).head}.${partsOf(admin.token).body}.${partsOf(other.token).signature}`,
  ],
  [
    'edited claims',
    () => `${partsOf(admin.token).head}.${part({ ...claims, sub: 2 })}.${partsOf(admin.token).signature}`,
  ],
  ['another secret', () => tokenOf(claims, { secret: 'another-secret-another-secret-another' })],
  ['an empty secret', () => tokenOf(claims, { secret: '' })],
  ['RS256 with its own key inside', rsaToken],
  ['another HMAC', () => tokenOf(claims, { header: { alg: 'HS512', typ: 'JWT' } })],
  ['an array as alg', () => tokenOf(claims, { header: { alg: ['HS256'] as unknown as string, typ: 'JWT' } })],
  ['expired', () => tokenOf({ ...claims, exp: now - 1 })],
  ['not valid yet', () => tokenOf({ ...claims, nbf: now + 600 })],
  ['a text as expiry', () => tokenOf({ ...claims, exp: 'never' })],
  ['another issuer', () => tokenOf({ ...claims, iss: 'somebody' })],
  ['no issuer', () => tokenOf({ ...claims, iss: undefined })],
  // With our own secret, as after a mistake of ours: still only what a session of the database bears out.
  ['an array as sub', () => tokenOf({ ...claims, sub: [claims['sub']] })],
  ['an object as sub', () => tokenOf({ ...claims, sub: { id: claims['sub'] } })],
  ['a text as sub', () => tokenOf({ ...claims, sub: String(claims['sub']) })],
  ['another user', () => tokenOf({ ...claims, sub: other.user.id })],
  ['another workspace', () => tokenOf({ ...claims, workspace_id: 2 })],
  ['a workspace beyond all numbers', () => tokenOf({ ...claims, workspace_id: 2 ** 53 })],
  ['an array as workspace', () => tokenOf({ ...claims, workspace_id: [1] })],
  ['no session', () => tokenOf({ ...claims, jti: undefined })],
  ['an unknown session', () => tokenOf({ ...claims, jti: randomUUID() })],
  ['an array as session', () => tokenOf({ ...claims, jti: [claims['jti']] })],
  ['a text as payload', () => tokenOf('"claims"')],
  ['a null as payload', () => tokenOf('null')],
  ['a payload that is no JSON', () => tokenOf('{')],
];

test('the token they all are made of is good, and its role in it is not believed', async () => {
  expect((await admin.get('/conversations')).status).toBe(200);
  expect((await system.callerWith(tokenOf(claims)).get('/conversations')).status).toBe(200);
  const promoted = other.token.split('.')[1]!;
  const payload = JSON.parse(Buffer.from(promoted, 'base64url').toString()) as object;
  const answer = await system
    .callerWith(tokenOf({ ...payload, role: 'admin' }))
    .get('/whatsapp-integration-config');
  expect(answer).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } });
});

describe.each(FORGED)('%s', (_what, token) => {
  // The session itself is good and known at this moment.
  beforeEach(() => admin.get('/conversations?limit=1'));

  test.each(ROUTES)('%s %s answers 401', async (method, path) => {
    const answer = await system.call(method, path, undefined, { authorization: `Bearer ${token()}` });
    expect(answer.status).toBe(401);
    expect(answer.body).toEqual({
      statusCode: 401,
      code: 'UNAUTHENTICATED',
      message: expect.any(String),
      requestId: answer.headers.get('x-request-id'),
    });
  });

  test('/crm refuses the connection with a body, from `auth` and from the header', async () => {
    const refused = { statusCode: 401, code: 'UNAUTHENTICATED', message: expect.any(String) };
    expect(await refusalOf(system, { token: token() })).toEqual(refused);
    expect(await refusalOf(system, {}, { authorization: `Bearer ${token()}` })).toEqual(refused);
  });
});

test.each([
  ['another scheme', { authorization: 'Basic YWRtaW46YWRtaW4=' }],
  ['no scheme', { authorization: 'TOKEN' }],
  ['an empty token', { authorization: 'Bearer ' }],
  ['a cookie', { cookie: 'access_token=TOKEN' }],
  ['a header of its own', { 'x-access-token': 'TOKEN' }],
])('a good token in %s counts for nothing', async (_what, headers) => {
  const filled = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, value.replace('TOKEN', admin.token)]),
  );
  expect((await system.call('GET', '/conversations', undefined, filled)).status).toBe(401);
});

test('a token in the query counts for nothing', async () => {
  for (const name of ['access_token', 'token', 'auth_token'])
    expect((await system.call('GET', `/conversations?${name}=${admin.token}`)).status).toBe(401);
});

test.each([[{}], [{ token: null }], [{ token: 1 }], [{ token: '' }], [{ token: [] }], [{ token: {} }]])(
  '/crm refuses auth %j with a body',
  async (auth) => {
    expect(await refusalOf(system, auth)).toMatchObject({ statusCode: 401, code: 'UNAUTHENTICATED' });
  },
);

test('the scheme may be written in any case, and on the socket be left out', async () => {
  const answer = await system.call('GET', '/conversations', undefined, {
    authorization: `bearer ${admin.token}`,
  });
  expect(answer.status).toBe(200);
  const listener = await system.listen({ ...admin, token: `Bearer ${admin.token}` });
  expect(listener.socket.connected).toBe(true);
});

test('a token of 1 MB is refused as headers that are too large, in the common form', async () => {
  const answer = await sendRaw(
    system.url,
    `GET /conversations HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${'x'.repeat(1024 ** 2)}\r\n\r\n`,
  );
  expect(answer.status).toBe(431);
  expect(JSON.parse(answer.body)).toEqual({
    statusCode: 431,
    code: 'HEADERS_TOO_LARGE',
    message: expect.any(String),
    requestId: expect.any(String),
  });
});
