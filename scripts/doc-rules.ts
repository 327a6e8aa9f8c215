import { dirname, join } from 'node:path/posix';

/** What the rules need to know of the repository around a document. */
export interface Surroundings {
  /** The text of a file, `''` for a folder, or null where there is nothing. */
  read(path: string): string | null;
  npmScripts: ReadonlySet<string>;
}

const FENCE = /^(```|~~~)[\s\S]*?^\1/gm;
const INLINE_CODE = /`[^`\n]*`/g;
const LINK = /!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?(?:\s+(?:"[^"]*"|'[^']*'))?\s*\)/g;
/** A link to a test names the test in its title, in either quotes: `[spec](../test/e2e/tags.spec.ts 'makes a tag')`. */
const TEST_LINK = /\]\(\s*([^)\s]+\.spec\.ts\s+(?:"[^"]+"|'[^']+'))\s*\)/g;
const REFERENCE = /^\[[^\]]+\]:\s+<?(\S+?)>?(?:\s|$)/gm;
const EXTERNAL = /^[a-z][a-z+.-]*:/i;
const NPM_SCRIPT = /\bnpm (?:run|run-script) (?:-\S+ )*([a-z][\w-]*(?::[\w-]+)*)/g;
const NPM_SHORTHAND = /\bnpm (?:-\S+ )*(start|test)\b/g;
const MACHINE_PATH = /(?<![\w.:/~-])(?:\/(?:home|Users|root|work|mnt)\/[\w.-]+|[A-Z]:\\Users\\)\S*/g;

/** Everything wrong with one markdown document, as `path:line: message`. */
export function documentProblems(path: string, text: string, around: Surroundings): string[] {
  const prose = withoutCode(text);
  const links = [...matches(prose, LINK), ...matches(prose, REFERENCE)].map(({ line, found }) => ({
    line,
    problem: linkProblem(path, found, around),
  }));
  const tests = matches(prose, TEST_LINK).map(({ line, found }) => ({
    line,
    problem: testProblem(path, found, around),
  }));
  const scripts = [...matches(text, NPM_SCRIPT), ...matches(text, NPM_SHORTHAND)].map(({ line, found }) => ({
    line,
    problem: around.npmScripts.has(found) ? null : `package.json has no script "${found}".`,
  }));
  const paths = matches(text, MACHINE_PATH).map(({ line, found }) => ({
    line,
    problem: `${found} is a path of one machine: write it relative to the repository.`,
  }));
  return [...links, ...tests, ...scripts, ...paths]
    .filter(({ problem }) => problem !== null)
    .toSorted((a, b) => a.line - b.line)
    .map(({ line, problem }) => `${path}:${line}: ${problem}`);
}

function linkProblem(from: string, target: string, around: Surroundings): string | null {
  if (EXTERNAL.test(target) || target.startsWith('//')) return null;
  const [file = '', anchor] = target.split('#', 2);
  if (file.startsWith('/')) return `${target}: link relative to this document instead.`;
  const path = file === '' ? from : join(dirname(from), decodeURIComponent(file));
  const text = path.startsWith('../') ? null : around.read(path);
  if (text === null) return `${target}: there is no ${path}.`;
  if (anchor === undefined || anchor === '' || !path.endsWith('.md')) return null;
  return anchorsOf(text).has(anchor) ? null : `${target}: ${path} has no heading "${anchor}".`;
}

function testProblem(from: string, link: string, around: Surroundings): string | null {
  const [, target, title] = /^(\S+)\s+["'](.+)["']$/.exec(link)!;
  const text = around.read(join(dirname(from), target!));
  return text === null || text.includes(title!) ? null : `${target}: there is no test "${title}".`;
}

/** The anchors that GitHub gives headings, and those set by hand. */
export function anchorsOf(text: string): Set<string> {
  const anchors = new Set([...text.matchAll(/<a\s+(?:id|name)="([^"]+)"/g)].map(([, id]) => id!));
  for (const [, heading] of text.replace(FENCE, '').matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm)) {
    const slug = slugOf(heading!);
    let unique = slug;
    for (let count = 1; anchors.has(unique); count++) unique = `${slug}-${count}`;
    anchors.add(unique);
  }
  return anchors;
}

function slugOf(heading: string): string {
  return heading
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}_\- ]/gu, '')
    .replaceAll(' ', '-');
}

/** The text with its code blanked out, so that lines keep their numbers. */
function withoutCode(text: string): string {
  const blank = (code: string): string => code.replace(/[^\n]/g, ' ');
  return text.replace(FENCE, blank).replace(INLINE_CODE, blank);
}

function matches(text: string, pattern: RegExp): { line: number; found: string }[] {
  return [...text.matchAll(pattern)].map((match) => ({
    line: text.slice(0, match.index).split('\n').length,
    found: match[1] ?? match[0],
  }));
}
