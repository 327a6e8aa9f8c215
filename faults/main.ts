import { loadavg } from 'node:os';
import { describeMachine } from '../bench/machine';
import { UsageError } from '../bench/options';
import { MUTATIONS } from './mutations/list';
import { type MutationResult, runMutation } from './mutations/run';
import { type Options, parseOptions, USAGE } from './options';
import { mutationTable, type Run, table, writeInto } from './report';
import { Cluster } from './rig/cluster';
import { verifyPatches, withCrashPoints } from './rig/patches';
import { line, runFault } from './run';
import { FAULTS } from './table/all';

const LONG_FACTOR = 50;
const SHORT_HOLD_SECONDS = 5;
const LONG_HOLD_SECONDS = 20;

/** `npm run test:faults`: breaks everything, and counts what that did to the promises. See README.md. */
async function main(): Promise<void> {
  const options = optionsOrExit();
  const state: { cluster: Cluster | null; ending: boolean } = { cluster: null, ending: false };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      state.ending = true;
      void (state.cluster?.destroy() ?? Promise.resolve()).finally(() => process.exit(130));
    });
  }
  let code = 1;
  try {
    const started = (cluster: Cluster): void => void (state.cluster = cluster);
    const good = options.mutations ? await runMutations(options, started) : await runFaults(options, started);
    code = good ? 0 : 1;
  } catch (error) {
    if (!state.ending) console.error(error);
    await state.cluster?.destroy();
  }
  if (!state.ending) process.exit(code);
}

async function runFaults(options: Options, started: (cluster: Cluster) => void): Promise<boolean> {
  const begun = performance.now();
  const jobHoldSeconds = options.long ? LONG_HOLD_SECONDS : SHORT_HOLD_SECONDS;
  const cluster = await Cluster.start({ dir: options.dir, jobHoldSeconds });
  started(cluster);
  const [row] = await cluster.sql<{ server_version: string }>('show server_version');
  const machine = describeMachine(cluster.dir, row!.server_version);
  const results: Run['results'] = [];
  for (const fault of chosen(FAULTS, options)) {
    if (fault.needsRedis && cluster.redis === null) {
      console.log(`NOT RUN ${fault.name}: redis-server is not installed`);
      continue;
    }
    const start = performance.now();
    const trial = await runFault(cluster, fault, options.long ? LONG_FACTOR : 1);
    const result = await trial.result();
    results.push({ fault, result });
    console.log(line(result, (performance.now() - start) / 1000));
    const seconds = (performance.now() - begun) / 1000;
    // After each: an interrupted run leaves what it found.
    if (options.write !== null)
      writeInto(
        options.write,
        'faults',
        table({ machine, long: options.long, jobHoldSeconds, seconds, load: loadavg()[2]!, results }),
      );
  }
  await (options.keep ? cluster.stopAndKeep() : cluster.stop());
  const seconds = (performance.now() - begun) / 1000;
  const good = results.every(({ result }) => result.passed);
  console.log(`${good ? 'Every promise held' : 'FAILED'}, ${Math.round(seconds)} s.`);
  return good;
}

async function runMutations(options: Options, started: (cluster: Cluster) => void): Promise<boolean> {
  for (const { patches = [] } of MUTATIONS) verifyPatches(withCrashPoints(patches));
  const results: MutationResult[] = [];
  for (const mutation of chosen(MUTATIONS, options)) {
    const result = await runMutation(mutation, options.dir, started);
    results.push(result);
    console.log(
      `${result.found ? 'found ' : 'MISSED'} ${mutation.name.padEnd(26)} ${mutation.fault}: ${result.red}`,
    );
    if (options.write !== null) writeInto(options.write, 'mutations', mutationTable(results));
  }
  const good = results.every(({ found }) => found);
  console.log(good ? 'Every bug was found.' : 'FAILED: a bug went unseen.');
  return good;
}

function chosen<Named extends { name: string }>(all: readonly Named[], { only }: Options): readonly Named[] {
  const unknown = only.find((name) => !all.some((one) => one.name === name));
  if (unknown !== undefined) {
    console.error(`There is no "${unknown}": ${all.map(({ name }) => name).join(', ')}.`);
    process.exit(2);
  }
  return only.length === 0 ? all : all.filter(({ name }) => only.includes(name));
}

function optionsOrExit(): Options {
  try {
    return parseOptions(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${error.message}\n\n${USAGE}`);
    process.exit(2);
  }
}

void main();
