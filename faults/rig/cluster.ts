import { randomBytes } from 'node:crypto';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, Pool, type QueryResultRow, types } from 'pg';
import { serverEnvironment, signIn } from '../../bench/contenders';
import { killAll, runScript } from '../../bench/processes';
import { Simulator } from '../../simulator/simulator';
import {
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
  startEmbeddedPostgres,
} from '../../src/platform/database/embedded-postgres';
import { migrateDatabase } from '../../src/platform/database/migrate';
import { CHAT_APP } from '../load/chat-app';
import { Node, PRELOAD } from './node';
import { NEWER_BUILD, type Patch, type PreloadOrders, verifyPatches, withCrashPoints } from './patches';
import { moveToDisk } from './small-disk';
import { freePort, RedisServer, redisIsInstalled } from './redis';
import { startTcpProxy, type TcpProxy } from './tcp-proxy';

// Ids are bigint in the database and numbers here.
types.setTypeParser(types.builtins.INT8, Number);

const MIGRATE = join(__dirname, '../../scripts/db-migrate.js');
const MAKE_USERS = join(__dirname, '../../scripts/create-users.js');
/** Meta brings again what was not answered with 200, and here never gives up. */
const REDELIVERIES = [200, 300, 500, ...Array.from({ length: 100 }, () => 1_000)];

/** Far less than the small disk. */
const SMALL_LOG = { min_wal_size: '32MB', max_wal_size: '48MB' };

export interface ClusterOptions {
  /** Parent of the cluster's folder. */
  dir: string;
  mutation?: { patches: readonly Patch[]; sql: readonly string[]; settings: Record<string, string> };
  jobHoldSeconds: number;
  /** A folder of PostgreSQL that lies on a disk which can be full: its tables, or its log. */
  onSmallDisk?: { disk: string; folder: 'base' | 'pg_wal' };
}

/** Two servers that answer, two that run jobs, PostgreSQL, Meta, and Redis where it is installed. */
export class Cluster {
  readonly pool: Pool;
  token = '';
  private overLink = false;
  private supervised = false;
  private startingPostgres: Promise<void> | null = null;
  /** How often PostgreSQL ended by itself and was started again. */
  postgresRestarts = 0;

  private constructor(
    readonly dir: string,
    private postgresNow: EmbeddedPostgres,
    private readonly launch: EmbeddedPostgresOptions,
    readonly meta: Simulator,
    readonly metaToNodes: TcpProxy,
    readonly nodesToMeta: TcpProxy,
    readonly databaseLink: TcpProxy,
    readonly redis: RedisServer | null,
    readonly redisLink: TcpProxy | null,
    readonly nodes: Node[],
    private readonly crashReport: string,
    private readonly environment: Readonly<Record<string, string>>,
    readonly jobHoldSeconds: number,
  ) {
    this.pool = new Pool({ connectionString: postgresNow.url, max: 3, connectionTimeoutMillis: 5_000 });
    this.pool.on('error', () => undefined); // the database is taken away on purpose
  }

