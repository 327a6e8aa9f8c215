import { rawRequest, type RawAnswer, sendRaw } from '../support/raw-http';
import { type Answer, type Caller, TestSystem } from '../support/system';

let system: TestSystem;
let admin: Caller;

beforeAll(async () => {
  system = await TestSystem.start();
  admin = await system.signIn('admin');
});
afterAll(() => system.stop());

const bearer = (): Record<string, string> => ({ authorization: `Bearer ${admin.token}` });
const json = { 'content-type': 'application/json' };

function expectError(answer: Answer, status: number, code: string): void {
  expect([answer.status, answer.body['code']]).toEqual([status, code]);
  expect(answer.body).toEqual({
    statusCode: status,
    code,
    message: expect.any(String),
    requestId: answer.headers.get('x-request-id'),
    ...('details' in answer.body ? { details: expect.any(Array) } : {}),
  });
  expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
}

describe('what leads nowhere', () => {
  test.each([
    ['GET', '/'],
    ['GET', '/nowhere'],
    ['POST', '/nowhere'],
    ['DELETE', '/conversations'],
    ['GET', '/auth/login'],
    ['PUT', '/auth/logout'],
    ['GET', `/nowhere/${'x'.repeat(5_000)}`],
  ])('%s %s answers 404 in the common form', async (method, path) => {
    expectError(await system.call(method, path, undefined, bearer()), 404, 'NOT_FOUND');
  });
});

describe('a body', () => {
  const post = (body: string | Buffer | object, headers: Record<string, string> = {}): Promise<Answer> =>
    system.call('POST', '/messages', body, { ...bearer(), ...headers });
  const good = JSON.stringify({ conversation_id: 1, body: 'hello' });

  test.each([
    ['cut off', '{"conversation_id":1'],
    ['with a comma too many', '{"conversation_id":1,}'],
    ['with NaN', '{"conversation_id":NaN}'],
    ['of random bytes', Buffer.from([0xff, 0xfe, 0x00, 0x01])],
    ['in UTF-16', Buffer.from(good, 'utf16le')],
    ['with __proto__', '{"__proto__":{"level":"admin"},"conversation_id":1,"body":"x"}'],
    ['with __proto__ further in', '{"conversation_id":1,"body":{"__proto__":{}}}'],
    ['with constructor.prototype', '{"constructor":{"prototype":{"level":"admin"}}}'],
  ])('%s is malformed', async (_what, body) => {
    expectError(await post(body, json), 400, 'MALFORMED_BODY');
    expect(({} as Record<string, unknown>)['level']).toBeUndefined();
  });

  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/jsonp',
    'json',
    '',
  ])('declared as %j is not accepted', async (type) => {
    expectError(await post(good, { 'content-type': type }), 415, 'UNSUPPORTED_MEDIA_TYPE');
  });

  test.each(['application/json', 'application/json; charset=utf-8', 'Application/JSON'])(
    'declared as %j is read',
    async (type) => {
      expectError(await post(good, { 'content-type': type }), 404, 'NOT_FOUND'); // there is no conversation 1
    },
  );

  test.each([
    ['just over 1 MB', 1024 ** 2 + 1],
    ['over the 4 MB that are read at all', 4 * 1024 ** 2 + 1],
  ])('%s is too large', async (_what, size) => {
    expectError(await post(Buffer.alloc(size, 'x'), json), 413, 'PAYLOAD_TOO_LARGE');
  });

  test.each([
    ['an array', (deep: string) => deep],
    ['a field', (deep: string) => `{"conversation_id":1,"body":${deep}}`],
    ['an unknown field', (deep: string) => `{"conversation_id":1,"body":"x","more":${deep}}`],
  ])('nested 200,000 deep in %s is refused like any other', async (_what, around) => {
    for (const [open, close] of [
      ['[', ']'],
      ['{"a":', '}'],
    ] as const) {
      const deep = `${open.repeat(100_000)}1${close.repeat(100_000)}`;
      const answer = await post(around(deep), json);
      expect([open, answer.status]).toEqual([open, 400]);
    }
  });

  test('of 1 MB is read', async () => {
    expectError(await post(Buffer.alloc(1024 ** 2, 'x'), json), 400, 'MALFORMED_BODY');
  });

  test('with fields of the wrong kind or unknown ones is refused field by field', async () => {
    const answer = await post({ conversation_id: '1', body: ['x'], sender_user: 2, nested: { id: 1 } });
    expectError(answer, 400, 'VALIDATION_FAILED');
    const details = answer.body['details'] as { field: string; problem: string }[];
    expect([...new Set(details.map((d) => d.field))].toSorted()).toEqual([
      'body',
      'conversation_id',
      'nested',
      'sender_user',
    ]);
  });

  test.each([['[]'], ['[{"conversation_id":1,"body":"x"}]'], ['1'], ['"text"'], ['true'], ['null'], ['']])(
    '%s is no object',
    async (body) => {
      expectError(await post(body, json), 400, 'VALIDATION_FAILED');
    },
  );
});

