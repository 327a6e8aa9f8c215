import { Balancer } from './balancer';
import type { NodeProcess } from './processes';
import { RedisServer } from '../../faults/rig/redis';
import { flap, joinedBy } from './redis';
import { type RunningServer, startServer } from './server-process';

/**
 * `plain` has no Redis, `redis` one that stays, `flapping` one that is killed and started again all the time.
 * TEST_CLUSTER=<kind> puts a cluster in the place of the one process of every {@link TestSystem}.
 */
export type ClusterKind = 'plain' | 'redis' | 'flapping';

const KINDS: readonly string[] = ['plain', 'redis', 'flapping'] satisfies ClusterKind[];

const named = process.env.TEST_CLUSTER;
if (named !== undefined && named !== '' && !KINDS.includes(named))
  throw new Error(`TEST_CLUSTER must be one of ${KINDS.join(', ')} (it is "${named}").`);

/** Null where servers run in the tests' own process. */
export const CLUSTER = named === undefined || named === '' ? null : (named as ClusterKind);

/** Of what can only be seen from inside the server: in a cluster that is another process. */
export const testFromInside = CLUSTER === null ? test : test.skip;
/** Of limits that hold for all sockets of a user, wherever they are. */
export const testOfSharedLimits = CLUSTER === null || CLUSTER === 'redis' ? test : test.skip;

const APIS = 2;
const WORKERS = 2;
const FLAP = { upMs: 1_500, downMs: 700 };

/** Two servers that answer and two that work, each a process of its own, behind a reverse proxy, over one database. */
export class Cluster {
  private constructor(
    readonly apis: RunningServer[],
    readonly workers: RunningServer[],
    readonly balancer: Balancer,
    readonly redis: RedisServer | null,
    private readonly startOne: (role: 'api' | 'worker') => Promise<RunningServer>,
    private readonly endFlapping: () => Promise<void>,
  ) {}

  static async start(
    kind: ClusterKind,
    dataDir: string,
    environment: Record<string, string>,
  ): Promise<Cluster> {
    const redis = kind === 'plain' ? null : await RedisServer.start();
    if (redis !== null) await joinedBy(redis, 0);
    const startOne = (role: 'api' | 'worker'): Promise<RunningServer> =>
      startServer(dataDir, {
        tied: true,
        timeoutMs: 60_000,
        env: {
          ...environment,
          ROLE: role,
          LOG_LEVEL: 'info',
          REDIS_URL: redis?.url,
          TRUST_PROXY: '127.0.0.1',
        },
      });
    const many = (role: 'api' | 'worker', count: number): Promise<RunningServer[]> =>
      Promise.all(Array.from({ length: count }, () => startOne(role)));
    const [apis, workers] = await Promise.all([many('api', APIS), many('worker', WORKERS)]);
    const balancer = await Balancer.start(apis.map(({ url }) => url));
    if (redis !== null) await joinedBy(redis, APIS);
    const endFlapping = kind === 'flapping' ? flap(redis!, FLAP) : () => Promise.resolve();
    return new Cluster(apis, workers, balancer, redis, startOne, endFlapping);
  }

  get url(): string {
    return this.balancer.url;
  }

  /** `kill -9` of a server that answers. */
  async killApi(index: number): Promise<void> {
    await kill(this.apis[index]!.process);
  }

  async startApiAgain(index: number): Promise<void> {
    this.apis[index] = await this.startOne('api');
    this.balancer.lead(index, this.apis[index].url);
  }

  async killWorker(index: number): Promise<void> {
    await kill(this.workers[index]!.process);
  }

  async stop(): Promise<void> {
    await this.endFlapping();
    await this.balancer.stop();
    await Promise.all(
      [...this.apis, ...this.workers].map(async ({ process: server }) => {
        server.kill('SIGTERM');
        await server.exited;
      }),
    );
    await this.redis?.stop();
  }
}

async function kill(server: NodeProcess): Promise<void> {
  server.kill('SIGKILL');
  await server.exited;
}
