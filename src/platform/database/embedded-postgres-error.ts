/** Why the embedded PostgreSQL cannot run here, in words for the operator. */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError';
}

const WAY_OUT = 'Set DATABASE_URL to use a PostgreSQL server of your own instead.';

/** An error of the embedded PostgreSQL that ends with the way out: a server of the operator's own. */
export function cannotRun(what: string, cause?: unknown): EmbeddedPostgresError {
  return new EmbeddedPostgresError(`The embedded PostgreSQL ${what}. ${WAY_OUT}`, { cause });
}

/** Keeps our own errors and turns any other (disk, permissions, spawn) into one with the way out. */
export function explain(error: unknown, what = 'could not be started'): EmbeddedPostgresError {
  if (error instanceof EmbeddedPostgresError) return error;
  return cannotRun(`${what}: ${error instanceof Error ? error.message : String(error)}`, error);
}

/** The `code` of a Node or PostgreSQL error (`ENOENT`, `28P01`), if it has one. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
