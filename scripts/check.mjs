// All that is checked without running the program: `npm run check`. Plain JavaScript, as it makes the build itself.
import { spawn } from 'node:child_process';
import { delimiter, join } from 'node:path';

const SHOWN_LINES = 40;
const LINT =
  'oxlint --type-aware --disable-nested-config --report-unused-disable-directives-severity=error -f unix';

/** What needs no build, then what runs from it; the steps of each row run together. */
const STEPS = [
  {
    types: 'tsc --noEmit -p tsconfig.json',
    widget: 'tsc --noEmit -p widget/tsconfig.json',
    build: 'tsc -p tsconfig.build.json',
    lint: LINT,
    format: 'prettier --check --log-level warn .',
  },
  {
    imports: 'node dist/scripts/check-imports.js',
    environment: 'node dist/scripts/generate-env-example.js --check',
    access: 'node dist/scripts/generate-access-table.js --check',
    migrations: 'node dist/scripts/generate-published-migrations.js --check',
    schema: 'node dist/scripts/generate-schema.js --check',
    'api docs': 'node dist/scripts/api-docs/generate-api-docs.js --check',
    documents: 'node dist/scripts/check-docs.js',
  },
];

const env = {
  ...process.env,
  NO_COLOR: '1',
  FORCE_COLOR: '0',
  PATH: [join('node_modules', '.bin'), process.env.PATH].join(delimiter),
};

/** Runs one command, prints its line, and resolves to whether it succeeded. */
function run(name, command) {
  const started = performance.now();
  return new Promise((resolve) => {
    const child = spawn(command, { shell: true, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk) => (output += chunk));
    }
    child.on('error', (error) => (output += String(error)));
    child.on('close', (code) => {
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      console.log(
        `${code === 0 ? 'ok    ' : 'FAILED'} ${name.padEnd(12)} ${seconds.padStart(5)} s  ${command}`,
      );
      if (code !== 0) console.log(firstLines(output));
      resolve(code === 0);
    });
  });
}

function firstLines(output) {
  const lines = output.trimEnd().split('\n');
  const shown = lines.slice(0, SHOWN_LINES).map((line) => `    ${line}`);
  const rest = lines.length - shown.length;
  return [...shown, ...(rest > 0 ? [`    … and ${rest} more lines`] : [])].join('\n');
}

const started = performance.now();
const failed = [];
for (const row of STEPS) {
  const results = await Promise.all(
    Object.entries(row).map(async ([name, command]) => ({ name, ok: await run(name, command) })),
  );
  failed.push(...results.filter(({ ok }) => !ok).map(({ name }) => name));
  if (failed.includes('build')) {
    console.log('The rest needs the build and was not run.');
    break;
  }
}
const seconds = ((performance.now() - started) / 1000).toFixed(1);
console.log(
  failed.length === 0
    ? `All checks passed in ${seconds} s.`
    : `Failed after ${seconds} s: ${failed.join(', ')}.`,
);
process.exitCode = failed.length === 0 ? 0 : 1;
