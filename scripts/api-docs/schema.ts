/** JSON Schema as OpenAPI 3.1 takes it; only the words that are used here. */
export interface Schema {
  $ref?: string;
  type?: string | string[];
  description?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  items?: Schema;
  anyOf?: Schema[];
  allOf?: Schema[];
  enum?: unknown[];
  const?: unknown;
  default?: unknown;
  format?: string;
  pattern?: string;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  uniqueItems?: boolean;
}

export type Schemas = Record<string, Schema>;

const REF = '#/components/schemas/';

export function refTo(name: string): Schema {
  return { $ref: `${REF}${name}` };
}

/** The schema itself, or the one it refers to. */
export function resolve(schema: Schema, schemas: Schemas): Schema {
  let at = schema;
  for (let steps = 0; at.$ref !== undefined && steps < 20; steps++)
    at = schemas[at.$ref.slice(REF.length)] ?? {};
  return at;
}

/** Calls `visit` for the schema and all that stand in it; what it answers takes their place. */
export function mapSchema(schema: Schema, visit: (one: Schema) => Schema): Schema {
  const one: Schema = { ...schema };
  if (one.properties !== undefined) {
    one.properties = Object.fromEntries(
      Object.entries(one.properties).map(([name, inner]) => [name, mapSchema(inner, visit)]),
    );
  }
  if (one.items !== undefined) one.items = mapSchema(one.items, visit);
  if (one.anyOf !== undefined) one.anyOf = one.anyOf.map((inner) => mapSchema(inner, visit));
  if (one.allOf !== undefined) one.allOf = one.allOf.map((inner) => mapSchema(inner, visit));
  if (typeof one.additionalProperties === 'object')
    one.additionalProperties = mapSchema(one.additionalProperties, visit);
  return visit(one);
}
