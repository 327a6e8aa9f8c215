import * as fc from 'fast-check';
import type { ApiDocument, DocumentedRoute } from './openapi';

type Json = Record<string, unknown>;

export interface HostileRequest {
  method: string;
  /** With the query. */
  path: string;
  route: string;
  body: string | undefined;
  type: string | undefined;
}

const TEXTS = [
  '',
  ' ',
  'a\u0000b',
  '\ud800',
  '%',
  '_',
  '%25',
  "'; drop table message; --",
  '{{7*7}}',
  '<script>alert(1)</script>',
  '../../etc/passwd',
  '\u202eabc',
  '👩‍👩‍👧',
  'é'.repeat(300),
  'x'.repeat(5_000),
  'NaN',
  'null',
  '__proto__',
];
const NUMBERS = [0, -1, 1, 1.5, 2 ** 31, 2 ** 53, 2 ** 63, -(2 ** 63), 1e308, 999_999_999];
const IDS = [
  '0',
  '-1',
  '1.5',
  '9007199254740993',
  '99999999999999999999',
  'abc',
  '%00',
  '1%20',
  '0x1',
  '1e3',
  '٣',
  '..',
];

const anything: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(null, true, false, [], {}, [[[[]]]], { a: { b: { c: 1 } } }),
  fc.constantFrom<unknown>(...TEXTS),
  fc.constantFrom<unknown>(...NUMBERS),
  fc.string({ unit: 'binary', maxLength: 30 }),
);

const smallId = fc.integer({ min: 1, max: 12 });

/** Mostly a value as the schema asks for it, sometimes anything else. */
function valueFor(schema: Json, document: ApiDocument, depth = 0): fc.Arbitrary<unknown> {
  const one = resolved(schema, document);
  const good = goodValueFor(one, document, depth);
  return fc.oneof({ arbitrary: good, weight: 9 }, { arbitrary: anything, weight: 1 });
}

function goodValueFor(one: Json, document: ApiDocument, depth: number): fc.Arbitrary<unknown> {
  const alternatives = (one['anyOf'] ?? one['oneOf']) as Json[] | undefined;
  if (alternatives !== undefined)
    return fc.oneof(...alternatives.map((each) => valueFor(each, document, depth + 1)));
  if (one['enum'] !== undefined) return fc.constantFrom(...(one['enum'] as unknown[]));
  const types = [one['type']].flat();
  const type = types.find((each) => each !== 'null');
  switch (type) {
    case 'integer':
    case 'number':
      return fc.oneof(smallId, fc.integer());
    case 'boolean':
      return fc.boolean();
    case 'string':
      return fc.oneof(
        fc.string({ minLength: 1, maxLength: Math.min(40, (one['maxLength'] as number | undefined) ?? 40) }),
        fc.constantFrom('Ana', '+5491155550001', '2026-01-01T00:00:00Z', 'admin', ...TEXTS),
      );
    case 'array':
      return fc.array(valueFor((one['items'] ?? {}) as Json, document, depth + 1), { maxLength: 4 });
    case 'object':
      return depth > 4 ? fc.constant({}) : objectFor(one, document, depth);
    default:
      return anything;
  }
}

function objectFor(one: Json, document: ApiDocument, depth: number): fc.Arbitrary<unknown> {
  const properties = (one['properties'] ?? {}) as Record<string, Json>;
  const required = (one['required'] ?? []) as string[];
  const fields = Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => [name, valueFor(schema, document, depth + 1)]),
  );
  const model = fc.record(fields, { requiredKeys: required.filter((name) => name in fields) });
  const withMore = fc
    .tuple(model, fc.constantFrom('extra', 'id', 'workspace_id', '__proto__x', 'constructor'), anything)
    .map(([value, name, more]) => ({ ...(value as object), [name]: more }));
  return fc.oneof({ arbitrary: model, weight: 9 }, { arbitrary: withMore, weight: 1 });
}

/** Requests to every documented route, most of them nearly right. */
export function hostileRequests(
  document: ApiDocument,
  isAllowed: (route: DocumentedRoute) => boolean,
): fc.Arbitrary<HostileRequest> {
  const routes = document.routes.filter(isAllowed);
  return fc.oneof(...routes.map((route) => requestTo(route, document)));
}

function requestTo(route: DocumentedRoute, document: ApiDocument): fc.Arbitrary<HostileRequest> {
  const { operation, method } = route;
  const inPath = operation.parameters.filter((one) => one.in === 'path').map(({ name }) => name);
  const inQuery = operation.parameters.filter((one) => one.in === 'query');
  const path = fc
    .array(
      fc.oneof(
        { arbitrary: smallId.map(String), weight: 6 },
        { arbitrary: fc.constantFrom(...IDS), weight: 1 },
      ),
      {
        minLength: inPath.length,
        maxLength: inPath.length,
      },
    )
    .map((values) => inPath.reduce((text, name, i) => text.replace(`{${name}}`, values[i]!), route.path));
  const query = fc
    .record(Object.fromEntries(inQuery.map(({ name, schema }) => [name, valueFor(schema, document)])), {
      requiredKeys: inQuery.filter((one) => one.required).map(({ name }) => name),
    })
    .map((values) =>
      Object.entries(values)
        .map(
          ([name, value]) => `${name}=${encoded(typeof value === 'string' ? value : JSON.stringify(value))}`,
        )
        .join('&'),
    );
  return fc.tuple(path, query, bodyFor(route, document)).map(([target, search, { body, type }]) => ({
    method,
    route: `${method} ${route.path}`,
    path: search === '' ? target : `${target}?${search}`,
    body,
    type,
  }));
}

function bodyFor(
  { operation }: DocumentedRoute,
  document: ApiDocument,
): fc.Arbitrary<Pick<HostileRequest, 'body' | 'type'>> {
  const content = operation.requestBody?.content;
  const none = { body: undefined, type: undefined };
  if (content === undefined) return fc.constant(none);
  const json = content['application/json'];
  const odd = fc.constantFrom(
    none,
    { body: '{', type: 'application/json' },
    { body: '[]', type: 'application/json' },
    { body: 'null', type: 'application/json' },
    { body: 'a=1', type: 'application/x-www-form-urlencoded' },
    { body: '--x\r\n\r\n', type: 'multipart/form-data; boundary=x' },
    { body: 'name,phone_number\n"', type: 'text/csv' },
    { body: `${'['.repeat(200)}${']'.repeat(200)}`, type: 'application/json' },
  );
  if (json === undefined) return odd;
  const good = valueFor(json.schema, document).map((value) => ({
    body: JSON.stringify(value),
    type: 'application/json',
  }));
  return fc.oneof({ arbitrary: good, weight: 12 }, { arbitrary: odd, weight: 1 });
}

/** `encodeURIComponent` throws on half a character; a client may send it all the same. */
function encoded(text: string | undefined): string {
  return encodeURIComponent((text ?? '').replace(/\p{Surrogate}/gu, '\ufffd'));
}

function resolved(schema: Json, document: ApiDocument): Json {
  let at = schema;
  while (typeof at['$ref'] === 'string')
    at = document.json.components.schemas[at['$ref'].replace('#/components/schemas/', '')] ?? {};
  return at;
}