describe('an id in a path', () => {
  test.each([
    '0',
    '-1',
    '1.0',
    '1e3',
    '0x1',
    '01',
    '+1',
    '%201',
    'abc',
    'NaN',
    'null',
    '9007199254740993',
    '1'.repeat(200),
    '%00',
    '1;drop',
    '１',
  ])('%s is none', async (id) => {
    expectError(await admin.get(`/conversations/${id}`), 400, 'VALIDATION_FAILED');
  });

  test('that nothing has is 404', async () => {
    expectError(await admin.get('/conversations/9007199254740991'), 404, 'NOT_FOUND');
  });

  test('longer than any id is refused as such', async () => {
    expectError(await admin.get(`/conversations/${'1'.repeat(400)}`), 414, 'URI_TOO_LONG');
  });

  test('that cannot be decoded is refused as such', async () => {
    expectError(await admin.get('/conversations/%ff'), 400, 'VALIDATION_FAILED');
  });
});

describe('a query', () => {
  test.each([
    'page=0',
    'page=-1',
    'page=x',
    'page=1.5',
    'page=1e99',
    'page=1&page=2',
    'page[]=1',
    'page[a]=1',
    'limit=0',
    'limit=101',
    'limit=1;drop',
    'status=open',
    'status=queue&status=open',
    'unread=maybe',
    'assigned_user=you',
    'assigned_user=',
    'sort=id',
    'order=id;drop',
  ])('?%s is refused', async (query) => {
    expectError(await admin.get(`/conversations?${query}`), 400, 'VALIDATION_FAILED');
  });

  test('?__proto__ pollutes nothing', async () => {
    const answer = await admin.get('/conversations?__proto__[level]=admin&__proto__=x');
    expect(answer.status).toBeLessThan(500);
    expect(({} as Record<string, unknown>)['level']).toBeUndefined();
  });
});

describe('the id of a request', () => {
  test('is the caller’s own where it is a decent one', async () => {
    const answer = await system.call('GET', '/nowhere', undefined, { 'x-request-id': 'trace-1.A_b' });
    expect(answer.headers.get('x-request-id')).toBe('trace-1.A_b');
    expect(answer.body['requestId']).toBe('trace-1.A_b');
  });

  test.each(['', 'x'.repeat(65), 'a b', 'a"b', '{}'])('is another one than %j', async (given) => {
    const answer = await system.call('GET', '/health/live', undefined, { 'x-request-id': given });
    expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe('tricks with the path or the method reach no protected handler without a token', () => {
  const targets = [
    '//conversations',
    '/conversations/',
    '/Conversations',
    '/CONVERSATIONS',
    '/%63onversations',
    '/./conversations',
    '/health/../conversations',
    '/health/live/..%2f..%2fconversations',
    '/%2e%2e/conversations',
    '/conversations%2f1',
    '/conversations;a=b',
    '/conversations%00',
    '/conversations%20',
    '/conversations%3f',
    '/conversations/1/',
    '/\\conversations',
    '/conversations/1%2fassign',
    '/auth/login/../../conversations',
    'http://localhost/conversations',
    '/conversations?x=/health/live',
    '/conversations#/health/live',
    '*',
  ];
  const methods = ['GET', 'HEAD', 'OPTIONS', 'POST', 'PATCH', 'PROPFIND', 'TRACE'];

  test.each(targets)('%s', async (path) => {
    for (const method of methods) {
      const answer: RawAnswer = await sendRaw(
        system.url,
        rawRequest(method, path, {
          'X-HTTP-Method-Override': 'GET',
          'X-Original-URL': '/conversations',
          'Content-Length': '0',
        }),
      );
      expect([method, answer.status >= 400 && answer.status < 500]).toEqual([method, true]);
      expect(answer.body).not.toMatch(/"data"/);
    }
  });

  test('HEAD and GET of the same route are guarded alike', async () => {
    const head = async (headers: Record<string, string>): Promise<number> =>
      (await fetch(`${system.url}/conversations`, { method: 'HEAD', headers })).status;
    expect(await head({})).toBe(401);
    expect(await head(bearer())).toBe(200);
  });

  test('a request that is not HTTP is refused in the common form', async () => {
    const answer = await sendRaw(system.url, 'GET /conversations HTTP/9.9\r\nnonsense\r\n\r\n');
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body)).toMatchObject({ statusCode: 400, code: 'VALIDATION_FAILED' });
  });

  test('a second length is no way to smuggle a request in', async () => {
    const inner = rawRequest('GET', '/health/live');
    const answer = await sendRaw(
      system.url,
      `POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${inner}`,
    );
    expect(answer.status).toBe(400);
    expect(answer.body).not.toContain('"ok"');
  });
});

test('answers carry headers that keep browsers from guessing and framing', async () => {
  for (const path of ['/health/live', '/nowhere', '/conversations']) {
    const { headers } = await system.call('GET', path);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(headers.get('strict-transport-security')).toContain('max-age=');
    expect(headers.get('x-powered-by')).toBeNull();
  }
});
