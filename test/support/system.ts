import { rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Type } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { Client } from 'pg';
import type { Logger } from 'pino';
import { io, type Socket } from 'socket.io-client';
import { Simulator, type SimulatorOptions } from '../../simulator/simulator';
import { AppModule } from '../../src/app.module';
import { APP_OPTIONS, configureApp, createApp } from '../../src/bootstrap';
import type { Config } from '../../src/config/config';
import { loadConfig } from '../../src/config/load-config';
import { formatCursor } from '../../src/platform/events/journal-cursor';
import { JournalTail } from '../../src/platform/events/journal-tail';
import { fastifyAdapter } from '../../src/platform/http/fastify';
import { LOGGER } from '../../src/platform/observability/observability.module';
import { UsersService } from '../../src/users/users.service';
import { WorkspacesService } from '../../src/workspaces/workspaces.service';
import { SOCKET_DOCUMENT } from './asyncapi';
import { CHAT_APP_SECRET } from './chat';
import { CLUSTER, Cluster, type ClusterKind } from './cluster';
import { createTestDatabase } from './database';

export const APP_SECRET = 'test-app-secret-0123456789';
export const VERIFY_TOKEN = 'test-verify-token';
export const PHONE_NUMBER_ID = '106540352242922';
export const ACCESS_TOKEN = 'test-access-token';

/** Changes to the configuration, two levels deep. */
export type ConfigChanges = {
  [K in keyof Config]?: Config[K] extends object ? Partial<Config[K]> : Config[K];
};

export interface Answer<Body = Record<string, unknown>> {
  status: number;
  headers: Headers;
  body: Body;
}

/** A signed-in person who calls the API. */
export interface Caller {
  token: string;
  user: { id: number; username: string };
  get<Body = Record<string, unknown>>(path: string): Promise<Answer<Body>>;
  post<Body = Record<string, unknown>>(
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer<Body>>;
  put<Body = Record<string, unknown>>(path: string, body?: unknown): Promise<Answer<Body>>;
  patch<Body = Record<string, unknown>>(path: string, body?: unknown): Promise<Answer<Body>>;
  delete<Body = Record<string, unknown>>(path: string, body?: unknown): Promise<Answer<Body>>;
}

/** What a server has otherwise than in production. Controllers need a logger too. */
export interface Replaced {
  logger?: Logger;
  controllers?: Type[];
}

/** One heard event. */
export interface Heard {
  event: string;
  payload: Record<string, unknown>;
  meta: { id: number; cursor: string; occurred_at: string };
}

/** A socket on /crm that remembers what it heard. */
export interface Listener {
  socket: Socket;
  heard: Heard[];
  of(event: string): Heard[];
}

/**
 * The whole server in this process, on a database of its own, with the simulator as Meta: what a test of a
 * promise needs. Start one per test file and stop it in `afterAll`.
 *
 * As a cluster the servers that answer and work are processes of their own behind a proxy, and `url` is the proxy's;
 * `app` is one more, which nobody asks from outside, for tests that need its services.
 */
export class TestSystem {
  private readonly sockets: Socket[] = [];
  private readonly more: TestSystem[] = [];
  private readonly undocumented: string[] = [];

  private constructor(
    readonly config: Config,
    readonly app: NestFastifyApplication,
    readonly url: string,
    readonly meta: Simulator,
    readonly databaseUrl: string,
    private readonly dropDatabase: () => Promise<void>,
    private readonly madeUpEvents = false,
    private readonly behind: Cluster | null = null,
  ) {}

  static async start(
    options: {
      config?: ConfigChanges;
      simulator?: Partial<SimulatorOptions>;
      /** The test writes entries of its own into the journal, which are not as they are documented. */
      madeUpEvents?: boolean;
      cluster?: ClusterKind;
    } = {},
  ): Promise<TestSystem> {
    const { config: changes = {}, cluster: kind = CLUSTER } = options;
    if (kind !== null && options.config !== undefined)
      throw new Error('A cluster is configured as every test is.');
    const database = await createTestDatabase();
    const meta = await Simulator.start({
      port: 0,
      appSecret: APP_SECRET,
      verifyToken: VERIFY_TOKEN,
      accessToken: ACCESS_TOKEN,
      phoneNumberId: PHONE_NUMBER_ID,
      ...options.simulator,
    });
    const cluster =
      kind === null
        ? null
        : await Cluster.start(kind, dataDirOf(database.url), testEnvironment(database.url, meta.url));
    const config = testConfig(database.url, meta.url, cluster === null ? changes : { role: 'api' });
    const app = await listening(config);
    const url = cluster?.url ?? addressOf(app);
    meta.webhookUrl = `${url}/meta-whatsapp/webhook`;
    const drop = (): Promise<void> => database.drop();
    return new TestSystem(config, app, url, meta, database.url, drop, options.madeUpEvents, cluster);
  }

