import { ABSENCE_HOUR } from './absence-hour';
import { DATABASE_FAULTS } from './database';
import { DUPLICATE_FAULTS } from './duplicates';
import type { Fault } from './fault';
import { GRAPH_FAULTS } from './graph';
import { PROCESS_FAULTS } from './processes';
import { REDIS_FAULTS } from './redis';
import { RIGHTS_FAULTS } from './rights';
import { SLOW_CONSUMERS } from './slow-consumers';
import { SOCKET_FAULTS } from './sockets';
import { STATUS_FAULTS } from './statuses';

/**
 * The table, in the order in which it runs: what needs the link to PostgreSQL comes last. A fault's place is part of
 * its customers' telephone numbers.
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
  ...DATABASE_FAULTS,
];
