import type { PoolClient } from 'pg';
import type { Logger } from 'pino';
import { AppError } from '../../common/app-error';
import type { PlatformDatabase } from '../database/connections';
import { isUnavailable, LOCK_NOT_AVAILABLE, QUERY_CANCELED, sqlState } from '../database/database-errors';
import { handleInTime, type JournalConsumer } from './journal-consumer';
import { formatCursor, type JournalCursor, parseCursor, transactionsBetween } from './journal-cursor';
import type { JournalEvent, JournalPage, JournalReader } from './journal-reader';
import { putAside } from './journal-set-aside';

const PAGE = 500;
/** Entries handed over together at most, where the consumer says nothing else. */
const RUN = 100;
/** Then the place is saved and the next turn begins: an open transaction that rests too long is ended by PostgreSQL. */
const TURN_MS = 10_000;
/** The place is saved after more transactions than this, also where none was of interest: one is its own last saving. */
const OWN_SAVING = 1;
const MAX_FAILURES = 5;
const FIRST_WAIT_MS = 500;
/** Nobody rests longer, in ms: numbers are to follow what happened. */
const MAX_REST_MS = 3_000;

interface Place {
  cursor: string;
  failingEvent: number | null;
  failures: number;
  /** Of the wait after a failure, in ms. */
  waitMs: number;
  /** Saved so long ago that it is saved again even where nothing came since: else retention would pass it by. */
  old: boolean;
}

/** Where a turn has come to. */
interface Turn {
  cursor: string;
  outcome: 'complete' | 'more' | Failure;
}

interface Failure {
  failed: JournalEvent;
  error: unknown;
}

/** `reached`: the place behind the last entry that was handled; null where none was. */
interface Handled {
  reached: string | null;
  failure: Failure | null;
}

