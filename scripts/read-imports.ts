import { parseSync } from '@swc/core';
import type { Import, SourceFile } from './import-rules';

/** A node of the syntax tree, as far as this file needs it. */
interface Node {
  type: string;
  span?: { start: number };
  [field: string]: unknown;
}

/** Every import of a TypeScript file, type imports included, and every place that reads `process.env` or the machine's clock. */
export function readImports(path: string, text: string): SourceFile {
  const file: SourceFile = { path, imports: [], environmentReads: [], clockReads: [] };
  const bytes = Buffer.from(text);
  const lineOf = (node: Node): number => 1 + countLines(bytes, (node.span?.start ?? 1) - 1);
  visit(parseSync(text, { syntax: 'typescript', decorators: true, target: 'es2022' }), (node) => {
    const one = importOf(node);
    if (one !== null) file.imports.push({ ...one, line: lineOf(node) });
    if (readsEnvironment(node)) file.environmentReads.push(lineOf(node));
    if (readsClock(node)) file.clockReads.push(lineOf(node));
  });
  return file;
}

function importOf(node: Node): Omit<Import, 'line'> | null {
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ExportNamedDeclaration':
      return named(textOf(node['source']), importedNames(node));
    case 'ExportAllDeclaration':
      return named(textOf(node['source']));
    case 'TsExternalModuleReference':
      return named(textOf(node['expression']));
    case 'TsImportType':
      return named(textOf(node['argument']));
    case 'CallExpression':
      return named(isLoader(node['callee']) ? argumentOf(node) : null);
    default:
      return null;
  }
}

function named(specifier: string | null, names: string[] = []): Omit<Import, 'line'> | null {
  return specifier === null ? null : { specifier, names };
}

function importedNames(node: Node): string[] {
  const specifiers = Array.isArray(node['specifiers']) ? node['specifiers'].filter(isNode) : [];
  return specifiers.flatMap((specifier) => {
    const name = [specifier['imported'], specifier['orig'], specifier['local']].find(isNode);
    return name === undefined ? [] : [String(name['value'])];
  });
}

/** `import(…)`, `require(…)` and `require.resolve(…)`. */
function isLoader(callee: unknown): boolean {
  if (!isNode(callee)) return false;
  if (callee.type === 'Import' || isIdentifier(callee, 'require')) return true;
  return callee.type === 'MemberExpression' && isIdentifier(callee['object'], 'require');
}

function argumentOf(call: Node): string | null {
  const [first] = Array.isArray(call['arguments']) ? (call['arguments'] as { expression: unknown }[]) : [];
  return textOf(first?.expression);
}

/** The text of a string literal, also of one with `as const` or in a template without holes. */
function textOf(node: unknown): string | null {
  if (!isNode(node)) return null;
  if (node.type === 'StringLiteral') return String(node['value']);
  if (node.type.startsWith('Ts')) return textOf(node['expression']);
  if (node.type !== 'TemplateLiteral' || !Array.isArray(node['quasis']) || node['quasis'].length !== 1)
    return null;
  return String((node['quasis'] as { cooked: unknown }[])[0]!.cooked);
}

/** `process.env`, `process['env']` and `{ env } = process`. */
function readsEnvironment(node: Node): boolean {
  return takes(node, 'process', 'env');
}

/** `Date.now` in each such form, `new Date()` and `Date()`. */
function readsClock(node: Node): boolean {
  if (takes(node, 'Date', 'now')) return true;
  if (!isIdentifier(node['callee'], 'Date')) return false;
  const given = Array.isArray(node['arguments']) ? node['arguments'].length : 0;
  return node.type === 'CallExpression' || given === 0;
}

function takes(node: Node, object: string, member: string): boolean {
  if (node.type === 'MemberExpression' && isIdentifier(node['object'], object)) {
    const property = node['property'];
    if (isIdentifier(property, member)) return true;
    return isNode(property) && property.type === 'Computed' && textOf(property['expression']) === member;
  }
  if (node.type !== 'VariableDeclarator' || !isIdentifier(node['init'], object)) return false;
  const pattern = node['id'];
  if (!isNode(pattern) || !Array.isArray(pattern['properties'])) return false;
  return pattern['properties'].some((one) => isNode(one) && isIdentifier(one['key'], member));
}

function isIdentifier(node: unknown, name: string): boolean {
  return isNode(node) && node.type === 'Identifier' && node['value'] === name;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

function visit(value: unknown, seen: (node: Node) => void): void {
  if (typeof value !== 'object' || value === null) return;
  if (isNode(value)) seen(value);
  for (const inner of Object.values(value)) visit(inner, seen);
}

function countLines(bytes: Buffer, end: number): number {
  let lines = 0;
  for (let at = bytes.indexOf(10); at !== -1 && at < end; at = bytes.indexOf(10, at + 1)) lines++;
  return lines;
}
