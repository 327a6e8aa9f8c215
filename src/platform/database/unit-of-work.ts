import { AsyncLocalStorage } from 'node:async_hooks';
import { Injectable } from '@nestjs/common';
import type { PoolClient } from 'pg';
import { DataSource, EntityManager, type ObjectLiteral, QueryRunner, Repository } from 'typeorm';
import { isRetryable, translated } from './database-errors';

/** Tries of a transaction that PostgreSQL ended with a deadlock or a serialization failure. */
const MAX_TRIES = 4;

/** One open transaction of one workspace. */
export interface Transaction {
  readonly workspaceId: number;
  readonly manager: EntityManager;
  /** Rows of any statement. */
  query<Row>(sql: string, values?: unknown[]): Promise<Row[]>;
  /** The same, planned once per connection: for hot statements. */
  prepared<Row>(name: string, sql: string, values: unknown[]): Promise<Row[]>;
  /** Runs once the transaction is durable; never after a rollback. Must not throw. */
  afterCommit(fn: () => void): void;
}

class OpenTransaction implements Transaction {
  readonly committed: (() => void)[] = [];

  constructor(
    readonly workspaceId: number,
    readonly runner: QueryRunner,
    private readonly client: PoolClient,
  ) {}

  get manager(): EntityManager {
    return this.runner.manager;
  }

  async query<Row>(sql: string, values: unknown[] = []): Promise<Row[]> {
    const result = await this.client.query(sql, values);
    return result.rows as Row[];
  }

  async prepared<Row>(name: string, sql: string, values: unknown[]): Promise<Row[]> {
    const result = await this.client.query({ name, text: sql, values });
    return result.rows as Row[];
  }

  afterCommit(fn: () => void): void {
    this.committed.push(fn);
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
   * Throws `DATABASE_UNAVAILABLE` where the database cannot be reached.
   */
  async run<T>(scope: { workspaceId: number }, fn: (tx: Transaction) => Promise<T>): Promise<T> {
    const open = this.storage.getStore();
    if (open !== undefined) {
      if (open.workspaceId !== scope.workspaceId)
        throw new Error('A transaction cannot change its workspace.');
      return await fn(open);
    }
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.once(scope.workspaceId, fn);
      } catch (error) {
        if (!isRetryable(error) || attempt === MAX_TRIES) throw translated(error);
      }
    }
  }

  /** The open transaction. Throws where there is none: a repository was called outside a unit of work. */
  get current(): Transaction {
    const open = this.storage.getStore();
    if (open === undefined) throw new Error('No unit of work is open.');
    return open;
  }

  repository<Entity extends ObjectLiteral>(entity: new () => Entity): Repository<Entity> {
    return this.current.manager.getRepository(entity);
  }

  private async once<T>(workspaceId: number, fn: (tx: Transaction) => Promise<T>): Promise<T> {
    const runner = this.source.createQueryRunner();
    try {
      const client = (await runner.connect()) as PoolClient;
      await runner.startTransaction();
      const tx = new OpenTransaction(workspaceId, runner, client);
      await client.query({
        name: 'set_workspace',
        text: `select set_config('app.workspace_id', $1, true)`,
        values: [String(workspaceId)],
      });
      const result = await this.storage.run(tx, () => fn(tx));
      await runner.commitTransaction();
      for (const callback of tx.committed) callback();
      return result;
    } catch (error) {
      if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined);
      throw error;
    } finally {
      await runner.release();
    }
  }
}
