import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { eventually } from '../../test/support/eventually';
import { GraphClient, type GraphTarget, type SendOutcome } from './graph-client';
import { outcomeOfFailure } from './network-failure';
import { outboundMessage } from './outbound-message';

const TOKEN = 'EAAGm0PX4ZCpsBAKtokenThatMustStaySecret12345';
const BODY = outboundMessage(
  { to: '5511999990000', callbackData: 'outbox:42' },
  { type: 'text', body: 'Olá 😀', payload: null, mediaId: null },
)!;
const ACCEPTED = {
  messaging_product: 'whatsapp',
  contacts: [{ input: '+5511999990000', wa_id: '551199990000', user_id: 'BR.1349' }],
  messages: [{ id: 'wamid.X/+=', message_status: 'accepted' }],
};

type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => void;

let server: Server;
let baseUrl: string;
let handler: Handler;
let requests: { method?: string; url?: string; headers: IncomingMessage['headers']; body: string }[];

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      requests.push({ method: request.method, url: request.url, headers: request.headers, body });
      handler(request, response, body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

beforeEach(() => {
  requests = [];
});

afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function send(
  answer: Handler,
  target: Partial<GraphTarget> = {},
  timeoutMs = 5_000,
  mayGo = (): boolean => true,
): Promise<SendOutcome> {
  handler = answer;
  const client = new GraphClient({ timeoutMs, maxResponseBytes: 65_536 });
  const whole = {
    baseUrl,
    apiVersion: 'v25.0',
    phoneNumberId: '106540352242922',
    accessToken: TOKEN,
    ...target,
  };
  const outcome = await client.sendMessage(whole, BODY, mayGo);
  expect(JSON.stringify(outcome)).not.toContain(TOKEN);
  expect(JSON.stringify(outcome)).not.toMatch(/EAAG|StaySecret/);
  return outcome;
}

function answering(status: number, body: unknown, headers: Record<string, string> = {}): Handler {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return (_request, response) => response.writeHead(status, headers).end(text);
}

const graphError = (code: number, more: object = {}): object => ({
  error: { message: `(#${code}) Said`, type: 'OAuthException', code, fbtrace_id: 'Az8_trace', ...more },
});

describe('GraphClient accepted', () => {
  it('sends one request as documented and reads the id', async () => {
    expect(await send(answering(200, ACCEPTED))).toStrictEqual({
      kind: 'accepted',
      wamid: 'wamid.X/+=',
      waId: '551199990000',
      userId: 'BR.1349',
      messageStatus: 'accepted',
    });
    expect(requests).toHaveLength(1);
    expect(requests[0]).toMatchObject({
      method: 'POST',
      url: '/v25.0/106540352242922/messages',
      headers: {
        authorization: `Bearer ${TOKEN}`,
        'content-type': 'application/json',
        'user-agent': 'ApiCeChat',
      },
    });
    expect(JSON.parse(requests[0]?.body ?? '')).toEqual(BODY);
  });

  it('needs nothing but the id', async () => {
    const outcome = await send(answering(200, { messages: [{ id: 'wamid.Y' }] }));
    expect(outcome).toStrictEqual({
      kind: 'accepted',
      wamid: 'wamid.Y',
      waId: null,
      userId: null,
      messageStatus: null,
    });
  });

  it('keeps a path of the address and escapes the number', async () => {
    await send(answering(200, ACCEPTED), { baseUrl: `${baseUrl}/proxy/`, phoneNumberId: '../1?x' });
    expect(requests[0]?.url).toBe('/proxy/v25.0/..%2F1%3Fx/messages');
  });
});

describe('GraphClient connections', () => {
  it('are not kept: a send on one that the server is just closing would be lost, or not, and nobody knew', async () => {
    const sockets = new Set<unknown>();
    const open: Handler = (request, response) => {
      sockets.add(request.socket);
      response.writeHead(200, { connection: 'keep-alive' }).end(JSON.stringify(ACCEPTED));
    };
    for (let i = 0; i < 5; i++) expect(await send(open)).toMatchObject({ kind: 'accepted' });
    expect(sockets.size).toBe(5);
  });
});

describe('GraphClient at the last moment', () => {
  it('asks when the connection stands, and where it may not go writes nothing', async () => {
    const connections: Socket[] = [];
    server.on('connection', (socket) => connections.push(socket));
    let asked = 0;

    const outcome = await send(answering(200, ACCEPTED), {}, 5_000, () => {
      asked++;
      return false;
    });

    expect(outcome).toStrictEqual({ kind: 'held_back' });
    expect(asked).toBe(1);
    await eventually(() => connections[0]?.destroyed, { what: 'the end of the connection' });
    expect(connections.map(({ bytesRead }) => bytesRead)).toEqual([0]);
    expect(requests).toHaveLength(0);
  });

  it('has not asked while nobody takes the connection, and then nothing has left', async () => {
    const silent = createTcpServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    let asked = 0;

    // A handshake that never ends.
    const outcome = await send(answering(200, ACCEPTED), { baseUrl: `https://127.0.0.1:${port}` }, 60, () => {
      asked++;
      return true;
    });

    expect(outcome).toMatchObject({ kind: 'not_sent', reason: expect.stringMatching(/in time/) as string });
    expect(asked).toBe(0);
    silent.close();
  });
});

describe('GraphClient refused', () => {
  it.each([
    ['window', 400, graphError(131047)],
    ['permanent', 400, graphError(131026)],
    ['slow_pair', 400, graphError(131056)],
    ['slow_number', 400, graphError(130429)],
    ['account', 401, graphError(190)],
    ['account', 500, graphError(3)],
    ['reconcile', 500, graphError(131000)],
    ['reconcile', 503, graphError(999_999)],
    ['reconcile', 200, graphError(999_999)],
    ['permanent', 200, graphError(100)],
    ['permanent', 400, { error: 'a text' }],
    ['permanent', 400, { error: { message: 'no code' } }],
    ['permanent', 404, '<html>Not found</html>'],
    ['permanent', 400, ''],
    ['account', 403, '<html>Forbidden</html>'],
    ['slow_number', 429, 'Too many'],
  ])('as %s on %d', async (kind, status, body) => {
    expect(await send(answering(status, body))).toMatchObject({
      kind: 'refused',
      httpStatus: status,
      error: { class: kind },
    });
    expect(requests).toHaveLength(1);
  });

  it('with details, trace and wait', async () => {
    const error = graphError(80007, { error_data: { details: 'Slow down' }, error_subcode: 2494055 });
    const usage = '{"102290129340398":[{"estimated_time_to_regain_access":10}]}';
    expect(await send(answering(400, error, { 'x-business-use-case-usage': usage }))).toMatchObject({
      traceId: 'Az8_trace',
      error: {
        code: 80007,
        retryAfterSeconds: 600,
        reason: expect.stringMatching(/80007\/2494055: Slow down\)$/) as string,
      },
    });
    expect(await send(answering(429, '', { 'retry-after': '90' }))).toMatchObject({
      error: { retryAfterSeconds: 90 },
    });
  });

  it.each([301, 302, 303, 307, 308])('by a redirect (%d), which is not followed', async (status) => {
    const outcome = await send(answering(status, '', { location: `${baseUrl}/elsewhere` }));
    expect(outcome).toMatchObject({ kind: 'refused', httpStatus: status, error: { class: 'permanent' } });
    expect(requests).toHaveLength(1);
  });

  it('by a 4xx whose body breaks off', async () => {
    const outcome = await send((_request, response) => {
      response.writeHead(400, { 'content-length': '500' });
      response.write('{"error":', () => response.destroy());
    });
    expect(outcome).toMatchObject({ kind: 'refused', httpStatus: 400, error: { class: 'permanent' } });
  });

  it('without repeating the token that Meta quotes', async () => {
    const quoted = { message: `Malformed access token ${TOKEN}`, error_data: `token ${TOKEN.slice(0, 30)}` };
    expect(await send(answering(401, graphError(190, { ...quoted, fbtrace_id: TOKEN })))).toMatchObject({
      traceId: '[redacted]',
      error: { reason: expect.stringContaining('token [redacted]') as string },
    });
  });
});

