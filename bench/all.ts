import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { EmbeddedPostgres } from '../src/platform/database/embedded-postgres';
import type { Bench } from './all/bench';
import { History } from './all/history';
import type { Line } from './all/line';
import { ALL_USAGE, type AllOptions, parseAllOptions } from './all/options';
import { PARTS, WITH_SOCKETS } from './all/parts';
import { fallen, merged, rowOf, rowsIn, tableOf, written } from './all/table';
import { optionsOrExit, postgresVersion, runAlone } from './frame';
import { describeMachine, type Machine } from './machine';
import { UsageError } from './options';
import { Profile } from './profile';
import { tooFewFilesFor } from './sockets/crowd';

/** From dist/bench. */
const DOCUMENT = resolve(__dirname, '../../docs/performance.md');

interface Results {
  lines: Line[];
  faults: string[];
}

/** `npm run bench`: every promise about speed in one run, each beside its floor. See README.md. */
async function main(): Promise<void> {
  const options = optionsOrExit(parseAndCount, ALL_USAGE);
  const settings = options.profile === null ? {} : { settings: Profile.SETTINGS };
  await runAlone({ dir: options.dir, name: 'bench-', ...settings }, async (dir, postgres) => {
    const started = performance.now();
    const machine = describeMachine(dir, await postgresVersion(postgres));
    const results = await measureAll(options, dir, postgres);
    const minutes = ((performance.now() - started) / 60_000).toFixed(1);
    console.log(
      `\n${tableOf(results.lines.map(rowOf))}\n\n${described(machine, options)}\n${minutes} minutes.`,
    );
    return finish(options, machine, results);
  });
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
    const profile = profileOf(options, name);
    await profile?.start(postgres.urlFor('postgres'));
    const { lines, faults } = await PARTS[name](bench);
    await profile?.saveAll(postgres.urlFor('postgres'));
    all.lines.push(...lines);
    all.faults.push(...faults);
    console.log(`-- ${name}: ${((performance.now() - started) / 1000).toFixed(0)} s`);
  }
  return all;
}

function profileOf({ profile }: AllOptions, part: string): Profile | null {
  if (profile === null) return null;
  mkdirSync(profile, { recursive: true });
  return new Profile(resolve(profile), part);
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

/** Throws where so many sockets cannot be opened, too. */
function parseAndCount(flags: string[]): AllOptions {
  const options = parseAllOptions(flags);
  const sockets = Math.max(...options.size.crowds, options.size.chatUsers);
  const tooFew = options.parts.some((part) => WITH_SOCKETS.includes(part)) ? tooFewFilesFor(sockets) : null;
  if (tooFew !== null) throw new UsageError(tooFew);
  return options;
}

void main();
