import { randomUUID } from 'node:crypto';
import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type { Logger } from 'pino';
import { clock } from '../../common/clock';
import { AppError } from '../../common/app-error';
import { CONFIG, type Config } from '../../config/config';
import { PlatformDatabase } from '../database/connections';
import { isUnavailable } from '../database/database-errors';
import type { Transaction } from '../database/unit-of-work';
import { WakeUp } from '../events/wake-up';
import { LOGGER } from '../observability/observability.module';
import { strikeOut } from '../observability/logger';

/** A hold is renewed this often before it runs out; a killed worker's jobs are free again when it has. */
const RENEWALS_PER_HOLD = 4;
const POLL_MS = 1_000;
const MAX_ATTEMPTS = 20;
const MAX_ERROR_LENGTH = 2_000;
/** How long a stopping worker waits for running jobs, in ms; what is left then is taken up by another worker. */
const DRAIN_MS = 6_000;

const STOPPING = new Error('the process stops');

export interface Job {
  id: number;
  workspaceId: number;
  key: string;
  payload: Record<string, unknown>;
  /** 1 on the first try. */
  attempt: number;
  /** Aborted when the hold is lost or the process stops: begin nothing new. */
  signal: AbortSignal;
  /** Throws {@link HoldLost} unless the job is still this taking's, and keeps it so until the transaction ends. */
  assertHeld(tx: Transaction): Promise<void>;
  /**
   * Whether the job can be nobody else's yet, nor soon. For the last moment before something that no transaction can
   * hold: it asks nobody, and knows of the time for which the process stood still.
   */
  isSurelyHeld(): boolean;
}

/** Done, or to be run again at a time of the handler's choosing. A thrown error is retried with back-off. */
export type JobResult = void | { runAgainAt: Date };
export type JobHandler = (job: Job) => Promise<JobResult>;

/** Another worker may have taken the job over meanwhile. */
export class HoldLost extends Error {
  override readonly name = 'HoldLost';
}

/** The database could not serve: nothing is wrong with the job itself. */
export function isPassing(error: unknown): boolean {
  return isUnavailable(error) || (error instanceof AppError && error.code === 'DATABASE_UNAVAILABLE');
}

/** A taking of a job that runs here. */
interface Running {
  row: JobRow;
  abort: AbortController;
  /** On the clock of `performance.now()`, which nothing sets and which goes on while the process does not. */
  surelyUntil: number;
}

interface JobRow {
  id: number;
  workspace_id: number;
  task: string;
  key: string;
  payload: Record<string, unknown>;
  generation: number;
  attempts: number;
}

