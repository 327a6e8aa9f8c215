import { connect, type Socket as TcpSocket } from 'node:net';
import { rawRequest, sendRaw } from '../support/raw-http';
import { TestSystem } from '../support/system';

/** Socket.IO's answer to an upgrade it does not want, whatever the reason. */
const REFUSED_UPGRADE = 400;
const GOOD = 'https://app.example.com';
const OTHERS = [
  'https://evil.example',
  'https://app.example.com.evil.example',
  'https://evilapp.example.com',
  'http://app.example.com',
  'https://app.example.com:8443',
  'https://APP.example.com',
  'https://app.example.com.',
  'null',
  'file://',
  'https://xn--pp-eka.example.com',
];

let open: TestSystem;
let listed: TestSystem;
let shut: TestSystem;

beforeAll(async () => {
  open = await TestSystem.start();
  listed = await open.startAnother({ http: { cors: [GOOD] } });
  shut = await open.startAnother({ http: { cors: false } });
});
afterAll(() => open.stop());

const preflight = (server: TestSystem, origin: string): ReturnType<TestSystem['call']> =>
  server.call('OPTIONS', '/conversations', undefined, {
    origin,
    'access-control-request-method': 'GET',
    'access-control-request-headers': 'authorization',
  });

/** The status of a websocket upgrade, as any program may ask for it. */
async function upgrade(server: TestSystem, origin?: string): Promise<number> {
  const { hostname, port, host } = new URL(server.url);
  const request = rawRequest('GET', '/socket.io/?EIO=4&transport=websocket', {
    Host: host,
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    ...(origin === undefined ? {} : { Origin: origin }),
  });
  const socket: TcpSocket = connect(Number(port), hostname);
  try {
    return await new Promise((answered, failed) => {
      socket.once('data', (data) => answered(Number(data.toString().split(' ')[1])));
      socket.once('error', failed);
      socket.write(request);
    });
  } finally {
    socket.destroy();
  }
}

const polling = async (server: TestSystem, origin: string): Promise<number> =>
  (
    await sendRaw(
      server.url,
      rawRequest('GET', '/socket.io/?EIO=4&transport=polling', {
        Host: new URL(server.url).host,
        Origin: origin,
      }),
    )
  ).status;

describe('CORS_ORIGIN=true', () => {
  test('lets pages of any origin read answers and open sockets', async () => {
    const answer = await preflight(open, 'https://anything.example');
    expect(answer.status).toBe(204);
    expect(answer.headers.get('access-control-allow-origin')).toBe('https://anything.example');
    expect(answer.headers.get('access-control-allow-credentials')).toBe('true');
    expect(await upgrade(open, 'https://anything.example')).toBe(101);
  });
});

describe('CORS_ORIGIN as a list', () => {
  test('lets pages of these origins read answers and open sockets', async () => {
    const answer = await preflight(listed, GOOD);
    expect(answer.headers.get('access-control-allow-origin')).toBe(GOOD);
    expect(answer.headers.get('access-control-allow-methods')).toBe('GET, HEAD, POST, PUT, PATCH, DELETE');
    expect(await upgrade(listed, GOOD)).toBe(101);
    expect(await polling(listed, GOOD)).toBe(200);
  });

  test.each(OTHERS)('not pages of %s', async (origin) => {
    expect((await preflight(listed, origin)).headers.get('access-control-allow-origin')).toBeNull();
    const answer = await listed.call('GET', '/health/live', undefined, { origin });
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    expect(await upgrade(listed, origin)).toBe(REFUSED_UPGRADE);
    expect(await polling(listed, origin)).toBe(403);
  });
});

describe('CORS_ORIGIN=false', () => {
  test.each([GOOD, ...OTHERS])('lets no page of %s in', async (origin) => {
    expect((await preflight(shut, origin)).headers.get('access-control-allow-origin')).toBeNull();
    expect(await upgrade(shut, origin)).toBe(REFUSED_UPGRADE);
  });
});

test('the server’s own pages and programs that are no browser are let in always', async () => {
  for (const server of [open, listed, shut]) {
    expect(await upgrade(server, server.url)).toBe(101);
    expect(await upgrade(server)).toBe(101);
    const caller = await server.signIn('employer');
    expect((await server.listen(caller)).socket.connected).toBe(true);
  }
});
