import { loadavg } from 'node:os';
import { describeMachine, type Machine } from '../bench/machine';
import { UsageError } from '../bench/options';
import { MUTATIONS } from './mutations/list';
import { type MutationResult, runMutation } from './mutations/run';
import { type Options, parseOptions, USAGE } from './options';
import { mutationTable, type Run, table, writeInto } from './report';
import { Cluster } from './rig/cluster';
import { verifyPatches, withCrashPoints } from './rig/patches';
import { redisIsInstalled } from './rig/redis';
import { SMALL_DISK } from './rig/small-disk';
import { line, ownDisk, runFault } from './run';
import { FAULTS, QUICK_FAULTS } from './table/all';
import type { Fault } from './table/fault';

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
  const jobHoldSeconds = options.form === 'long' ? LONG_HOLD_SECONDS : SHORT_HOLD_SECONDS;
  let cluster: Cluster | null = null;
  let smallDisk: Fault['onSmallDisk'];
  const results: Run['results'] = [];
  const notRun: string[] = [];
  for (const fault of chosen(options.form === 'quick' ? QUICK_FAULTS : FAULTS, options)) {
    const missing = missingFor(fault);
    if (missing !== null) {
      notRun.push(`NOT RUN ${fault.name}: ${missing}`);
      console.log(notRun.at(-1));
      continue;
    }
    if (cluster === null || fault.onSmallDisk !== smallDisk) {
      await end(cluster, options);
      smallDisk = fault.onSmallDisk;
      cluster = await Cluster.start({ dir: options.dir, jobHoldSeconds, ...ownDisk(fault) });
      started(cluster);
    }
    const start = performance.now();
    const trial = await runFault(cluster, fault, {
      factor: options.factor,
      timesAreShown: options.form === 'quick',
    });
    const result = await trial.result();
    results.push({ fault, result });
    console.log(line(result, (performance.now() - start) / 1000));
    const seconds = (performance.now() - begun) / 1000;
    // After each: an interrupted run leaves what it found.
    if (options.write !== null)
      writeInto(
        options.write,
        'faults',
        table({
          machine: await machineOf(cluster),
          form: options.form,
          factor: options.factor,
          jobHoldSeconds,
          seconds,
          load: loadavg()[2]!,
          results,
        }),
      );
  }
  await end(cluster, options);
  const seconds = (performance.now() - begun) / 1000;
  const good = results.every(({ result }) => result.passed);
  for (const each of notRun) console.log(each);
  console.log(`${good ? 'Every promise held' : 'FAILED'}, ${Math.round(seconds)} s.`);
  return good;
}

/** Why a fault cannot be tried on this machine; null where it can. */
function missingFor(fault: Fault): string | null {
  if (fault.needsRedis && !redisIsInstalled()) return 'redis-server is not installed';
  if (fault.onSmallDisk !== undefined && SMALL_DISK === null)
    return 'the system does not let this user mount a small disk (`unshare -rm`), nor is it Linux as root';
  return null;
}

async function end(cluster: Cluster | null, { keep }: Options): Promise<void> {
  await (keep ? cluster?.stopAndKeep() : cluster?.stop());
}

async function machineOf(cluster: Cluster): Promise<Machine> {
  const [row] = await cluster.sql<{ server_version: string }>('show server_version');
  return describeMachine(cluster.dir, row!.server_version);
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