describe('GraphClient unknown', () => {
  const huge = (_request: IncomingMessage, response: ServerResponse): void => {
    response.writeHead(200);
    const chunk = Buffer.alloc(65_536, 0x20);
    const pour = (): void => {
      while (!response.destroyed && response.write(chunk));
    };
    response.on('drain', pour);
    pour();
  };

  it.each<[string, Handler, RegExp]>([
    ['an HTML 502', answering(502, '<html>Bad gateway</html>'), /502 with no error we can read/],
    ['an empty 500', answering(500, ''), /500 with an empty body/],
    [
      'a 503 whose error has no code',
      answering(503, { error: { message: 'x' } }),
      /503 with an error without/,
    ],
    ['an empty 200', answering(200, ''), /200 with an empty body/],
    ['a 204', answering(204, ''), /204 with an empty body/],
    ['HTML as 200', answering(200, '<html></html>'), /no message id/],
    ['a 200 without id', answering(200, { messages: [] }), /no message id/],
    ['truncated JSON', answering(200, JSON.stringify(ACCEPTED).slice(0, -20)), /no message id/],
    ['an endless body', huge, /too long/],
    [
      'a body cut short',
      (_request, response) => {
        response.writeHead(200, { 'content-length': '500' });
        response.write('{"messages":', () => response.destroy());
      },
      /broke off/,
    ],
    [
      'headers and then a reset',
      (_request, response) => {
        response.writeHead(200);
        response.flushHeaders();
        response.socket?.resetAndDestroy();
      },
      /may have been sent/,
    ],
    ['a reset', (_request, response) => void response.socket?.resetAndDestroy(), /ECONNRESET/],
    ['a hang-up', (_request, response) => void response.socket?.end(), /ECONNRESET/],
    ['what is not HTTP', (_request, response) => void response.socket?.end('hello\r\n\r\n'), /HPE_/],
  ])('after %s', async (_name, answer, reason) => {
    const outcome = await send(answer);
    expect(outcome).toMatchObject({ kind: 'unknown', reason: expect.stringMatching(reason) as string });
    expect(requests).toHaveLength(1);
  });

  it('after silence', async () => {
    expect(await send(() => undefined, {}, 60)).toMatchObject({ kind: 'unknown', reason: /in time/ });
  });

  it('after a body that trickles', async () => {
    const trickle: Handler = (_request, response) => void response.writeHead(200).write('{');
    expect(await send(trickle, {}, 60)).toMatchObject({ kind: 'unknown' });
  });
});

