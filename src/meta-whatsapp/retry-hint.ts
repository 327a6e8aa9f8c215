import { listOf, numberOf, objectOf } from './loose-json';

interface HeaderReader {
  get(name: string): string | null;
}

const DAY = 86_400;
const MAX_HEADER = 16_384;

/**
 * How long Meta's headers ask us to wait, in seconds, at most a day: the longest of `Retry-After` (not documented,
 * but proxies send it) and `estimated_time_to_regain_access` (minutes) in the usage headers. Null if they do not.
 */
export function retryHintSeconds(headers: HeaderReader): number | null {
  const waits = [
    retryAfter(headers),
    ...usageWaits(headers.get('x-business-use-case-usage')),
    ...usageWaits(headers.get('x-app-usage')),
  ].filter((wait) => wait !== null && wait > 0);
  return waits.length > 0 ? Math.min(DAY, Math.ceil(Math.max(...waits.map(Number)))) : null;
}

/** Seconds, or a date that counts from the answer's own date. */
function retryAfter(headers: HeaderReader): number | null {
  const value = headers.get('retry-after');
  if (value === null) return null;
  const seconds = numberOf(value.trim());
  if (seconds !== null) return seconds;
  const milliseconds = Date.parse(value) - Date.parse(headers.get('date') ?? '');
  return Number.isNaN(milliseconds) ? null : milliseconds / 1000;
}

/** `{ "<account id>": [{ "estimated_time_to_regain_access": 5 }] }`, or the inner object itself. */
function usageWaits(header: string | null): (number | null)[] {
  if (header === null || header.length > MAX_HEADER) return [];
  let usage;
  try {
    usage = objectOf(JSON.parse(header));
  } catch {
    return [];
  }
  if (usage === null) return [];
  const uses = [usage, ...Object.values(usage).flatMap(listOf)];
  return uses.map((use) => {
    const minutes = numberOf(objectOf(use)?.estimated_time_to_regain_access);
    return minutes === null ? null : minutes * 60;
  });
}
