import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type { PoolClient } from 'pg';
import type { Logger } from 'pino';
import { CONFIG, type Config } from '../../config/config';
import { PlatformDatabase } from '../database/connections';
import { LOGGER } from '../observability/observability.module';

const FIRST_AFTER_MS = 15_000;
const EVERY_MS = 10 * 60_000;
/** Rows of one transaction: few enough that nobody waits for it. */
const BATCH = 2_000;
/** Any number; of several processes one clears at a time. */
const RETENTION_LOCK = 7_263_190_117;

/** How long a client may be away and still be told everything it missed. */
const JOURNAL_KEPT = '24 hours';

/** What else is kept for a while only. `since` is the column from which on it counts. */
const KEPT = [
  { table: 'early_delivery_report', since: 'received_at', kept: '30 days' },
  { table: 'webhook_set_aside', since: 'received_at', kept: '30 days' },
  { table: 'webhook_delivery', since: 'received_at', kept: '30 days' },
  { table: 'bot_trigger', since: 'created_at', kept: '7 days' },
  { table: 'journal_set_aside', since: 'set_aside_at', kept: '30 days' },
  { table: 'user_session', since: 'expires_at', kept: '7 days' },
  { table: 'chat_session', since: 'expires_at', kept: '7 days' },
  { table: 'chat_signature', since: 'expires_at', kept: '1 minute' },
] as const;

interface Step {
  what: string;
  /** One batch; answers how many rows it removed. */
  clear: (client: PoolClient, batch: number) => Promise<number>;
}

const STEPS: readonly Step[] = [
  { what: 'entries of another cluster', clear: forgetOtherHistory },
  { what: 'event', clear: clearJournal },
  ...KEPT.map(({ table, since, kept }) => ({
    what: table,
    clear: async (client: PoolClient, batch: number) => {
      const { rowCount } = await client.query(
        `delete from ${table} where ctid = any (array(
           select ctid from ${table} where ${since} < now() - interval '${kept}' limit $1))`,
        [batch],
      );
      return rowCount ?? 0;
    },
  })),
];

/** Removes what has been kept long enough, a little at a time, on the processes that run jobs. */
@Injectable()
export class Retention implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<unknown> | null = null;
  private stopped = false;

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly db: PlatformDatabase,
  ) {}

  onApplicationBootstrap(): void {
    if (this.config.role !== 'api') this.schedule(FIRST_AFTER_MS);
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.running?.catch(() => undefined);
  }

  /** Removes all that is due; answers the number of rows by table. Does nothing where another process is at it. */
  async clear(batch = BATCH): Promise<Record<string, number>> {
    const removed: Record<string, number> = {};
    for (const { what, clear } of STEPS) {
      for (let more = true; more && !this.stopped;) {
        const count = await this.db.transaction(async (client) =>
          (await isMyTurn(client)) ? await clear(client, batch) : null,
        );
        if (count === null) return removed;
        if (count > 0) removed[what] = (removed[what] ?? 0) + count;
        more = count >= batch;
      }
    }
    return removed;
  }

  private schedule(afterMs: number): void {
    this.timer = setTimeout(() => {
      this.running = this.clear()
        .then((removed) => {
          if (Object.keys(removed).length > 0)
            this.logger.info({ removed }, 'removed what was kept long enough');
        })
        .catch((err: unknown) => this.logger.warn({ err }, 'old rows cannot be removed right now'))
        .finally(() => {
          if (!this.stopped) this.schedule(EVERY_MS);
        });
    }, afterMs).unref();
  }
}

async function isMyTurn(client: PoolClient): Promise<boolean> {
  const { rows } = await client.query<{ mine: boolean }>('select pg_try_advisory_xact_lock($1) as mine', [
    RETENTION_LOCK,
  ]);
  return rows[0]!.mine;
}

/**
 * The oldest entries, in the order of their transactions. The floor rises with them in the same transaction, so
 * that no reader can find entries gone and the floor still below its place.
 */
async function clearJournal(client: PoolClient, batch: number): Promise<number> {
  const { rows } = await client.query<{ removed: number }>(
    `with oldest as (select xid, id, created_at from event order by xid, id limit $1),
     gone as (
       delete from event using oldest
       where event.xid = oldest.xid and event.id = oldest.id and oldest.created_at < now() - interval '${JOURNAL_KEPT}'
       returning event.xid),
     risen as (
       update journal_floor set xid = greatest(xid, (select xid from gone order by xid desc limit 1))
       where exists (select from gone))
     select count(*) as removed from gone`,
    [batch],
  );
  return rows[0]!.removed;
}

/**
 * A dump that was restored into another cluster brings entries along whose transactions have yet to happen here:
 * one day they would be taken for new ones. And a floor above everything would send every reader away for good.
 */
async function forgetOtherHistory(client: PoolClient, batch: number): Promise<number> {
  const { rowCount } = await client.query(
    `delete from event where (xid, id) in (
       select xid, id from event where xid >= pg_snapshot_xmax(pg_current_snapshot()) order by xid, id limit $1)`,
    [batch],
  );
  await client.query(
    `update journal_floor set xid = pg_snapshot_xmax(pg_current_snapshot())
     where xid > pg_snapshot_xmax(pg_current_snapshot())`,
  );
  return rowCount ?? 0;
}