  static async start({
    dir: parent,
    mutation,
    jobHoldSeconds,
    onSmallDisk,
  }: ClusterOptions): Promise<Cluster> {
    const patches = withCrashPoints(mutation?.patches ?? []);
    verifyPatches([...patches, ...NEWER_BUILD]);
    const dir = mkdtempSync(join(parent, 'faults-'));
    const settings = {
      max_connections: '120',
      ...(onSmallDisk === undefined ? {} : SMALL_LOG),
      ...mutation?.settings,
    };
    const launch: EmbeddedPostgresOptions = {
      dataDir: join(dir, 'data'),
      settings,
      log: (line) => appendFileSync(join(dir, 'postgres.log'), `${line}\n`),
    };
    let postgres = await startEmbeddedPostgres(launch);
    await migrateDatabase({ url: postgres.url });
    if (onSmallDisk !== undefined) {
      await postgres.stop();
      moveToDisk(onSmallDisk.disk, join(dir, 'data/postgres'), onSmallDisk.folder);
      postgres = await startEmbeddedPostgres(launch);
    }
    for (const sql of mutation?.sql ?? []) await query(postgres.url, sql);
    const databaseLink = await startTcpProxy(postgres.url);
    const redis = redisIsInstalled() ? await RedisServer.start() : null;
    const redisLink = redis === null ? null : await startTcpProxy(redis.url);

    const base = serverEnvironment();
    const meta = await Simulator.start({
      port: 0,
      appSecret: base['WHATSAPP_APP_SECRET']!,
      accessToken: base['WHATSAPP_ACCESS_TOKEN']!,
      phoneNumberId: base['WHATSAPP_PHONE_NUMBER_ID']!,
      redeliverAfterMs: REDELIVERIES,
      webhookTimeoutMs: 10_000,
    });
    const nodesToMeta = await startTcpProxy(meta.url);
    const environment = {
      ...base,
      DATABASE_URL: postgres.url,
      DATA_DIR: join(dir, 'files'),
      THROTTLE_LIMIT: '1000000',
      LOGIN_THROTTLE_LIMIT: '1000000',
      CHAT_APP_ID: CHAT_APP.id,
      CHAT_APP_SECRET: CHAT_APP.secret,
      CHAT_RATE_LIMIT_ENABLED: 'false',
      JOB_HOLD: `${jobHoldSeconds}s`,
      WHATSAPP_BASE_URL: nodesToMeta.url,
      WHATSAPP_SEND_TIMEOUT: '3s',
      WHATSAPP_RECONCILE_AFTER: '2s',
      JWT_SECRET: randomBytes(36).toString('base64url'),
      ...(redisLink === null ? {} : { REDIS_URL: redisLink.url }),
    };
    const crashReport = join(dir, 'crashes');
    const nodes: Node[] = [];
    for (const name of ['api-1', 'api-2', 'worker-1', 'worker-2']) {
      const role = name.startsWith('api') ? 'api' : 'worker';
      nodes.push(
        new Node({
          name,
          role,
          port: await freePort(),
          dir,
          environment: { ...environment },
          patches,
          crashReport,
        }),
      );
    }
    const [first, second] = nodes.map((node) => node.url);
    const metaToNodes = await startTcpProxy(first!, second!);
    meta.webhookUrl = `${metaToNodes.url.replace(/\/$/, '')}/meta-whatsapp/webhook`;
    const cluster = new Cluster(
      dir,
      postgres,
      launch,
      meta,
      metaToNodes,
      nodesToMeta,
      databaseLink,
      redis,
      redisLink,
      nodes,
      crashReport,
      environment,
      jobHoldSeconds,
    );
    launch.onUnexpectedExit = () => cluster.postgresEnded();
    await Promise.all(nodes.map((node) => node.start()));
    await runScript(MAKE_USERS, {
      args: ['--allow-production'],
      environment: { ...environment, ROLE: 'api', PORT: '0', DATABASE_URL: postgres.url },
      log: join(dir, 'users.log'),
    });
    cluster.token = await signIn(first!, 'admin', 'admin123');
    return cluster;
  }

  get api(): Node[] {
    return this.nodes.filter((node) => node.role === 'api');
  }

  get migrateLog(): string {
    return join(this.dir, 'migrate.log');
  }

  get workers(): Node[] {
    return this.nodes.filter((node) => node.role === 'worker');
  }

  get postgres(): EmbeddedPostgres {
    return this.postgresNow;
  }

  /** Names of the crash points at which processes ended, in order. */
  get crashes(): string[] {
    if (!existsSync(this.crashReport)) return [];
    return readFileSync(this.crashReport, 'utf8').trim().split('\n').filter(Boolean);
  }