  /** The processes behind the proxy. */
  get cluster(): Cluster {
    if (this.behind === null) throw new Error('This system is one process.');
    return this.behind;
  }

  /** A second server for the same; in a cluster whichever the proxy chooses next. */
  async secondServer(): Promise<TestSystem> {
    return this.behind === null ? await this.startAnother() : this;
  }

  /** A second process, as far as the database can tell: another server over the same data. */
  async startAnother(changes: ConfigChanges = {}, replaced: Replaced = {}): Promise<TestSystem> {
    const own: ConfigChanges = this.behind === null ? changes : { role: 'api', ...changes };
    const config = testConfig(this.databaseUrl, this.meta.url, own);
    const app = await listening(config, replaced);
    const other = new TestSystem(
      config,
      app,
      addressOf(app),
      this.meta,
      this.databaseUrl,
      () => Promise.resolve(),
      this.madeUpEvents,
    );
    this.more.push(other);
    return other;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.disconnect();
    for (const other of this.more) await other.close();
    await this.meta.stop();
    await this.behind?.stop();
    await this.app.close();
    await this.dropDatabase();
    await rm(dataDirOf(this.databaseUrl), { recursive: true, force: true });
    expectNone([this, ...this.more].flatMap((one) => one.undocumented));
  }

  /** This server only; the database and the simulator stay. */
  async close(): Promise<void> {
    for (const socket of this.sockets) socket.disconnect();
    await this.app.close();
  }

  /** Makes a user and signs in. */
  async signIn(
    role: 'admin' | 'supervisor' | 'employer',
    options: { username?: string; workspaceId?: number } = {},
  ): Promise<Caller> {
    const username = options.username ?? `${role}-${Math.random().toString(36).slice(2, 10)}`;
    const workspaceId = options.workspaceId ?? 1;
    await this.app
      .get(UsersService, { strict: false })
      .create(workspaceId, { name: username, username, password: 'a password', role });
    const workspace = await this.app.get(WorkspacesService, { strict: false }).findById(workspaceId);
    const answer = await this.call('POST', '/auth/login', {
      username,
      password: 'a password',
      workspace: workspace!.slug,
    });
    if (answer.status !== 200) throw new Error(`cannot sign in: ${JSON.stringify(answer.body)}`);
    const { access_token: token, user } = answer.body as { access_token: string; user: Caller['user'] };
    return this.callerWith(token, user);
  }

  callerWith(token: string, user: Caller['user'] = { id: 0, username: '' }): Caller {
    const headers = { authorization: `Bearer ${token}` };
    return {
      token,
      user,
      get: (path) => this.call('GET', path, undefined, headers),
      post: (path, body, more) => this.call('POST', path, body, { ...headers, ...more }),
      put: (path, body) => this.call('PUT', path, body, headers),
      patch: (path, body) => this.call('PATCH', path, body, headers),
      delete: (path, body) => this.call('DELETE', path, body, headers),
    };
  }

  /** A new tenant. */
  async createWorkspace(slug: string): Promise<{ id: number; slug: string }> {
    return await this.app.get(WorkspacesService, { strict: false }).create(slug, slug);
  }

