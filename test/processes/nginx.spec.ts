import { request } from 'node:http';
import { CrmGateway } from '../../src/crm-gateway/crm.gateway';
import { fastifyAdapter } from '../../src/platform/http/fastify';
import { LIMITS } from '../../src/uploads/file-types';
import { ask, knock, openConversation, streamed } from '../support/crm';
import { eventually } from '../support/eventually';
import { describeWithNginx, NGINX_CONF, TestNginx } from '../support/nginx';
import { killAll } from '../support/processes';
import { type RunningServer, startServer } from '../support/server-process';
import { type Caller, testConfig, testEnvironment, TestSystem } from '../support/system';

const MEGABYTE = 1024 ** 2;
const MOST_FILES = 10;

let system: TestSystem;
let admin: Caller;

beforeAll(async () => {
  system = await TestSystem.start();
  admin = await system.signIn('admin');
});
afterAll(() => system.stop());

/** The directives of a block, without its inner blocks; the outermost for ''. */
function block(head: string): Map<string, string> {
  const text = NGINX_CONF.replaceAll(/#.*$/gm, '');
  const start = text.indexOf(`${head} {`) + head.length + 2;
  if (start < head.length + 2) throw new Error(`no block ${head}`);
  let depth = 1;
  let own = '';
  for (let at = start; depth > 0; at++) {
    if (text[at] === '{') depth++;
    if (depth === 1) own += text[at];
    if (text[at] === '}') depth--;
  }
  return new Map(
    [...own.matchAll(/^\s*(\w+(?: (?:Host|X-[\w-]+|Upgrade|Connection))?)\s+([^;{]*);/gm)].map(
      ([, name, value]) => [name!, value!.trim()],
    ),
  );
}

const bytes = (text: string | undefined): number =>
  Number.parseInt(text!, 10) * { k: 1024, m: MEGABYTE }[text!.at(-1) as 'k' | 'm'];
const ms = (text: string | undefined): number => Number.parseInt(text!, 10) * 1_000;

describe('docs/examples/nginx.conf agrees with the server:', () => {
  const fastify = fastifyAdapter(testConfig('postgres://x/y', 'http://x', {})).getInstance()
    .initialConfig as {
    bodyLimit: number;
    keepAliveTimeout: number;
    requestTimeout: number;
  };
  const [all, uploads, sockets] = ['location /', 'location /upload/', 'location /socket.io/'].map(block) as [
    Map<string, string>,
    Map<string, string>,
    Map<string, string>,
  ];

  test('bodies as large as the server takes them', () => {
    expect(bytes(all.get('client_max_body_size'))).toBe(fastify.bodyLimit);
    const form = MOST_FILES * Math.max(...Object.values(LIMITS));
    expect(bytes(uploads.get('client_max_body_size'))).toBe(form + MEGABYTE);
    expect(uploads.get('proxy_request_buffering')).toBe('off');
  });

  test('it never gives up before the server does', () => {
    expect(ms(uploads.get('proxy_read_timeout'))).toBe(fastify.requestTimeout);
    expect(ms(block('upstream apicechat').get('keepalive_timeout'))).toBeLessThan(fastify.keepAliveTimeout);
    const { pingInterval, pingTimeout, maxHttpBufferSize } = system.app.get(CrmGateway, { strict: false })[
      'namespace'
    ].server.engine.opts as { pingInterval: number; pingTimeout: number; maxHttpBufferSize: number };
    expect(ms(sockets.get('proxy_read_timeout'))).toBeGreaterThan(pingInterval + pingTimeout);
    expect(bytes(sockets.get('client_max_body_size'))).toBe(maxHttpBufferSize);
  });

  test('sockets keep their server, upgrade and are not buffered', () => {
    expect(sockets.get('proxy_pass')).toBe('http://apicechat_sockets');
    expect(block('upstream apicechat_sockets').get('hash')).toBe('$remote_addr consistent');
    expect(sockets.get('proxy_buffering')).toBe('off');
  });

  test('headers are set in one place: a location that sets one of its own inherits none', () => {
    const server = block('server');
    const headers = [...server].filter(([name]) => name.startsWith('proxy_set_header'));
    expect(Object.fromEntries(headers)).toEqual({
      'proxy_set_header Host': '$http_host',
      'proxy_set_header X-Forwarded-For': '$proxy_add_x_forwarded_for',
      'proxy_set_header X-Forwarded-Proto': '$scheme',
      'proxy_set_header X-Forwarded-Host': '$http_host',
      'proxy_set_header Upgrade': '$http_upgrade',
      'proxy_set_header Connection': '$connection_upgrade',
    });
    for (const location of [all, uploads, sockets])
      expect([...location.keys()].filter((name) => name.startsWith('proxy_set_header'))).toEqual([]);
  });
});

describeWithNginx()('through nginx, two servers', () => {
  let servers: RunningServer[];
  let nginx: TestNginx | undefined;

  beforeAll(async () => {
    const start = (): Promise<RunningServer> =>
      startServer(system.config.dataDir, {
        tied: true,
        timeoutMs: 60_000,
        env: {
          ...testEnvironment(system.databaseUrl, system.meta.url),
          ROLE: 'api',
          LOG_LEVEL: 'info',
          TRUST_PROXY: '127.0.0.1',
          LOGIN_THROTTLE_LIMIT: '5',
          CORS_ORIGIN: 'false',
        },
      });
    servers = await Promise.all([start(), start()]);
    nginx = await TestNginx.start(servers.map(({ url }) => url));
  }, 120_000);
  afterAll(async () => {
    await nginx?.stop();
    await killAll();
  });

  const through = (): TestSystem => Object.assign(Object.create(system) as TestSystem, { url: nginx!.url });

  /** The status of a request from an address of this machine. */
  const from = (localAddress: string, path: string, body: Buffer | string, headers = {}): Promise<number> =>
    new Promise((answered, failed) => {
      const asked = request(`${nginx!.url}${path}`, {
        localAddress,
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
          ...headers,
        },
      });
      asked.once('response', (response) => {
        response.resume();
        answered(response.statusCode!);
        response.once('end', () => asked.destroy());
      });
      asked.once('error', failed);
      asked.end(body);
    });

  test.each(['websocket', 'polling'] as const)(
    'a socket by %s, also from a page of the same host',
    async (transport) => {
      const { host } = new URL(nginx!.url);
      const socket = knock(through(), { token: admin.token }, { origin: `http://${host}` }, transport);
      await new Promise<void>((ready, failed) => {
        socket.once('stream:ready', () => ready());
        socket.once('connect_error', failed);
      });
      socket.disconnect();
      const listener = await through().listen(admin, { transport });
      const id = await openConversation(system);
      await eventually(() => streamed(listener).some((h) => h.payload['conversation_id'] === id), {
        what: 'the event',
      });
      expect((await ask(listener, 'join:conversation', { conversation_id: id })).error).toBeUndefined();
    },
  );

  test('requests reach both servers', async () => {
    for (let n = 0; n < 4; n++) expect((await through().call('GET', '/health/ready')).status).toBe(200);
    for (const { url } of servers) expect(nginx!.log).toContain(`127.0.0.1:${new URL(url).port}`);
    expect((await through().call('GET', '/conversations?search=secret')).status).toBe(401);
    await eventually(() => nginx!.log.includes('/conversations'), { what: 'the log' });
    expect(nginx!.log).not.toContain('secret');
  });

  test('webhooks of 4 MB and uploads of more pass, and nothing larger', async () => {
    const webhook = (size: number): Promise<number> =>
      from('127.0.0.1', '/meta-whatsapp/webhook', Buffer.alloc(size, ' '));
    expect(await webhook(4 * MEGABYTE)).toBe(401); // unsigned: the server's own answer
    expect(await webhook(4 * MEGABYTE + 1)).toBe(413);
    const form = Buffer.alloc(20 * MEGABYTE, ' ');
    expect(await from('127.0.0.1', '/upload/single', form, { 'content-type': 'multipart/form-data' })).toBe(
      401,
    );
  });

  test('addresses are those of the clients, whatever they claim', async () => {
    const tries = async (address: string, count: number): Promise<number[]> => {
      const statuses: number[] = [];
      for (let n = 0; n < count; n++)
        statuses.push(
          await from(address, '/auth/login', JSON.stringify({ username: 'nobody', password: 'guess' }), {
            'x-forwarded-for': `203.0.113.${n}`,
          }),
        );
      return statuses;
    };
    // Five at each of the two servers.
    expect(await tries('127.0.0.2', 12)).toEqual([...Array<number>(10).fill(401), 429, 429]);
    expect(await tries('127.0.0.3', 1)).toEqual([401]);
  });

  test('a server that is gone is passed over', async () => {
    servers[0]!.process.kill('SIGKILL');
    await servers[0]!.process.exited;
    for (let n = 0; n < 6; n++) expect((await through().call('GET', '/health/ready')).status).toBe(200);
    expect((await through().callerWith(admin.token).get('/conversations')).status).toBe(200);
  });
});
