import { compact, type JsonObject } from './json-values';

const DEFAULT_PAGE = 25;

/** A page of a list as Graph answers it: `?limit=` of them, after the cursor `?after=` of the page before. */
export function graphPage(all: readonly object[], query: URLSearchParams): JsonObject {
  const limit = Math.min(Number(query.get('limit') ?? DEFAULT_PAGE) || DEFAULT_PAGE, 1000);
  const from = Number(Buffer.from(query.get('after') ?? '', 'base64url').toString() || 0);
  const data = all.slice(from, from + limit);
  if (data.length === 0) return { data };
  const cursor = (place: number): string => Buffer.from(String(place)).toString('base64url');
  const end = from + data.length;
  return {
    data,
    paging: compact({
      cursors: { before: cursor(from), after: cursor(end) },
      next: end < all.length ? `https://graph.facebook.com/next?after=${cursor(end)}` : undefined,
    }),
  };
}
