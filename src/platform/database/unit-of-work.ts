import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { PoolClient, QueryConfig } from 'pg';
import { DataSource, EntityManager, type ObjectLiteral, QueryRunner, Repository } from 'typeorm';
import { within } from '../../common/within';
import { currentRequestId } from '../observability/request-context';
import { CONNECT_TIMEOUT_MS, DATABASE_LIMIT_MS, PATIENT_MS } from './connections';
import {
  connectionLost,
  DatabaseLate,
  isRetryable,
  sqlState,
  TRANSACTION_ABORTED,
  translated,
} from './database-errors';
import type { WatchedClient } from './watched-client';

/** Tries of a transaction that PostgreSQL ended with a deadlock or a serialization failure. */
const MAX_TRIES = 4;
const RETRY_SPREAD_MS = 20;

type Beginning = 'begin' | 'begin read only';
type Work<T> = (tx: Transaction) => Promise<T> | T;

export interface WorkOptions {
  /** It touches so many rows that a single statement may take longer than a client waits for an answer. */
  patient?: boolean;
}

export const PATIENT: WorkOptions = { patient: true };

/** Planned once per connection, under its name. */
export interface Statement {
  name: string;
  sql: string;
  values: unknown[];
}

/** One open transaction of one workspace. */
export interface Transaction {
  readonly workspaceId: number;
  readonly manager: EntityManager;
  /** Rows of any statement. */
  query<Row>(sql: string, values?: unknown[]): Promise<Row[]>;
  /** The same, planned once per connection: for hot statements. */
  prepared<Row>(name: string, sql: string, values: unknown[]): Promise<Row[]>;
  /**
   * The last statements, with rows of the first: COMMIT goes out with them, which spares the locks a way there and back.
   * Nothing may follow, and what fails afterwards undoes nothing.
   */
  preparedLast<Row>(first: Statement, ...more: Statement[]): Promise<Row[]>;
  /**
   * For statements whose answer nobody needs: on the wire at once, in order, and awaited before the commit, which
   * does not happen where one of them failed.
   */
  send(name: string, sql: string, values: unknown[]): void;
  /** Runs once the transaction is durable; never after a rollback. Must not throw. */
  afterCommit(fn: () => void): void;
}

type PatientClient = PoolClient & Pick<WatchedClient, 'silenceLimitMs'>;

class OpenTransaction implements Transaction {
  readonly committed: (() => void)[] = [];
  /** From then on its connection may be another's. */
  ended = false;
  /** What broke the transaction, of statements whose answer nobody waits for. */
  cause: unknown = null;
  /** The first error of any statement: those of later ones may only say that there was one. */
  private firstFailure: unknown = null;
  private readonly sent: Promise<unknown>[] = [];
  private committing: Promise<void> | null = null;

  constructor(
    readonly workspaceId: number,
    readonly runner: QueryRunner,
    private readonly client: PatientClient,
    /** On the clock of `performance.now()`. */
    private readonly until: number,
  ) {}

  get manager(): EntityManager {
    return this.runner.manager;
  }

  /** On the wire together with the first statement of the work: the connection is in pipeline mode. */
  begin(how: Beginning): void {
    // A whole number, so it needs no parameter: one message instead of two, and none to be planned.
    this.track(this.client.query(`${how}; set local app.workspace_id = ${this.workspaceId}`));
    // TypeORM must know, or it would wrap some of its calls in transactions of their own.
    Object.assign(this.runner, { isTransactionActive: true, transactionDepth: 1 });
  }

  async commit(): Promise<void> {
    return await (this.committing ??= this.doCommit());
  }

  private async doCommit(): Promise<void> {
    this.hurry();
    this.ended = true;
    const commit = this.client.query('commit');
    await Promise.allSettled([...this.sent, commit]);
    // After a failed statement PostgreSQL takes COMMIT, undoes everything, and says so only in its answer.
    if ((await commit).command !== 'COMMIT')
      throw new Error('A statement of the unit of work had failed unnoticed, so nothing of it was kept.');
    Object.assign(this.runner, { isTransactionActive: false, transactionDepth: 0 });
  }

  async rollback(): Promise<void> {
    this.ended = true;
    await Promise.allSettled([...this.sent, this.client.query('rollback')]);
    Object.assign(this.runner, { isTransactionActive: false, transactionDepth: 0 });
  }

  async query<Row>(sql: string, values: unknown[] = []): Promise<Row[]> {
    return await this.rows({ text: sql, values });
  }

  async prepared<Row>(name: string, sql: string, values: unknown[]): Promise<Row[]> {
    return await this.rows({ name, text: sql, values });
  }

  async preparedLast<Row>({ name, sql, values }: Statement, ...more: Statement[]): Promise<Row[]> {
    this.refuseIfEnded();
    this.hurry();
    const first = this.client.query({ name, text: sql, values });
    this.track(first);
    for (const each of more) this.send(each.name, each.sql, each.values);
    this.committing = this.doCommit();
    this.committing.catch(() => undefined); // whoever ends the unit of work hears of it
    return (await first).rows as Row[];
  }

  send(name: string, sql: string, values: unknown[]): void {
    this.refuseIfEnded();
    this.hurry();
    this.track(this.client.query({ name, text: sql, values }));
  }

  afterCommit(fn: () => void): void {
    this.committed.push(fn);
  }

  private track(statement: Promise<unknown>): void {
    this.sent.push(statement);
    statement.catch((error: unknown) => {
      this.firstFailure ??= error;
      this.cause ??= error;
    });
  }