  /** `npm run db:migrate` of another build, as an operator runs it beside the servers. */
  async migrate(build: readonly Patch[], args: string[]): Promise<void> {
    const orders = join(this.dir, 'migrate.orders.json');
    const clock = join(this.dir, 'migrate.clock');
    writeFileSync(clock, '0');
    writeFileSync(
      orders,
      JSON.stringify({
        patches: [...build],
        crash: null,
        report: this.crashReport,
        blockMs: 0,
        clock,
        connecting: clock,
      } satisfies PreloadOrders),
    );
    await runScript(MIGRATE, {
      args,
      nodeArgs: ['-r', PRELOAD],
      environment: {
        ...this.environment,
        DATABASE_URL: this.postgresNow.url,
        ROLE: 'api',
        PORT: '0',
        FAULTS_ORDERS: orders,
      },
      log: this.migrateLog,
    });
  }

  /** As the database's owner, past the link. */
  async sql<Row extends QueryResultRow>(text: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.pool.query<Row>(text, values)).rows;
  }

  /** SIGKILL to PostgreSQL and all its processes. */
  async killPostgres(): Promise<void> {
    const { pid } = this.postgresNow;
    const family = [pid, ...(await childrenOf(pid))];
    for (const each of family) {
      try {
        process.kill(each, 'SIGKILL');
      } catch {
        // ended by itself meanwhile
      }
    }
  }

  /** The servers start anew, and from now on each statement passes a link that can be broken. */
  async reachPostgresOverLink(): Promise<void> {
    if (this.overLink) return;
    this.overLink = true;
    await Promise.all(this.nodes.map((node) => node.restart({ DATABASE_URL: this.databaseLink.url })));
  }

  async stopPostgres(): Promise<void> {
    await this.postgresNow.stop();
  }

  /** On the same folder and port. */
  async startPostgres(): Promise<void> {
    const { port } = this.postgresNow;
    for (;;) {
      try {
        this.postgresNow = await startEmbeddedPostgres(this.launch);
        break;
      } catch {
        await delay(100); // the folder is still being given back, or there is no room to start
      }
    }
    if (this.postgresNow.port !== port) throw new Error('PostgreSQL came back on another port.');
  }

  /** PostgreSQL is started again whenever it ends, until the returned function is called, which waits for it. */
  supervisePostgres(): () => Promise<void> {
    this.supervised = true;
    return async () => {
      this.supervised = false;
      await this.startingPostgres;
    };
  }

  async stop(): Promise<void> {
    await this.stopAndKeep();
    await rm(this.dir, { recursive: true, force: true });
  }

  async stopAndKeep(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()));
    await this.meta.stop();
    await this.metaToNodes.stop();
    await this.nodesToMeta.stop();
    await this.databaseLink.stop();
    await this.redisLink?.stop();
    await this.redis?.stop();
    await this.pool.end();
    await this.postgresNow.stop();
  }

  /** For the end of the whole program, however it comes. */
  async destroy(): Promise<void> {
    for (const node of this.nodes) node.abandon();
    await killAll();
    await this.meta.stop();
    await Promise.all([
      this.metaToNodes.stop(),
      this.nodesToMeta.stop(),
      this.databaseLink.stop(),
      this.redisLink?.stop(),
    ]);
    await this.pool.end();
    await this.redis?.stop();
    await this.postgresNow.stop().catch(() => undefined);
    await rm(this.dir, { recursive: true, force: true });
  }

  private postgresEnded(): void {
    if (!this.supervised) return;
    this.postgresRestarts++;
    this.startingPostgres = this.startPostgres();
    this.startingPostgres.catch(() => undefined); // whoever waits for it hears
  }
}

async function query(url: string, text: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}

async function childrenOf(pid: number): Promise<number[]> {
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const parents = await Promise.all(
    names.map(async (name) => {
      const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    }),
  );
  return names.map(Number).filter((_, i) => parents[i] === pid);
}
