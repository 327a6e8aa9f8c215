import { dirname, join } from 'node:path/posix';

export interface Import {
  specifier: string;
  /** Named imports; empty for `*`, side effects and dynamic imports. */
  names: string[];
  line: number;
}

export interface SourceFile {
  /** From the repository's root, with forward slashes. */
  path: string;
  imports: Import[];
  /** Lines that read `process.env`. */
  environmentReads: number[];
  /** Lines that ask this machine for the time. */
  clockReads: number[];
}

export interface Violation {
  file: string;
  line: number;
  message: string;
}

/** The files directly under src. */
const ROOT = '(root)';

/** Imports between folders of src go strictly downward in this table: never within a row, never up. */
export const FLOORS: readonly (readonly string[])[] = [
  ['common'],
  ['config'],
  ['platform'],
  ['workspaces', 'audit'],
  ['roles', 'lookups', 'uploads'],
  ['users', 'contacts'],
  ['auth', 'contact-user-accounts', 'presence', 'notifications'],
  ['conversations'],
  ['messages'],
  ['analytics'],
  ['meta-whatsapp', 'app-chat', 'team-chat', 'bots', 'auto-assignment', 'canned-responses'],
  ['crm-gateway', 'chat-gateway', 'api-docs', 'chat-widget'],
  [ROOT],
];

/** The same within src/platform. Files directly under it stand above all of these. */
export const PLATFORM_FLOORS: readonly (readonly string[])[] = [
  ['observability', 'crypto'],
  ['database', 'storage'],
  ['events'],
  ['jobs'],
  ['http'],
];

/** Folders below this floor hold no feature: all their files may be imported from above. */
const FIRST_FEATURE_FLOOR = 3;

/** What one feature may import of another. */
const FRONT_DOOR = /\.(module|service|types|guard|decorator|events|errors|dto|policy|port)(\.ts)?$/;

interface Fence {
  library: RegExp;
  /** Only the files of src that match may import it. */
  allowed: RegExp;
  instead: string;
}

const MIGRATIONS = 'src/platform/database/migrations/';

const FENCES: readonly Fence[] = [
  {
    library: /^(typeorm|pg)(\/|$)/,
    allowed: /\.(entity|repository|module)\.ts$|^src\/platform\/(database|events)\//,
    instead: 'move the query into a *.repository.ts, or use UnitOfWork',
  },
  {
    library: /^@nestjs\/typeorm(\/|$)/,
    allowed: /\.module\.ts$/,
    instead: 'register entities with TypeOrmModule.forFeature in the *.module.ts and work through UnitOfWork',
  },
  {
    library: /^(socket\.io|@socket\.io\/.*|@nestjs\/platform-socket\.io)(\/|$)/,
    allowed:
      /^src\/((crm|chat)-gateway\/|main\.ts$|socket-adapter\.ts$|(app-chat|team-chat)\/[^/]+\.gateway\.ts$)/,
    instead: 'write an event to the journal; a gateway tells the sockets',
  },
  {
    library: /^ioredis(\/|$)/,
    allowed: /^src\/platform\//,
    instead: 'use what src/platform offers, or add it there',
  },
];

/** Which top folders the files of a top folder never import. */
const SEPARATE: Readonly<Record<string, readonly string[]>> = {
  src: ['simulator', 'scripts', 'test', 'bench', 'faults', 'widget'],
  simulator: ['src', 'scripts', 'test', 'bench', 'faults', 'widget'],
  widget: ['src', 'simulator', 'scripts', 'test', 'bench', 'faults'],
  scripts: ['test', 'faults'],
  bench: ['test', 'faults'],
  faults: ['test'],
};

/** Every breach of the rules, in the order of the files. `files` are all of src, simulator, scripts, bench, faults and widget. */
export function checkImports(files: readonly SourceFile[]): Violation[] {
  const known = new Set(files.map((file) => file.path));
  const found = files.flatMap((file) => [
    ...placeProblems(file),
    ...file.imports.flatMap((one) =>
      importProblems(file.path, one, known).map((message) => ({ file: file.path, line: one.line, message })),
    ),
    ...environmentProblems(file),
    ...clockProblems(file),
  ]);
  return [...found, ...circles(files, known)];
}

