import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { buildWidget } from '../../scripts/build-widget';

const ROOT = join(__dirname, '../..');
const SCRIPT = join(ROOT, 'dist/widget/chat-widget.js');

/** Tests never run an older widget than its sources; `npm test` has built it already. */
export function ensureWidget(): void {
  const sources = readdirSync(join(ROOT, 'widget')).map((name) => join(ROOT, 'widget', name));
  const changed = [...sources, join(ROOT, 'scripts/build-widget.ts')].map((path) => statSync(path).mtimeMs);
  if (existsSync(SCRIPT) && statSync(SCRIPT).mtimeMs > Math.max(...changed)) return;
  execFileSync(join(ROOT, 'node_modules/.bin/tsc'), ['-p', 'widget/tsconfig.json'], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  buildWidget(ROOT);
}
