import { ABSENCE_HOUR } from './absence-hour';
import { CLOCK_FAULTS } from './clocks';
import { DATABASE_FAULTS } from './database';
import { DISK_FAULTS } from './disk';
import { DUPLICATE_FAULTS } from './duplicates';
import type { Fault } from './fault';
import { GRAPH_FAULTS } from './graph';
import { MIGRATION_FAULTS } from './migration';
import { PROCESS_FAULTS } from './processes';
import { REDIS_FAULTS } from './redis';
import { RIGHTS_FAULTS } from './rights';
import { SLOW_CONSUMERS } from './slow-consumers';
import { SOCKET_FAULTS } from './sockets';
import { STATUS_FAULTS } from './statuses';
import { WORKER_FAULTS } from './workers';

/**
 * The table, in the order in which it runs: what needs the link to PostgreSQL comes late, and
 * what needs a cluster of its own last. A fault's place is part of its customers' telephone numbers.
 */
export const FAULTS: readonly Fault[] = [
  ...PROCESS_FAULTS,
  ...DUPLICATE_FAULTS,
  ...STATUS_FAULTS,
  ...GRAPH_FAULTS,
  ...REDIS_FAULTS,
  ...SOCKET_FAULTS,
  SLOW_CONSUMERS,
  ...RIGHTS_FAULTS,
  ABSENCE_HOUR,
  ...WORKER_FAULTS,
  ...CLOCK_FAULTS,
  ...MIGRATION_FAULTS,
  ...DATABASE_FAULTS,
  ...DISK_FAULTS,
];

const QUICK = [
  'kill-api',
  'kill-worker',
  'crash-points',
  'kill-postgres',
  'three-at-once',
  'statuses-any-order',
  'graph-answer-lost',
];

/** What a build server tries each time. */
export const QUICK_FAULTS = FAULTS.filter(({ name }) => QUICK.includes(name));
