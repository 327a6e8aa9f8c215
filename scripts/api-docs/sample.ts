import { resolve, type Schema, type Schemas } from './schema';

const TIME = '2026-03-14T15:09:26.535Z';

/** Values that say more than their type does, by the name of the field. */
const BY_NAME: Readonly<Record<string, unknown>> = {
  access_token: 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.…',
  api_version: 'v25.0',
  body: 'Hola',
  channel: 'whatsapp',
  code: 'VALIDATION_FAILED',
  email: 'ana@example.com',
  external_id: '5491155550001',
  limit: 20,
  mime_type: 'image/jpeg',
  name: 'Ana',
  page: 1,
  pages: 1,
  phone_number: '+5491155550001',
  phone_number_id: '106540352242922',
  requestId: '0b5b7f0e-5d0a-4c8f-9f44-5f8f2f1f5a11',
  total: 1,
  username: 'ana',
  uuid: '7c9e6679-7425-40de-944b-e07fc1f90ae7',
  whatsapp_message_id: 'wamid.HBgNNTQ5MTE1NTU1MDAwMRUCABIYFDNBMDI1',
};

/** An example of a value, the same one every time. */
export function sampleOf(schema: Schema, schemas: Schemas, name = '', depth = 0): unknown {
  const one = resolve(schema, schemas);
  if (one.default !== undefined) return one.default;
  if (one.const !== undefined) return one.const;
  if (one.enum !== undefined) return one.enum.find((value) => value !== null) ?? null;
  const alternatives = one.anyOf ?? one.allOf;
  if (alternatives !== undefined) {
    const best = alternatives.find((inner) => resolve(inner, schemas).type !== 'null') ?? {};
    return sampleOf(best, schemas, name, depth);
  }
  const types = Array.isArray(one.type) ? one.type : [one.type];
  const type = types.find((each) => each !== 'null');
  if (type === 'object') return objectOf(one, schemas, depth);
  if (type === 'array') return depth > 5 ? [] : [sampleOf(one.items ?? {}, schemas, name, depth + 1)];
  const known = BY_NAME[name];
  if (known !== undefined && typeof known === (type === 'integer' ? 'number' : type)) return known;
  if (type === 'boolean') return true;
  if (type === 'integer' || type === 'number') return one.minimum ?? 1;
  if (type === 'string') return textOf(one, name);
  return null;
}

function objectOf(one: Schema, schemas: Schemas, depth: number): object {
  if (depth > 5) return {};
  return Object.fromEntries(
    Object.entries(one.properties ?? {}).map(([name, inner]) => [
      name,
      sampleOf(inner, schemas, name, depth + 1),
    ]),
  );
}

function textOf(one: Schema, name: string): string {
  if (one.format === 'date-time' || /_at$|_until$|^until$|^since$/.test(name)) return TIME;
  if (one.format === 'uri' || name.endsWith('url')) return 'https://example.com/file';
  return 'text';
}
