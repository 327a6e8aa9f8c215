import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { checkImports, type SourceFile } from './import-rules';
import { readImports } from './read-imports';

const FOLDERS = ['src', 'simulator', 'scripts', 'bench', 'faults', 'widget'];

function sourceFiles(folder: string): SourceFile[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name).split(sep).join('/'))
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.spec.ts') && !path.endsWith('.d.ts'))
    .toSorted()
    .map((path) => readImports(path, readFileSync(path, 'utf8')));
}

function main(): void {
  const files = FOLDERS.flatMap(sourceFiles);
  const violations = checkImports(files);
  for (const { file, line, message } of violations) console.error(`${file}:${line}: ${message}`);
  if (violations.length > 0) process.exitCode = 1;
  console.log(`${files.length} files, ${violations.length} violations of the import rules.`);
}

main();
