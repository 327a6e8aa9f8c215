import { getMetadataStorage } from 'class-validator';
import type { ValidationMetadata } from 'class-validator/types/metadata/ValidationMetadata';
import type { Class } from '../access-table';
import { type Schema, type Schemas } from './schema';

type Rule = (schema: Schema, values: readonly unknown[]) => void;

/** What each validator says of a value, in the words of JSON Schema. */
const RULES: Record<string, Rule> = {
  isInt: (s) => void (s.type = withNull(s, 'integer')),
  isNumber: (s) => void (s.type = withNull(s, 'number')),
  isString: (s) => void (s.type = withNull(s, 'string')),
  isBoolean: (s) => void (s.type = withNull(s, 'boolean')),
  isObject: (s) => void (s.type = withNull(s, 'object')),
  isPositive: (s) => void (s.minimum = 1),
  min: (s, [value]) => void (s.minimum = value as number),
  max: (s, [value]) => void (s.maximum = value as number),
  length: (s, [min, max]) => Object.assign(s, { minLength: min, maxLength: max }),
  isLength: (s, [min, max]) =>
    Object.assign(s, { minLength: min, ...(max === undefined ? {} : { maxLength: max }) }),
  minLength: (s, [value]) => void (s.minLength = value as number),
  maxLength: (s, [value]) => void (s.maxLength = value as number),
  isUuid: (s) => void (s.format = 'uuid'),
  isIso8601: (s) => void (s.format = 'date-time'),
  isDateString: (s) => void (s.format = 'date-time'),
  isUrl: (s) => void (s.format = 'uri'),
  isEmail: (s) => void (s.format = 'email'),
  arrayMinSize: (s, [value]) => void (s.minItems = value as number),
  arrayMaxSize: (s, [value]) => void (s.maxItems = value as number),
  arrayUnique: (s) => void (s.uniqueItems = true),
  isIn: (s, [values]) => void (s.enum = [...(values as unknown[])]),
  isEnum: (s, [values]) => void (s.enum = Object.values(values as object)),
  matches: (s, [pattern]) => {
    const { source } = pattern as RegExp;
    const [, min, max] = /\{(\d+),(\d+)\}\$$/.exec(source) ?? [];
    if (max !== undefined) Object.assign(s, { minLength: Number(min), maxLength: Number(max) });
    // One pattern is what the schema can say; the one that says more than a length is worth more.
    if (s.pattern === undefined || max === undefined) s.pattern = source;
  },
};

const OPTIONAL = 'conditionalValidation';

/**
 * Adds to the schemas of classes what their validators demand: limits, patterns, and what may be left out. What
 * no validator knows is refused by the server and so is left out.
 */
export function applyValidators(schemas: Schemas, types: Iterable<Class>): void {
  for (const type of types) {
    const schema = schemas[type.name];
    if (schema?.properties !== undefined) schemas[type.name] = constrained(type, schema);
  }
}

/** Every class that has validators. */
export function validatedClasses(): Class[] {
  const { validationMetadatas } = getMetadataStorage() as unknown as {
    validationMetadatas: Map<Class, unknown>;
  };
  return [...validationMetadatas.keys()];
}

function constrained(type: Class, schema: Schema): Schema {
  const rules = getMetadataStorage().getTargetValidationMetadatas(type, '', true, false);
  const defaults = new type() as Record<string, unknown>;
  const names = [...new Set(rules.map((rule) => rule.propertyName))];
  const properties: Record<string, Schema> = {};
  const required: string[] = [];
  for (const name of names) {
    const own = rules.filter((rule) => rule.propertyName === name);
    const property = withRules({ ...schema.properties![name] }, own);
    const given = defaults[name];
    if (given !== undefined && typeof given !== 'object') property.default = given;
    properties[name] = property;
    if (given === undefined && !own.some((rule) => rule.type === OPTIONAL)) required.push(name);
  }
  return {
    ...(schema.description === undefined ? {} : { description: schema.description }),
    type: 'object',
    properties,
    ...(required.length === 0 ? {} : { required }),
    additionalProperties: false,
  };
}

function withRules(property: Schema, rules: ValidationMetadata[]): Schema {
  for (const rule of rules) {
    const apply = RULES[rule.name ?? ''];
    if (apply === undefined) continue;
    const target = rule.each ? (property.items = { ...property.items }) : property;
    apply(target, (rule.constraints as unknown[] | undefined) ?? []);
  }
  if (property.enum !== undefined) delete property.pattern;
  return property;
}

/** TypeScript alone knows whether null is allowed. */
function withNull(schema: Schema, type: string): string | string[] {
  return Array.isArray(schema.type) && schema.type.includes('null') ? [type, 'null'] : type;
}
