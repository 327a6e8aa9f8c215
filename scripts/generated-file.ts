import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Writes a generated file; with `--check` on the command line, only compares it with the one that is there.
 * True where the file is now as it should be.
 */
export function writeOrCheck(path: string, text: string, script: string): boolean {
  if (!process.argv.includes('--check')) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    console.log(`${path} written.`);
    return true;
  }
  const present = existsSync(path) ? readFileSync(path, 'utf8') : null;
  if (present === text) return true;
  console.error(
    `${path} is ${present === null ? 'missing' : 'out of date'}: run \`npm run ${script}\` and commit it.`,
  );
  if (present !== null) console.error(firstDifference(present, text));
  return false;
}

function firstDifference(present: string, wanted: string): string {
  const [is, should] = [present.split('\n'), wanted.split('\n')];
  const at = should.findIndex((line, index) => line !== is[index]);
  const line = at === -1 ? should.length : at;
  return `First difference, line ${line + 1}:\n  is:        ${is[line] ?? '(end)'}\n  should be: ${should[line] ?? '(end)'}`;
}
