import type { Config } from './config/config';
import { isUnavailable, sqlState, StartRefused } from './platform/database/database-errors';
import { EmbeddedPostgresError } from './platform/database/embedded-postgres-error';
import { strikeOut } from './platform/observability/logger';

/** Why the server cannot start, in one line for the operator; null where only the error itself can tell. */
export function startFailure(error: unknown, config: Config): string | null {
  if (!(error instanceof Error)) return null;
  const reason = listenFailure(error, config) ?? databaseFailure(error, config);
  return reason === null ? null : strikeOut(reason).replace(/\s*\n\s*/g, ' ');
}

function listenFailure(
  { code, syscall, hostname }: NodeJS.ErrnoException & { hostname?: string },
  { http }: Config,
): string | null {
  const wrongHost = `${http.host} is not an address of this machine: set HOST to one, or to 0.0.0.0 for all of them.`;
  if (syscall === 'getaddrinfo' && hostname === http.host) return wrongHost;
  if (syscall !== 'listen') return null;
  if (code === 'EADDRNOTAVAIL') return wrongHost;
  if (code === 'EADDRINUSE')
    return `port ${http.port} is already in use: stop what listens there, or set PORT to another one.`;
  if (code === 'EACCES') return `this user may not listen on port ${http.port}: set PORT to one above 1023.`;
  return null;
}

function databaseFailure(error: Error, { database }: Config): string | null {
  if (error instanceof EmbeddedPostgresError || error instanceof StartRefused) return error.message;
  const state = sqlState(error);
  if (state === null && !isUnavailable(error)) return null;
  const which = database.url === null ? 'the embedded database' : 'the database (DATABASE_URL or DB_*)';
  return `${which} ${isUnavailable(error) ? 'cannot be reached' : 'refuses'}: ${error.message || state}`;
}
