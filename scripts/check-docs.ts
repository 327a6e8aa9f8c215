import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import { documentProblems, type Surroundings } from './doc-rules';

function documents(): string[] {
  const top = readdirSync('.').filter((name) => name.endsWith('.md'));
  if (!existsSync('docs')) return top;
  const docs = readdirSync('docs', { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.md'),
  );
  return [...top, ...docs.map((name) => join('docs', name).split(sep).join('/'))].toSorted();
}

function read(path: string): string | null {
  if (!existsSync(path)) return null;
  return statSync(path).isDirectory() ? '' : readFileSync(path, 'utf8');
}

function main(): void {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
  const around: Surroundings = { read, npmScripts: new Set(Object.keys(scripts)) };
  const paths = documents();
  const problems = paths.flatMap((path) => documentProblems(path, read(path)!, around));
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exitCode = 1;
  console.log(`${paths.length} documents, ${problems.length} problems.`);
}

main();