/** Hands the journal to one consumer; what holds for all of them: `journal-consumers.ts`. */
export class JournalRunner {
  private working: Promise<void> | null = null;
  private again = false;
  private restsUntil = 0;
  private stopped = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    readonly consumer: JournalConsumer,
    private readonly db: PlatformDatabase,
    private readonly reader: JournalReader,
    private readonly logger: Logger,
  ) {}

  /** Whether it is worth a look now. */
  isFor(event: JournalEvent): boolean {
    const { types, isUrgent } = this.consumer;
    return (
      types.includes(event.type) &&
      (isUrgent?.call(this.consumer, event) ?? true) &&
      this.consumer.wants(event)
    );
  }

  /** Gives a new consumer its place, and one whose place is of another cluster's history a new one. */
  async settle(): Promise<void> {
    const now = formatCursor(await this.reader.now());
    const { name } = this.consumer;
    await this.db.query(
      'insert into journal_consumer (name, cursor) values ($1, $2) on conflict (name) do nothing',
      [name, now],
    );
    const moved = await this.db.query(
      `update journal_consumer set cursor = $2, failing_event = null, failures = 0, waits_until = null,
         last_gap_at = now(), updated_at = now()
       where name = $1
         and pg_snapshot_xmax(split_part(cursor, '~', 1)::pg_snapshot) > pg_snapshot_xmax(pg_current_snapshot())
       returning name`,
      [name, now],
    );
    if (moved.length > 0)
      this.logger.error(
        { consumer: name },
        'the place in the journal is of another database; going on from now',
      );
  }

  look(): void {
    if (this.stopped) return;
    if (this.working !== null) {
      this.again = true;
      return;
    }
    const began = performance.now();
    if (began < this.restsUntil) {
      this.lookIn(this.restsUntil - began);
      return;
    }
    this.working = this.work().finally(() => {
      this.working = null;
      const ended = performance.now();
      this.restsUntil = ended + Math.min(MAX_REST_MS, (ended - began) * (this.consumer.rest ?? 0));
      if (!this.again) return;
      this.again = false;
      this.look();
    });
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    while (this.working !== null) await this.working;
  }

  /** Nobody else works for the consumer until this transaction ends; waits for a turn that is under way. */
  async alone(client: PoolClient): Promise<void> {
    await client.query(`set local lock_timeout = '30s'; set local statement_timeout = '30s'`);
    await client.query('select from journal_consumer where name = $1 for update', [this.consumer.name]);
  }

  private async work(): Promise<void> {
    try {
      while (!this.stopped && (await this.db.transaction((client) => this.turn(client)))) this.again = false;
    } catch (err) {
      // Nothing of the turn's place was saved: the same entries come again.
      this.logger.warn({ err, consumer: this.consumer.name }, 'a journal consumer cannot go on right now');
    }
  }

  /** Answers whether there is more to do at once. */
  private async turn(client: PoolClient): Promise<boolean> {
    const place = await this.take(client);
    if (place === null) return false;
    if (place.waitMs > 0) {
      this.lookIn(place.waitMs);
      return false;
    }
    const from = parseCursor(place.cursor);
    const page = await this.pageFrom(client, from);
    if (page.gap) await this.noteGap(client);
    const { cursor, outcome } = await this.handOver(place, page);
    if (typeof outcome === 'string') {
      const far = transactionsBetween(from, page.next) > OWN_SAVING;
      if (page.events.length > 0 || place.old || far) await this.save(client, cursor);
      return outcome === 'more';
    }
    return await this.fail(client, place, cursor, outcome.failed, outcome.error);
  }

  private async pageFrom(client: PoolClient, from: JournalCursor): Promise<JournalPage> {
    const { types, workspaces, atOnce = RUN, bare = false } = this.consumer;
    const limit = Math.max(PAGE, atOnce);
    if (workspaces === undefined) return await this.reader.readOn(client, from, limit, types, null, bare);
    // The end is fixed before the consumer is asked: else it would pass over what a workspace did that it began to
    // work for in between.
    const upto = from.upto ?? (await this.reader.end(client));
    const wanted = await workspaces.call(this.consumer);
    const page = await this.reader.readOn(client, { ...from, upto }, limit, types, wanted, bare);
    return { ...page, complete: from.upto === null && page.next.upto === null };
  }

  /** Null while another process works for this consumer. */
  private async take(client: PoolClient): Promise<Place | null> {
    // Losing the newest place in a crash of PostgreSQL only hands entries over again, so no disk is waited for.
    await client.query('set local synchronous_commit = off');
    const { rows } = await client.query<Place>(
      `select cursor, failing_event as "failingEvent", failures,
         coalesce(ceil(extract(epoch from waits_until - now()) * 1000), 0)::int as "waitMs",
         updated_at < now() - interval '10 seconds' as old
       from journal_consumer where name = $1 for update skip locked`,
      [this.consumer.name],
    );
    return rows[0] ?? null;
  }

  private async handOver(place: Place, page: JournalPage): Promise<Turn> {
    const until = performance.now() + TURN_MS;
    let { cursor } = place;
    for (const run of runsOf(page.events, this.consumer, place.failingEvent)) {
      if (this.isOver(until)) return { cursor, outcome: 'more' };
      const { reached, failure } = await this.handle(run, until);
      cursor = reached ?? cursor;
      if (failure !== null) return { cursor, outcome: failure };
      if (reached !== run.at(-1)!.cursor) return { cursor, outcome: 'more' };
    }
    return { cursor: formatCursor(page.next), outcome: page.complete ? 'complete' : 'more' };
  }

  private isOver(until: number): boolean {
    return this.stopped || performance.now() > until;
  }

  /** All at once, or, where that fails, one by one for as long as the turn lasts. */
  private async handle(run: JournalEvent[], until: number): Promise<Handled> {
    try {
      await handleInTime(this.consumer, run);
      return { reached: run.at(-1)!.cursor, failure: null };
    } catch (error) {
      if (run.length === 1 || isPassing(error)) return { reached: null, failure: { failed: run[0]!, error } };
    }
    let reached: string | null = null;
    for (const event of run) {
      if (reached !== null && this.isOver(until)) break; // one at least: the next turn begins with the same run
      const one = await this.handle([event], until);
      if (one.failure !== null) return { ...one, reached };
      ({ reached } = one);
    }
    return { reached, failure: null };
  }

  /** Saves the place before the entry; or, after the last try, behind it. */
  private async fail(
    client: PoolClient,
    place: Place,
    cursor: string,
    event: JournalEvent,
    error: unknown,
  ): Promise<boolean> {
    const about = { err: error, consumer: this.consumer.name, event: event.id, type: event.type };
    if (isPassing(error)) {
      this.logger.warn(about, 'the database was away while an entry of the journal was handled');
      if (cursor !== place.cursor) await this.save(client, cursor);
      return false;
    }
    const failures = place.failingEvent === event.id ? place.failures + 1 : 1;
    if (failures >= MAX_FAILURES) {
      this.logger.error(about, 'an entry of the journal was set aside');
      await putAside(client, this.consumer.name, event, error);
      await this.save(client, event.cursor);
      return true;
    }
    this.logger.warn({ ...about, failures }, 'an entry of the journal could not be handled yet');
    const waitMs = FIRST_WAIT_MS * 2 ** (failures - 1);
    await client.query(
      `update journal_consumer set cursor = $2, failing_event = $3, failures = $4, updated_at = now(),
         waits_until = clock_timestamp() + $5 * interval '1 millisecond'
       where name = $1`,
      [this.consumer.name, cursor, event.id, failures, waitMs],
    );
    this.lookIn(waitMs);
    return false;
  }

  private async save(client: PoolClient, cursor: string): Promise<void> {
    await client.query(
      `update journal_consumer set cursor = $2, failing_event = null, failures = 0, waits_until = null, updated_at = now()
       where name = $1`,
      [this.consumer.name, cursor],
    );
  }

  private async noteGap(client: PoolClient): Promise<void> {
    this.logger.error(
      { consumer: this.consumer.name },
      'entries of the journal were removed before a consumer read them; it goes on with what is left',
    );
    await client.query('update journal_consumer set last_gap_at = now() where name = $1', [
      this.consumer.name,
    ]);
  }

  private lookIn(ms: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.look(), ms + 1);
  }
}

/** Wanted entries that follow each other and are of one workspace; one that failed before comes alone. */
function runsOf(
  events: readonly JournalEvent[],
  consumer: JournalConsumer,
  failing: number | null,
): JournalEvent[][] {
  const runs: JournalEvent[][] = [];
  for (const event of events) {
    if (!consumer.wants(event)) continue;
    const last = runs.at(-1);
    const joins =
      last !== undefined &&
      last.length < (consumer.atOnce ?? RUN) &&
      last[0]!.workspaceId === event.workspaceId &&
      last[0]!.id !== failing;
    if (joins) last.push(event);
    else runs.push([event]);
  }
  return runs;
}

/** Nothing is wrong with the entry. A statement that timed out may be the entry's own doing, so that one counts. */
function isPassing(error: unknown): boolean {
  const told = error instanceof AppError && error.code === 'DATABASE_UNAVAILABLE' ? error.cause : error;
  return isUnavailable(told) && ![QUERY_CANCELED, LOCK_NOT_AVAILABLE].includes(sqlState(told) ?? '');
}