function importProblems(from: string, one: Import, known: ReadonlySet<string>): string[] {
  const to = resolveImport(from, one.specifier, known);
  const problems = to === null ? libraryProblems(from, one) : fileProblems(from, to);
  if (isMigration(from)) problems.push(...migrationProblems(from, one.specifier));
  return problems;
}

/** The file a relative import means, or null for a library's. */
export function resolveImport(from: string, specifier: string, known: ReadonlySet<string>): string | null {
  if (!/^\.{1,2}(\/|$)/.test(specifier)) return null;
  const plain = join(dirname(from), specifier).replace(/\/$/, '');
  const candidates = [plain, `${plain}.ts`, `${plain}/index.ts`, plain.replace(/\.js$/, '.ts')];
  return candidates.find((candidate) => known.has(candidate)) ?? plain;
}

function placeProblems(file: SourceFile): Violation[] {
  const { path } = file;
  if (!path.startsWith('src/')) return [];
  const at = (message: string): Violation => ({ file: path, line: 1, message });
  const problems: Violation[] = [];
  if (floorOf(folderOf(path)) === -1) {
    problems.push(
      at(`src/${folderOf(path)} has no floor: give it one in FLOORS of scripts/import-rules.ts.`),
    );
  }
  if (folderOf(path) === 'platform' && platformFloorOf(path) === -1) {
    problems.push(at('This folder of src/platform has no floor: give it one in PLATFORM_FLOORS.'));
  }
  if (path.endsWith('/index.ts') && !isMigration(path)) {
    problems.push(at('No barrels: remove index.ts and import the files themselves.'));
  }
  return problems;
}

function fileProblems(from: string, to: string): string[] {
  const [fromTop, toTop] = [topOf(from), topOf(to)];
  if (SEPARATE[fromTop]?.includes(toTop) === true) {
    return [`${fromTop}/ imports nothing from ${toTop}/: move what both need, or copy the few lines.`];
  }
  if (fromTop !== 'src' || toTop !== 'src') return [];
  const [fromFolder, toFolder] = [folderOf(from), folderOf(to)];
  if (fromFolder === toFolder) return fromFolder === 'platform' ? platformProblems(from, to) : [];
  const [fromFloor, toFloor] = [floorOf(fromFolder), floorOf(toFolder)];
  if (fromFloor === -1 || toFloor === -1) return [];
  const problems: string[] = [];
  if (fromFloor <= toFloor) {
    const why =
      fromFloor === toFloor ? `both on floor ${fromFloor}` : `floor ${fromFloor} is below floor ${toFloor}`;
    problems.push(
      `${fromFolder} must not import ${toFolder} (${why}): ` +
        'tell it with a journal event, or declare a port below that it fulfils.',
    );
  }
  if (toFloor >= FIRST_FEATURE_FLOOR && !FRONT_DOOR.test(to)) {
    problems.push(
      `${to} is private to ${toFolder}: ask its *.service.ts, ` +
        'or move what others need into a *.types.ts, *.events.ts, *.errors.ts, *.dto.ts, *.policy.ts or *.port.ts.',
    );
  }
  return problems;
}

function platformProblems(from: string, to: string): string[] {
  const [fromPart, toPart] = [platformPartOf(from), platformPartOf(to)];
  if (fromPart === toPart || platformFloorOf(from) > platformFloorOf(to)) return [];
  const order = PLATFORM_FLOORS.map((row) => row.join('/')).join(' < ');
  return [
    `platform/${fromPart} must not import platform/${toPart} (${order}): move what both need further down.`,
  ];
}

function libraryProblems(from: string, one: Import): string[] {
  if (!from.startsWith('src/')) return [];
  const problems = FENCES.filter(
    (fence) => fence.library.test(one.specifier) && !fence.allowed.test(from),
  ).map((fence) => `${one.specifier} must not be imported here: ${fence.instead}.`);
  if (one.names.includes('InjectRepository')) {
    problems.push('No InjectRepository: it works outside the open transaction. Use UnitOfWork.');
  }
  if (/^(node:)?process$/.test(one.specifier) && one.names.includes('env') && !readsEnvironment(from)) {
    problems.push(ENVIRONMENT);
  }
  return problems;
}

