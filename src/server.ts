import type { IncomingMessage, Server as HttpServer, ServerResponse } from 'node:http';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';
import { createApp } from './bootstrap';
import type { Config } from './config/config';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './platform/database/embedded-postgres';
import { StartRefused } from './platform/database/database-errors';
import { migrateDatabase, pendingMigrations } from './platform/database/migrate';
import { Readiness } from './platform/http/readiness';
import { strikeOut } from './platform/observability/logger';

/** Load balancers need this long, in ms, to see that the process is no longer ready. Nothing waits for it in development. */
const READINESS_NOTICE_MS = 1_000;
/** Requests that are still running after this long, in ms, are cut off: a slow client must not hold up the rest. */
const REQUEST_LIMIT_MS = 5_000;
const IDLE_CHECK_MS = 50;
/**
 * New connections that the system keeps for the process until it has taken them; it takes one in each turn of its event
 * loop. Whom the system has no place for hears nothing and knocks again after 1, 3, 7 and 15 seconds. The system may
 * allow fewer (Linux: `net.core.somaxconn`, 4,096).
 */
const CONNECTIONS_WAITING = 4_096;
/** The process ends after this long, in ms, whatever is still going on. */
const DRAIN_LIMIT_MS = 9_500;

/** A running server with everything it started itself. */
export class Server {
  private stopping: Promise<void> | null = null;

  private constructor(
    readonly app: NestFastifyApplication,
    readonly url: string,
    private readonly config: Config,
    private readonly logger: Logger,
    private readonly postgres: EmbeddedPostgres | null,
  ) {}

  /** Starts the database where it is embedded, migrates, and listens. Cleans up after itself where that fails. */
  static async start(
    given: Config,
    logger: Logger,
    onDatabaseLost: (reason: string) => void,
  ): Promise<Server> {
    const postgres = given.database.url === null ? await startDatabase(given, logger, onDatabaseLost) : null;
    try {
      const config =
        postgres === null ? given : { ...given, database: { ...given.database, url: postgres.url } };
      await prepareDatabase(config, logger);
      const app = await createApp(config);
      const { port, host } = config.http;
      await app.listen({ port, host, backlog: CONNECTIONS_WAITING }).catch(async (error: unknown) => {
        await app.close();
        throw error;
      });
      return new Server(app, addressOf(app), config, logger, postgres);
    } catch (error) {
      await postgres?.stop();
      throw error;
    }
  }

  /** Not ready, then no new work, then the rest of the running work, then the database. */
  async stop(): Promise<void> {
    this.stopping ??= this.drain();
    await this.stopping;
  }

  private async drain(): Promise<void> {
    const limit = setTimeout(() => {
      this.logger.error('draining took too long; what is unfinished is taken up at the next start');
      process.exit(1);
    }, DRAIN_LIMIT_MS);
    this.app.get(Readiness).drain();
    const closing = closeConnectionsAsTheyFinish(this.app.getHttpServer());
    if (this.config.environment === 'production')
      await new Promise((ok) => setTimeout(ok, READINESS_NOTICE_MS));
    await this.app.close();
    closing.done();
    await this.postgres?.stop();
    clearTimeout(limit);
  }
}

/**
 * A server that closes waits for its connections, and clients keep theirs open for the next request. So each
 * connection ends with the answer that it is waiting for, and an idle one at once.
 */
function closeConnectionsAsTheyFinish(server: HttpServer): { done: () => void } {
  server.prependListener('request', (_request: IncomingMessage, response: ServerResponse) => {
    response.shouldKeepAlive = false;
  });
  const idle = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_MS);
  const late = setTimeout(() => server.closeAllConnections(), REQUEST_LIMIT_MS);
  return {
    done: () => {
      clearInterval(idle);
      clearTimeout(late);
    },
  };
}

async function startDatabase(
  config: Config,
  logger: Logger,
  onLost: (reason: string) => void,
): Promise<EmbeddedPostgres> {
  logger.info({ folder: config.dataDir }, 'no DATABASE_URL or DB_HOST: starting the embedded PostgreSQL');
  return await startEmbeddedPostgres({
    dataDir: config.dataDir,
    log: (line) => logger.debug({ source: 'postgres' }, strikeOut(line)),
    onUnexpectedExit: onLost,
  });
}

async function prepareDatabase(config: Config, logger: Logger): Promise<void> {
  const url = config.database.url!;
  if (config.database.migrateAtStart) {
    await migrateDatabase({ url, log: (line) => logger.info(line) });
  } else if (await pendingMigrations({ url })) {
    throw new StartRefused(
      'The database is not up to date and DB_SYNC is false: run `npm run db:migrate` first.',
    );
  }
}

function addressOf(app: NestFastifyApplication): string {
  const address = app.getHttpServer().address();
  return `http://localhost:${typeof address === 'object' && address !== null ? address.port : ''}`;
}
