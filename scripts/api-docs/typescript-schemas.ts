import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { buildGenerator, getProgramFromFiles } from 'typescript-json-schema';
import { mapSchema, type Schema, type Schemas } from './schema';

const SCRATCH = 'dist/api-docs';

const COMPILER = {
  strict: true,
  target: 'es2023',
  lib: ['es2023'],
  module: 'nodenext',
  moduleResolution: 'nodenext',
  experimentalDecorators: true,
  useDefineForClassFields: false,
  esModuleInterop: true,
  skipLibCheck: true,
  types: ['node'],
};

/** What is no JSON, a stream or nothing at all, is described by the catalogue. */
const JSON_ONLY = `type Json<T> = T extends void | import('@nestjs/common').StreamableFile ? null : T;\n`;

/** A type to be described: its name in the document, and the text of it, in which `import` may stand. */
export interface WantedType {
  name: string;
  text: string;
}

/**
 * JSON Schemas of TypeScript types, straight from the compiler, comments as descriptions. Types with a name of
 * their own become schemas of their own, also where they stand inside others.
 */
export function schemasOf(wanted: readonly WantedType[]): { of: Map<string, Schema>; named: Schemas } {
  mkdirSync(SCRATCH, { recursive: true });
  const file = join(SCRATCH, 'wanted-types.ts');
  writeFileSync(
    file,
    JSON_ONLY + wanted.map(({ name, text }) => `export interface ${name} { it: ${text} }\n`).join(''),
  );
  try {
    const generator = buildGenerator(getProgramFromFiles([file], COMPILER), {
      required: true,
      ref: true,
      aliasRef: false,
      defaultNumberType: 'integer',
      topRef: false,
      ignoreErrors: true,
      uniqueNames: false,
    });
    if (generator === null) throw new Error('The types of the API do not compile.');
    const { definitions = {} } = generator.getSchemaForSymbols(wanted.map(({ name }) => name)) as {
      definitions?: Record<string, Schema>;
    };
    const all = Object.fromEntries(
      Object.entries(definitions).map(([name, schema]) => [plainName(name), tidy(schema)]),
    );
    // As a property, a type that has a name is referred to by it; alone it would be written out.
    const of = new Map(wanted.map(({ name }) => [name, all[name]?.properties?.['it'] ?? {}]));
    const named = Object.fromEntries(Object.entries(all).filter(([name]) => !of.has(name)));
    return { of, named };
  } finally {
    rmSync(SCRATCH, { recursive: true, force: true });
  }
}

/** `Page<TagDto>` → `PageOfTagDto` */
function plainName(name: string): string {
  return decodeURIComponent(name)
    .replace(/<(.*)>/, 'Of$1')
    .replace(/import\([^)]*\)\./g, '')
    .replace(/[^A-Za-z0-9_]/g, '');
}

function tidy(schema: Schema): Schema {
  return mapSchema(schema, (one) => {
    if (one.$ref === undefined) return one;
    return { ...one, $ref: `#/components/schemas/${plainName(one.$ref.replace('#/definitions/', ''))}` };
  });
}

/** Where each exported class of src stands: its name → a path to import it by, from the scratch file. */
export function classPaths(): Map<string, string> {
  const paths = new Map<string, string>();
  for (const file of filesUnder('src')) {
    for (const [, name] of readFileSync(file, 'utf8').matchAll(/^export (?:abstract )?class (\w+)/gm))
      paths.set(name!, relative(SCRATCH, file).split(sep).join('/').replace(/\.ts$/, '.js'));
  }
  return paths;
}

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.spec.ts'))
    .map((entry) => join(entry.parentPath, entry.name));
}