function migrationProblems(from: string, specifier: string): string[] {
  const isList = from.endsWith('/index.ts');
  if (specifier === 'typeorm' || (isList && specifier.startsWith('./'))) return [];
  return [
    `A migration imports only typeorm, so that it means the same for ever; not ${specifier}: write it out here.`,
  ];
}

const ENVIRONMENT =
  'Only src/config reads process.env: add the variable to its group in src/config/variables and inject CONFIG.';

function environmentProblems(file: SourceFile): Violation[] {
  if (!file.path.startsWith('src/') || readsEnvironment(file.path)) return [];
  return file.environmentReads.map((line) => ({ file: file.path, line, message: ENVIRONMENT }));
}

/** Times of files are this machine's, and somebody has to compare its clock with the database's. */
const OWN_CLOCK = /^src\/platform\/(database\/(database-clock|embedded-postgres-lock)|storage\/spool)\.ts$/;

function clockProblems(file: SourceFile): Violation[] {
  if (!file.path.startsWith('src/') || OWN_CLOCK.test(file.path)) return [];
  const message =
    "The time is the database's: use clock of src/common/clock.ts, or performance.now() for how long something takes.";
  return file.clockReads.map((line) => ({ file: file.path, line, message }));
}

/** A shortest loop through each file that imports itself by way of others and is in no loop shown before. */
function circles(files: readonly SourceFile[], known: ReadonlySet<string>): Violation[] {
  const graph = new Map<string, string[]>();
  for (const file of files) {
    const targets = file.imports.map((one) => resolveImport(file.path, one.specifier, known));
    graph.set(file.path, [...new Set(targets.filter((to) => to !== null && known.has(to)))] as string[]);
  }
  const seen = new Set<string>();
  const violations: Violation[] = [];
  for (const start of graph.keys()) {
    if (seen.has(start)) continue;
    const loop = shortestLoop(graph, start);
    if (loop === null) continue;
    for (const path of loop) seen.add(path);
    const drawn = [...loop, start].join(' -> ');
    const message = `Circle of imports: ${drawn}. Move what they share into a file that both import.`;
    violations.push({ file: start, line: 1, message });
  }
  return violations;
}

function shortestLoop(graph: ReadonlyMap<string, readonly string[]>, start: string): string[] | null {
  const cameFrom = new Map<string, string>();
  const queue = [start];
  for (const path of queue) {
    for (const next of graph.get(path) ?? []) {
      if (next === start) return trail(cameFrom, start, path);
      if (cameFrom.has(next)) continue;
      cameFrom.set(next, path);
      queue.push(next);
    }
  }
  return null;
}

function trail(cameFrom: ReadonlyMap<string, string>, start: string, end: string): string[] {
  const path = [end];
  while (path[0] !== start) path.unshift(cameFrom.get(path[0]!)!);
  return path;
}

function topOf(path: string): string {
  return path.split('/', 1)[0]!;
}

/** `users` of `src/users/dto/x.ts`. */
function folderOf(path: string): string {
  const parts = path.split('/');
  return parts.length > 2 ? parts[1]! : ROOT;
}

function platformPartOf(path: string): string {
  const parts = path.split('/');
  return parts.length > 3 ? parts[2]! : ROOT;
}

function floorOf(folder: string): number {
  return FLOORS.findIndex((row) => row.includes(folder));
}

function platformFloorOf(path: string): number {
  const part = platformPartOf(path);
  return part === ROOT ? PLATFORM_FLOORS.length : PLATFORM_FLOORS.findIndex((row) => row.includes(part));
}

function isMigration(path: string): boolean {
  return path.startsWith(MIGRATIONS);
}

function readsEnvironment(path: string): boolean {
  return path.startsWith('src/config/');
}
