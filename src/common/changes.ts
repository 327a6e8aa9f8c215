import { isDeepStrictEqual } from 'node:util';

/** What differs between two states of one thing, as the audit log tells it: `{ field: { from, to } }`. */
export function changesBetween<T extends object>(
  before: T,
  after: T,
): Record<string, { from: unknown; to: unknown }> {
  const fields = Object.keys(before) as (keyof T & string)[];
  const changed = fields.filter((field) => !isDeepStrictEqual(before[field], after[field]));
  return Object.fromEntries(changed.map((field) => [field, { from: before[field], to: after[field] }]));
}
