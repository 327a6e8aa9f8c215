import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../src/platform/database/embedded-postgres';
import type { Bench } from './all/bench';
import { withClient } from './all/database';
import { History } from './all/history';
import type { Line } from './all/line';
import { ALL_USAGE, type AllOptions, parseAllOptions } from './all/options';
import { PARTS, WITH_SOCKETS } from './all/parts';
import { fallen, merged, rowOf, rowsIn, tableOf, written } from './all/table';
import { describeMachine, type Machine } from './machine';
import { UsageError } from './options';
import { killAll } from './processes';
import { tooFewFilesFor } from './sockets/crowd';

/** From dist/bench. */
const DOCUMENT = resolve(__dirname, '../../docs/performance.md');

interface Results {
  lines: Line[];
  faults: string[];
}

/** `npm run bench`: every promise about speed in one run, each beside its floor. See README.md. */
async function main(): Promise<void> {
  const options = optionsOrExit();
  const dir = mkdtempSync(join(options.dir, 'bench-'));
  const state: { postgres: EmbeddedPostgres | null; ending: boolean } = { postgres: null, ending: false };
  const cleanUp = async (): Promise<void> => {
    state.ending = true;
    await killAll();
    await state.postgres?.stop();
    await rm(dir, { recursive: true, force: true });
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void cleanUp().then(() => process.exit(130)));

  let code = 1;
  try {
    state.postgres = await startEmbeddedPostgres({ dataDir: join(dir, 'shared') });
    const started = performance.now();
    const machine = describeMachine(dir, await postgresVersion(state.postgres));
    const results = await measureAll(options, dir, state.postgres);
    const minutes = ((performance.now() - started) / 60_000).toFixed(1);
    console.log(
      `\n${tableOf(results.lines.map(rowOf))}\n\n${described(machine, options)}\n${minutes} minutes.`,
    );
    code = finish(options, machine, results);
  } catch (error) {
    if (!state.ending) console.error(error);
  }
  if (state.ending) return; // a signal came, and its handler ends the process
  await cleanUp();
  process.exit(code);
}

async function measureAll(options: AllOptions, dir: string, postgres: EmbeddedPostgres): Promise<Results> {
  const { size } = options;
  const bench: Bench = {
    postgres,
    dir,
    size,
    history: new History(),
    nodeArgs: options.profile === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${resolve(options.profile)}`],
    say: (text) => console.log(text),
  };
  const all: Results = { lines: [], faults: [] };
  for (const name of options.parts) {
    const started = performance.now();
    const { lines, faults } = await PARTS[name](bench);
    all.lines.push(...lines);
    all.faults.push(...faults);
    console.log(`-- ${name}: ${((performance.now() - started) / 1000).toFixed(0)} s`);
  }
  return all;
}

/** Prints what is wrong, writes what is to be written, and answers the exit code. */
function finish(options: AllOptions, machine: Machine, { lines, faults }: Results): number {
  for (const fault of faults) console.error(`WRONG: ${fault}`);
  const worse = options.check ? fallen(readFileSync(DOCUMENT, 'utf8'), lines) : [];
  for (const line of worse) console.error(`FELL: ${line}`);
  if (options.check && worse.length === 0)
    console.log('No ratio fell below the table in docs/performance.md.');
  if (options.write) {
    const document = readFileSync(DOCUMENT, 'utf8');
    const rows = merged(rowsIn(document), lines.map(rowOf));
    writeFileSync(DOCUMENT, written(document, `${described(machine, options)}\n\n${tableOf(rows)}`));
  }
  return faults.length + worse.length === 0 ? 0 : 1;
}

function described(
  { processor, cores, memoryGb, platform, node, postgres, syncMs }: Machine,
  options: AllOptions,
): string {
  return (
    `${new Date().toISOString().slice(0, 10)}: ${processor}, ${cores} cores, ${memoryGb} GB, ${platform}; Node ${node}, PostgreSQL ` +
    `${postgres}; a durable write takes ${syncMs.toFixed(2)} ms; ${options.size.repetitions} repetitions.`
  );
}

async function postgresVersion({ url }: EmbeddedPostgres): Promise<string> {
  return await withClient(
    url,
    async (db) => (await db.query<{ server_version: string }>('show server_version')).rows[0]!.server_version,
  );
}

function optionsOrExit(): AllOptions {
  try {
    const options = parseAllOptions(process.argv.slice(2));
    const sockets = Math.max(...options.size.crowds);
    const tooFew = options.parts.some((part) => WITH_SOCKETS.includes(part)) ? tooFewFilesFor(sockets) : null;
    if (tooFew !== null) throw new UsageError(tooFew);
    return options;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${error.message}\n\n${ALL_USAGE}`);
    process.exit(2);
  }
}

void main();