/** Takes due jobs of all workspaces and runs their handlers. */
@Injectable()
export class JobWorker implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly handlers = new Map<string, JobHandler>();
  private readonly running = new Map<string, Running & { done: Promise<void> }>();
  private taking = false;
  private takeAgain = false;
  private taken: Promise<void> = Promise.resolve();
  private stopped = false;
  private timers: NodeJS.Timeout[] = [];
  private stopListening: () => void = () => undefined;

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly db: PlatformDatabase,
    private readonly wakeUp: WakeUp,
  ) {}

  /** One handler per task, registered while the modules start. */
  register(task: string, handler: JobHandler): void {
    if (this.handlers.has(task)) throw new Error(`Task ${task} has two handlers.`);
    this.handlers.set(task, handler);
  }

  onApplicationBootstrap(): void {
    if (this.config.role === 'api') return;
    this.stopListening = this.wakeUp.on('jobs', () => this.take());
    this.timers = [
      setInterval(() => this.take(), POLL_MS),
      setInterval(() => void this.renew(), (this.config.jobs.holdSeconds * 1_000) / RENEWALS_PER_HOLD),
    ];
    this.take();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopped = true;
    this.stopListening();
    this.timers.forEach(clearInterval);
    for (const { abort } of this.running.values()) abort.abort(STOPPING);
    await Promise.race([this.drained(), new Promise((ok) => setTimeout(ok, DRAIN_MS).unref())]);
  }

  private async drained(): Promise<void> {
    await this.taken;
    await Promise.all([...this.running.values()].map(({ done }) => done));
  }

  /** Takes as many due jobs as there are free slots. Callers may overlap; one statement runs at a time. */
  private take(): void {
    this.takeAgain = true;
    if (!this.taking && !this.stopped) this.taken = this.takeWhileAsked();
  }

  private async takeWhileAsked(): Promise<void> {
    this.taking = true;
    try {
      while (this.takeAgain && !this.stopped) {
        this.takeAgain = false;
        const free = this.config.jobs.concurrency - this.running.size;
        if (free <= 0 || this.handlers.size === 0) break;
        const hold = randomUUID();
        const asked = performance.now();
        const rows = await this.db.prepared<JobRow>(
          'job_take',
          `with due as (
             select id from job where failed_at is null and run_at <= now() and task = any ($3) and id <> all ($5)
             order by run_at, id limit $2 for update skip locked)
           update job set held_by = $1, attempts = attempts + 1, run_at = now() + $4 * interval '1 second'
           from due where job.id = due.id
           returning job.id, workspace_id, task, key, payload, generation, attempts`,
          // One whose hold ran out while this process stood still is still at work here, and would meet itself.
          [
            hold,
            free,
            [...this.handlers.keys()],
            this.config.jobs.holdSeconds,
            [...this.running.values()].map(({ row }) => row.id),
          ],
        );
        for (const row of rows) this.start(row, hold, asked);
      }
    } catch (err) {
      this.logger.warn({ err }, 'jobs cannot be taken right now');
    } finally {
      this.taking = false;
    }
  }

  private start(row: JobRow, hold: string, asked: number): void {
    const abort = new AbortController();
    if (this.stopped) abort.abort(STOPPING);
    const slot = `${row.id}/${hold}`;
    const running: Running = { row, abort, surelyUntil: this.surelyUntil(asked) };
    const done = this.run(running, hold).finally(() => {
      this.running.delete(slot);
      this.take();
    });
    this.running.set(slot, Object.assign(running, { done }));
  }

  /** A hold that was asked for at this moment began later, and what is begun in its last part may end after it. */
  private surelyUntil(asked: number): number {
    return asked + this.config.jobs.holdSeconds * 1_000 * (1 - 1 / RENEWALS_PER_HOLD);
  }

  private async run(running: Running, hold: string): Promise<void> {
    const { row } = running;
    const job: Job = {
      id: row.id,
      workspaceId: row.workspace_id,
      key: row.key,
      payload: row.payload,
      attempt: row.attempts,
      signal: running.abort.signal,
      isSurelyHeld: () => performance.now() < running.surelyUntil,
      assertHeld: async (tx) => {
        const held = await tx.query('select 1 from job where id = $1 and held_by = $2 for key share', [
          row.id,
          hold,
        ]);
        if (held.length === 0) throw new HoldLost(`Job ${row.id} was taken over.`);
      },
    };
    try {
      const result = await this.handlers.get(row.task)!(job);
      await this.finish(row, hold, result?.runAgainAt ?? null);
    } catch (error) {
      if (error instanceof HoldLost) return;
      await this.fail(row, hold, error).catch((err: unknown) => {
        this.logger.warn({ err, job: row.id }, 'a failed job could not be put back; its hold will run out');
      });
    }
  }

  private async finish(row: JobRow, hold: string, runAgainAt: Date | null): Promise<void> {
    const params = [row.id, hold, row.generation];
    const done =
      runAgainAt === null
        ? await this.db.query(
            'delete from job where id = $1 and held_by = $2 and generation = $3 returning id',
            params,
          )
        : await this.db.query(
            `update job set held_by = null, attempts = 0, run_at = now() + $4 * interval '1 millisecond'
             where id = $1 and held_by = $2 and generation = $3 returning id`,
            // A wait, not a time: this clock and the database's may differ, and a job due by only one of them would spin.
            [...params, Math.max(0, runAgainAt.getTime() - clock.now())],
          );
    if (done.length > 0) return;
    // Asked for again while it ran.
    await this.db.query(
      'update job set held_by = null, attempts = 0, run_at = now() where id = $1 and held_by = $2',
      [row.id, hold],
    );
    this.wakeUp.signal('jobs');
  }

  private async fail(row: JobRow, hold: string, error: unknown): Promise<void> {
    const passing = isPassing(error);
    const said = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    const text = strikeOut(said).replaceAll('\0', '\u2400').slice(0, MAX_ERROR_LENGTH);
    const last = row.attempts >= MAX_ATTEMPTS && !passing;
    this.logger[last ? 'error' : 'warn'](
      { err: error, job: row.id, task: row.task, attempt: row.attempts },
      last ? 'a job was given up' : 'a job failed and will be tried again',
    );
    const delay = Math.min(300, 2 ** Math.min(row.attempts, 9)) * (0.75 + Math.random() / 2);
    await this.db.query(
      `update job set held_by = null, last_error = $3, failed_at = case when $4 then now() end,
         attempts = attempts - $5::int, run_at = now() + $6 * interval '1 second'
       where id = $1 and held_by = $2`,
      [row.id, hold, text, last, passing ? 1 : 0, delay],
    );
  }

  private async renew(): Promise<void> {
    if (this.running.size === 0) return;
    const slots = [...this.running.keys()].map((slot) => slot.split('/') as [string, string]);
    const asked = performance.now();
    try {
      const kept = await this.db.query<{ id: number; held_by: string }>(
        `update job set run_at = now() + $3 * interval '1 second'
         from unnest($1::bigint[], $2::uuid[]) as mine(id, hold)
         where job.id = mine.id and job.held_by = mine.hold returning job.id, job.held_by`,
        [slots.map(([id]) => id), slots.map(([, hold]) => hold), this.config.jobs.holdSeconds],
      );
      const still = new Set(kept.map((row) => `${row.id}/${row.held_by}`));
      for (const [id, hold] of slots) {
        const slot = `${id}/${hold}`;
        const running = this.running.get(slot);
        if (running === undefined) continue;
        if (still.has(slot)) {
          running.surelyUntil = this.surelyUntil(asked);
        } else {
          running.surelyUntil = -Infinity;
          running.abort.abort(new HoldLost(`Job ${id} was taken over.`));
        }
      }
    } catch (err) {
      this.logger.warn({ err }, 'holds on running jobs cannot be renewed right now');
    }
  }
}