  /** Why the work ended with this error. */
  reasonFor(error: unknown): unknown {
    const reason = this.cause ?? error;
    return sqlState(reason) === TRANSACTION_ABORTED ? (this.firstFailure ?? reason) : reason;
  }

  private async rows<Row>(query: QueryConfig): Promise<Row[]> {
    this.refuseIfEnded();
    this.hurry();
    try {
      return (await this.client.query(query)).rows as Row[];
    } catch (error) {
      this.firstFailure ??= error;
      throw error;
    }
  }

  /** Each statement gets what those before it left of the time: many short waits are a long one too. */
  private hurry(): void {
    if (this.until === Infinity) return;
    const left = this.until - performance.now();
    if (left <= 0) throw new DatabaseLate();
    this.client.silenceLimitMs = left;
  }

  private refuseIfEnded(): void {
    if (this.ended) throw new Error('This unit of work has ended: something in it was not awaited.');
  }
}

/**
 * Every piece of work runs in one transaction that sees one workspace. The transaction travels with the
 * call (AsyncLocalStorage), so that nothing has to be handed on and nothing can use the wrong one.
 *
 * Nothing inside may wait for the network or a disk.
 */
@Injectable()
export class UnitOfWork {
  private readonly storage = new AsyncLocalStorage<OpenTransaction>();

  constructor(private readonly source: DataSource) {}

  /**
   * Runs `fn` in a transaction of this workspace, or in the one that is already open.
   * A deadlock or serialization failure runs `fn` again from the start, so its only effects must be in the database.
   * Throws `DATABASE_UNAVAILABLE` where the database cannot be reached, or says nothing for more than four seconds; and
   * where a client waits for the answer to its request, when all of it takes longer than that.
   */
  async run<T>(scope: { workspaceId: number }, fn: Work<T>, options: WorkOptions = {}): Promise<T> {
    return await this.joinOrOpen('begin', scope.workspaceId, fn, options);
  }

  /**
   * The same for work that only reads, which PostgreSQL holds it to. Its result is there as soon as `fn` has it:
   * nothing is left that could fail to be kept.
   */
  async read<T>(scope: { workspaceId: number }, fn: Work<T>, options: WorkOptions = {}): Promise<T> {
    return await this.joinOrOpen('begin read only', scope.workspaceId, fn, options);
  }

  /** The open transaction. Throws where there is none: a repository was called outside a unit of work. */
  get current(): Transaction {
    const { open } = this;
    if (open === null) throw new Error('No unit of work is open.');
    return open;
  }

  repository<Entity extends ObjectLiteral>(entity: new () => Entity): Repository<Entity> {
    return this.current.manager.getRepository(entity);
  }

  /** Work that was not awaited still carries a transaction that has ended; it counts as none. */
  private get open(): OpenTransaction | null {
    const found = this.storage.getStore();
    return found === undefined || found.ended ? null : found;
  }

  private async joinOrOpen<T>(
    how: Beginning,
    workspaceId: number,
    fn: Work<T>,
    options: WorkOptions,
  ): Promise<T> {
    if (!Number.isSafeInteger(workspaceId)) throw new Error(`${workspaceId} is not a workspace.`);
    const { open } = this;
    if (open !== null) {
      if (open.workspaceId !== workspaceId) throw new Error('A transaction cannot change its workspace.');
      return await fn(open);
    }
    const isAwaited = how === 'begin' && options.patient !== true && currentRequestId() !== undefined;
    const until = isAwaited ? performance.now() + DATABASE_LIMIT_MS : Infinity;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.once(how, workspaceId, fn, { ...options, until });
      } catch (error) {
        if (!isRetryable(error) || attempt === MAX_TRIES || performance.now() > until)
          throw translated(error);
        // Whoever met in a deadlock would meet again by starting again together.
        await delay(Math.random() * attempt * RETRY_SPREAD_MS);
      }
    }
  }

  private async once<T>(
    how: Beginning,
    workspaceId: number,
    fn: Work<T>,
    options: WorkOptions & { until: number },
  ): Promise<T> {
    const runner = this.source.createQueryRunner();
    const client = await connected(runner, options);
    let tx: OpenTransaction | null = null;
    let ending: Promise<void> | null = null;
    try {
      tx = new OpenTransaction(workspaceId, runner, client, options.until);
      tx.begin(how);
      const result = await this.storage.run(tx, fn, tx);
      ending = tx.commit();
      if (how === 'begin') await ending;
      for (const callback of tx.committed) callback();
      return result;
    } catch (error) {
      const lost = runner.isReleased; // TypeORM lets go of a connection that broke
      if (tx !== null && !lost) await tx.rollback();
      const cause = tx === null ? error : tx.reasonFor(error);
      throw lost ? connectionLost(cause) : cause;
    } finally {
      if (tx !== null) tx.ended = true;
      const released = Promise.allSettled([ending]).then(() => runner.release());
      if (how === 'begin') await released;
    }
  }
}

/** Its connection, which may be silent for what the wait for it left of the time. */
async function connected(runner: QueryRunner, { patient = false }: WorkOptions): Promise<PatientClient> {
  const asked = performance.now();
  const connecting = runner.connect() as Promise<PatientClient>;
  try {
    const client = await within(CONNECT_TIMEOUT_MS, connecting, () => new DatabaseLate());
    const left = DATABASE_LIMIT_MS - (performance.now() - asked);
    client.silenceLimitMs = patient ? PATIENT_MS : left;
    return client;
  } catch (error) {
    // Where it comes later after all, the next one gets it.
    connecting.then(() => runner.release()).catch(() => undefined);
    throw error;
  }
}
