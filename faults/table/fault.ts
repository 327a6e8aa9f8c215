import type { Trial } from '../trial';

/** A row of the table: what is done to the system, and what must hold all the same. */
export interface Fault {
  name: string;
  does: string;
  passes: string;
  /** Only where Redis is installed. */
  needsRedis?: true;
  /** It has a cluster to itself, with this folder of PostgreSQL on a small disk; only where there is one. */
  onSmallDisk?: 'base' | 'pg_wal';
  /** Puts load on, breaks something, mends it. Judged is afterwards. */
  run(trial: Trial): Promise<void>;
}
