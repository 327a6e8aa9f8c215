import { Injectable } from '@nestjs/common';
import { PlatformDatabase } from '../database/connections';
import { ObjectStorage } from '../storage/object-storage';

/** Longest wait for a sign of life, in ms. */
const CHECK_TIMEOUT_MS = 2_000;

/** Whether this process should get traffic. */
@Injectable()
export class Readiness {
  private draining = false;

  constructor(
    private readonly db: PlatformDatabase,
    private readonly storage: ObjectStorage,
  ) {}

  /** From now on not ready: the process is about to stop. */
  drain(): void {
    this.draining = true;
  }

  async check(): Promise<{
    ready: boolean;
    checks: { process: 'up' | 'stopping'; database: 'up' | 'down'; files: 'up' | 'down' };
  }> {
    const [database, files] = await Promise.all([
      inTime(this.db.query('select 1').then(() => true)),
      inTime(this.storage.isUp()),
    ]);
    return {
      // Without its files the process still serves everything else.
      ready: database && !this.draining,
      checks: {
        process: this.draining ? 'stopping' : 'up',
        database: database ? 'up' : 'down',
        files: files ? 'up' : 'down',
      },
    };
  }
}

async function inTime(answer: Promise<boolean>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<false>(
    (resolve) => (timer = setTimeout(() => resolve(false), CHECK_TIMEOUT_MS)),
  );
  return await Promise.race([answer.catch(() => false), timeout]).finally(() => clearTimeout(timer));
}