  async call<Body = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer<Body>> {
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      body:
        body === undefined
          ? undefined
          : typeof body === 'string' || Buffer.isBuffer(body)
            ? body
            : JSON.stringify(body),
    });
    const text = await response.text();
    const json = response.headers.get('content-type')?.includes('json') === true;
    return {
      status: response.status,
      headers: response.headers,
      body: (json ? JSON.parse(text) : text) as Body,
    };
  }

  /** Resolves once the socket hears everything, `after` replayed, and nothing of what was over before this call. */
  async listen(
    caller: Caller,
    options: { after?: string; transport?: 'websocket' | 'polling' } = {},
  ): Promise<Listener> {
    const tail = this.app.get(JournalTail, { strict: false });
    await tail.refresh();
    // Another process may be behind this one: it begins where this one stands.
    const now = this.behind === null ? undefined : formatCursor(tail.position);
    const socket = io(`${this.url}/crm`, {
      auth: { token: caller.token, after: options.after ?? now },
      transports: [options.transport ?? 'websocket'],
      forceNew: true,
      reconnection: false,
    });
    this.sockets.push(socket);
    const heard: Heard[] = [];
    const listener: Listener = { socket, heard, of: (event) => heard.filter((h) => h.event === event) };
    socket.onAny((event: string, payload: Record<string, unknown>, meta: Heard['meta']) => {
      heard.push({ event, payload, meta });
      if (!this.madeUpEvents) this.undocumented.push(...SOCKET_DOCUMENT.problemsOf(event, payload, meta));
    });
    await new Promise<void>((ready, failed) => {
      socket.once('stream:ready', () => ready());
      socket.once('connect_error', failed);
      socket.once('disconnect', (reason) => failed(new Error(`disconnected: ${reason}`)));
    });
    return listener;
  }

  /** Rows of any SQL, as the database's owner, who sees all workspaces. */
  async sql<Row = Record<string, unknown>>(text: string, values: unknown[] = []): Promise<Row[]> {
    const client = new Client({ connectionString: this.databaseUrl });
    await client.connect();
    try {
      return (await client.query(text, values)).rows as Row[];
    } finally {
      await client.end();
    }
  }
}

/** Servers over the same database share their files too. */
function dataDirOf(databaseUrl: string): string {
  return join(tmpdir(), `apicechat-files-${new URL(databaseUrl).pathname.slice(1)}`);
}

/** Whatever a socket of any test hears is what docs/generated/asyncapi.json says. */
function expectNone(undocumented: string[]): void {
  if (undocumented.length === 0) return;
  const first = [...new Set(undocumented)].slice(0, 10).join('\n');
  throw new Error(`Sockets heard what docs/generated/asyncapi.json does not say:\n${first}`);
}

export function testConfig(databaseUrl: string, graphUrl: string, changes: ConfigChanges): Config {
  const base = loadConfig(testEnvironment(databaseUrl, graphUrl));
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(changes)) {
    const before = merged[key];
    merged[key] = typeof value === 'object' && typeof before === 'object' ? { ...before, ...value } : value;
  }
  return merged as unknown as Config;
}

export function testEnvironment(databaseUrl: string, graphUrl: string): Record<string, string> {
  return {
    NODE_ENV: 'test',
    PORT: '0',
    HOST: '127.0.0.1',
    DATA_DIR: dataDirOf(databaseUrl),
    LOG_LEVEL: 'silent',
    DATABASE_URL: databaseUrl,
    DB_SYNC: 'false',
    THROTTLE_LIMIT: '100000',
    LOGIN_THROTTLE_LIMIT: '1000',
    BCRYPT_ROUNDS: '4',
    JWT_SECRET: 'test-jwt-secret-test-jwt-secret-test',
    ENCRYPTION_KEY: 'test-encryption-key-test-encryption-key',
    WHATSAPP_APP_SECRET: APP_SECRET,
    WHATSAPP_WEBHOOK_VERIFY_TOKEN: VERIFY_TOKEN,
    WHATSAPP_ACCESS_TOKEN: ACCESS_TOKEN,
    WHATSAPP_PHONE_NUMBER_ID: PHONE_NUMBER_ID,
    WHATSAPP_BASE_URL: graphUrl,
    CHAT_APP_SECRET,
  };
}

async function listening(
  config: Config,
  { logger, controllers = [] }: Replaced = {},
): Promise<NestFastifyApplication> {
  const app = logger === undefined ? await createApp(config) : await appWith(config, logger, controllers);
  await app.listen(0, '127.0.0.1');
  return app;
}

async function appWith(config: Config, logger: Logger, controllers: Type[]): Promise<NestFastifyApplication> {
  const module = await Test.createTestingModule({ imports: [AppModule.with(config)], controllers })
    .overrideProvider(LOGGER)
    .useValue(logger)
    .compile();
  const app = module.createNestApplication<NestFastifyApplication>(fastifyAdapter(config), APP_OPTIONS);
  return await configureApp(app, config);
}

function addressOf(app: NestFastifyApplication): string {
  return `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;
}