describe('GraphClient not_sent', () => {
  const never: Handler = () => {
    throw new Error('Nothing was to be sent');
  };

  it.each([
    ['a port that nobody opens', { baseUrl: 'http://127.0.0.1:1' }, /not sent/],
    ['a name that does not exist', { baseUrl: 'http://graph.invalid' }, /ENOTFOUND|EAI_AGAIN/],
    ['an address that is none', { baseUrl: 'graph' }, /could not be built/],
    ['a scheme that is not HTTP', { baseUrl: 'ftp://127.0.0.1' }, /could not be built/],
    ['an address with a password', { baseUrl: 'http://a:b@127.0.0.1' }, /could not be built/],
    ['a token with a line break', { accessToken: `${TOKEN}\nx: y` }, /could not be built/],
    ['a token beyond Latin-1', { accessToken: `${TOKEN}\u2026` }, /could not be built/],
  ])('with %s', async (_name, target, reason) => {
    const outcome = await send(never, target);
    expect(outcome).toMatchObject({ kind: 'not_sent', reason: expect.stringMatching(reason) as string });
    expect(requests).toHaveLength(0);
  });

  it('when nobody listens', async () => {
    const closed = createServer();
    await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
    const { port } = closed.address() as AddressInfo;
    await new Promise((resolve) => closed.close(resolve));
    expect(await send(never, { baseUrl: `http://localhost:${port}` })).toMatchObject({
      kind: 'not_sent',
      reason: expect.stringContaining('ECONNREFUSED') as string,
    });
  });

  it('when the server does not speak TLS', async () => {
    const outcome = await send(never, { baseUrl: baseUrl.replace('http:', 'https:') });
    expect(outcome).toMatchObject({ kind: 'not_sent' });
    expect(requests).toHaveLength(0);
  });

  it('with a body that is not JSON', async () => {
    const target = { baseUrl, apiVersion: 'v25.0', phoneNumberId: '1', accessToken: TOKEN };
    const outcome = await new GraphClient().sendMessage(target, { amount: 1n }, () => true);
    expect(outcome.kind).toBe('not_sent');
  });
});

describe('outcomeOfFailure', () => {
  const failed = (cause: unknown): Error => new TypeError('fetch failed', { cause });
  const coded = (code: string, syscall?: string): Error => Object.assign(new Error('x'), { code, syscall });
  const tlsHangUp = 'Client network socket disconnected before secure TLS connection was established';

  it.each<[string, unknown, SendOutcome['kind']]>([
    ['no such host', failed(coded('ENOTFOUND', 'getaddrinfo')), 'not_sent'],
    ['connect timeout of undici', failed(coded('UND_ERR_CONNECT_TIMEOUT')), 'not_sent'],
    ['connect timeout of the system', failed(coded('ETIMEDOUT', 'connect')), 'not_sent'],
    ['timeout of an open connection', failed(coded('ETIMEDOUT', 'read')), 'unknown'],
    ['expired certificate', failed(coded('CERT_HAS_EXPIRED')), 'not_sent'],
    ['wrong host in certificate', failed(coded('ERR_TLS_CERT_ALTNAME_INVALID')), 'not_sent'],
    [
      'hang-up in the handshake',
      failed(Object.assign(new Error(tlsHangUp), { code: 'ECONNRESET' })),
      'not_sent',
    ],
    ['reset', failed(coded('ECONNRESET', 'read')), 'unknown'],
    ['broken pipe', failed(coded('EPIPE', 'write')), 'unknown'],
    ['headers timeout', failed(coded('UND_ERR_HEADERS_TIMEOUT')), 'unknown'],
    ['body timeout', failed(coded('UND_ERR_BODY_TIMEOUT')), 'unknown'],
    [
      'every address refused',
      failed(new AggregateError([coded('ECONNREFUSED', 'connect'), coded('ENETUNREACH')])),
      'not_sent',
    ],
    [
      'one address reset',
      failed(new AggregateError([coded('ECONNREFUSED'), coded('ECONNRESET')])),
      'unknown',
    ],
    ['no addresses at all', failed(new AggregateError([])), 'unknown'],
    ['no cause', new TypeError('fetch failed'), 'unknown'],
    ['not an error', 'boom', 'unknown'],
    ['nothing', undefined, 'unknown'],
  ])('%s', (_name, error, kind) => {
    expect(outcomeOfFailure(error).kind).toBe(kind);
  });

  it('keeps the words of errors to itself', () => {
    const error = Object.assign(new Error(`Bearer ${TOKEN}`), { code: `E ${TOKEN}` });
    expect(JSON.stringify(outcomeOfFailure(failed(error)))).not.toContain('EAAG');
  });
});
