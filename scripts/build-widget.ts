import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';

/** What a visitor's browser may have to load, gzipped, in bytes. */
const SIZE_LIMIT = 40_000;

/**
 * One classic script out of the widget's modules, as the compiler leaves them, and Socket.IO's client. Each stays a
 * function of its own that gets `module`, `exports` and `require`, so nothing of them reaches the page's globals, and
 * nothing of the page's module loaders reaches them.
 */
export function bundleWidget(modules: ReadonlyMap<string, string>, entry: string): string {
  const parts = [...modules].map(
    ([name, code]) => `${JSON.stringify(name)}: function (module, exports, require) {\n${bare(code)}\n}`,
  );
  return `/* ApiCeChat's website widget, MIT. Contains Socket.IO's client, (c) Automattic, MIT. */
(function () {
var sources = {
${parts.join(',\n')}
};
var loaded = {};
function load(name) {
  if (!loaded[name]) {
    loaded[name] = { exports: {} };
    sources[name].call(undefined, loaded[name], loaded[name].exports, load);
  }
  return loaded[name].exports;
}
load(${JSON.stringify(entry)});
})();
`;
}

/**
 * Without indentation, which no text of ours needs, and without the name of a source map: none is served. In ASCII, so
 * that it means the same whatever encoding it is read in.
 */
function bare(code: string): string {
  return code
    .replace(/^\/\/# sourceMappingURL=.*$/m, '')
    .replace(/^ +/gm, '')
    .replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .trim();
}

function readModules(root: string): Map<string, string> {
  const socket = join(dirname(require.resolve('socket.io-client/package.json')), 'dist/socket.io.min.js');
  const modules = new Map([['socket.io-client', readFileSync(socket, 'utf8')]]);
  // By the sources: a module of before may still lie among the compiled ones.
  for (const source of readdirSync(join(root, 'widget')).toSorted()) {
    if (!source.endsWith('.ts')) continue;
    const name = source.replace(/\.ts$/, '');
    modules.set(`./${name}`, readFileSync(join(root, 'dist/widget/modules', `${name}.js`), 'utf8'));
  }
  return modules;
}

/** From the repository's root; answers the size that browsers load. */
export function buildWidget(root: string): number {
  const script = bundleWidget(readModules(root), './main');
  const target = join(root, 'dist/widget/chat-widget.js');
  mkdirSync(dirname(target), { recursive: true });
  // Whole or not at all: servers and tests read it while it is made.
  writeFileSync(`${target}.${process.pid}`, script);
  renameSync(`${target}.${process.pid}`, target);
  const size = gzipSync(script, { level: 9 }).length;
  if (size > SIZE_LIMIT)
    throw new Error(`The widget has ${size} bytes gzipped; at most ${SIZE_LIMIT} are allowed.`);
  return size;
}

if (require.main === module) {
  let root = __dirname;
  while (!existsSync(join(root, 'package.json'))) root = dirname(root);
  buildWidget(root);
}
