import { Injectable } from '@nestjs/common';
import { PlatformDatabase } from '../database/connections';

/** Longest wait for the database's sign of life, in ms. */
const CHECK_TIMEOUT_MS = 2_000;

/** Whether this process should get traffic. */
@Injectable()
export class Readiness {
  private draining = false;

  constructor(private readonly db: PlatformDatabase) {}

  /** From now on not ready: the process is about to stop. */
  drain(): void {
    this.draining = true;
  }

  async check(): Promise<{
    ready: boolean;
    checks: { process: 'up' | 'stopping'; database: 'up' | 'down' };
  }> {
    const database = await this.databaseAnswers();
    return {
      ready: database && !this.draining,
      checks: { process: this.draining ? 'stopping' : 'up', database: database ? 'up' : 'down' },
    };
  }

  private async databaseAnswers(): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<false>(
      (resolve) => (timer = setTimeout(() => resolve(false), CHECK_TIMEOUT_MS)),
    );
    const answer = this.db.query('select 1').then(
      () => true,
      () => false,
    );
    return await Promise.race([answer, timeout]).finally(() => clearTimeout(timer));
  }
}
