import { Injectable } from '@nestjs/common';
import { PlatformDatabase } from '../database/connections';
import { ObjectStorage } from '../storage/object-storage';
import { VirusScanner } from '../storage/virus-scanner';

/** Longest wait for a sign of life, in ms. */
const CHECK_TIMEOUT_MS = 2_000;

/** Whether the process can do its work, and what it needs for that. */
export interface Health {
  status: 'ok' | 'unavailable';
  checks: {
    process: 'up' | 'stopping';
    database: 'up' | 'down';
    /** Where files are kept; without it the rest goes on. */
    files: 'up' | 'down';
    /** Where files are scanned for viruses: without it none is taken, and the rest goes on. */
    scanner?: 'up' | 'down';
  };
}

/** Whether this process should get traffic. */
@Injectable()
export class Readiness {
  private draining = false;

  constructor(
    private readonly db: PlatformDatabase,
    private readonly storage: ObjectStorage,
    private readonly scanner: VirusScanner,
  ) {}

  /** From now on not ready: the process is about to stop. */
  drain(): void {
    this.draining = true;
  }

  async check(): Promise<{ ready: boolean; checks: Health['checks'] }> {
    const [database, files, scanner] = await Promise.all([
      inTime(this.db.query('select 1').then(() => true)),
      inTime(this.storage.isUp()),
      inTime(this.scanner.isUp()),
    ]);
    return {
      // Without its files the process still serves everything else.
      ready: database && !this.draining,
      checks: {
        process: this.draining ? 'stopping' : 'up',
        database: database ? 'up' : 'down',
        files: files ? 'up' : 'down',
        ...(scanner === null ? {} : { scanner: scanner ? 'up' : 'down' }),
      },
    };
  }
}

async function inTime<T>(answer: Promise<T>): Promise<T | false> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<false>(
    (resolve) => (timer = setTimeout(() => resolve(false), CHECK_TIMEOUT_MS)),
  );
  return await Promise.race([answer.catch((): false => false), timeout]).finally(() => clearTimeout(timer));
}
