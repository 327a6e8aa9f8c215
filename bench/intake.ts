import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Client } from 'pg';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../src/platform/database/embedded-postgres';
import {
  BATCHED_FLOOR,
  type Contender,
  OUR_SERVER,
  TRANSACTION_FLOOR,
  WITHOUT_STATISTICS,
} from './contenders';
import { describeMachine, type Machine } from './machine';
import { type Options, parseOptions, USAGE, UsageError } from './options';
import { killAll } from './processes';
import { Profile } from './profile';
import { type Goal, judge, progress, report } from './report';
import { run, type RunFigures } from './run';
import { measureStart, type StartTimes } from './start-times';

interface Results {
  machine: Machine;
  runs: RunFigures[];
  starts: StartTimes[];
  goals: Goal[];
}

/** `npm run bench:intake`: the server and its floors under the same load, side by side. See README.md. */
async function main(): Promise<void> {
  const options = optionsOrExit();
  const dir = mkdtempSync(join(options.dir, 'bench-intake-'));
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
    state.postgres = await startEmbeddedPostgres({
      dataDir: join(dir, 'shared'),
      ...(options.profile === null ? {} : { settings: Profile.SETTINGS }),
    });
    const results = await measureAll(options, dir, state.postgres);
    console.log(`\n${report(results.machine, results.runs, results.goals)}`);
    save(options, results);
    code = exitCode(options, results);
  } catch (error) {
    if (!state.ending) console.error(error);
  }
  if (state.ending) return; // a signal came, and its handler ends the process
  await cleanUp();
  process.exit(code);
}

async function measureAll(options: Options, dir: string, postgres: EmbeddedPostgres): Promise<Results> {
  const batch = { messages: options.messages, contacts: options.contacts };
  const machine = describeMachine(dir, await postgresVersion(postgres));
  const runs: RunFigures[] = [];
  const starts: StartTimes[] = [];
  console.log(
    `${options.messages} webhooks over ${options.connections} connections for ${options.contacts} contacts, ` +
      `${options.repetitions} times; processor time: server + PostgreSQL + load.`,
  );
  for (let repetition = 1; repetition <= options.repetitions; repetition++) {
    for (const contender of contendersOf(options)) {
      const figures = await run(contender, {
        postgres,
        dir,
        repetition,
        batch,
        connections: options.connections,
        profile: profileOf(options, contender, repetition),
      });
      runs.push(figures);
      console.log(progress(figures));
    }
    if (options.only === 'floors' || options.profile !== null) continue;
    const times = await measureStart(dir, { ...batch, run: `start${repetition}` }, options.connections);
    starts.push(times);
    console.log(
      `${String(repetition).padStart(3)}  start                  ` +
        `${times.emptyFolder.toFixed(2)} s on an empty folder, ${times.fullFolder.toFixed(2)} s on a full one`,
    );
  }
  return { machine, runs, starts, goals: options.profile === null ? judge(runs, starts) : [] };
}

function contendersOf({ only, profile }: Options): Contender[] {
  if (profile !== null) return [OUR_SERVER];
  return [
    ...(only === 'floors' ? [] : [OUR_SERVER]),
    ...(only === 'server' ? [] : [BATCHED_FLOOR, TRANSACTION_FLOOR]),
    ...(only === 'floors' ? [] : [WITHOUT_STATISTICS]),
  ];
}

function profileOf({ profile }: Options, contender: Contender, repetition: number): Profile | null {
  if (profile === null || contender !== OUR_SERVER) return null;
  mkdirSync(profile, { recursive: true });
  return new Profile(resolve(profile), `server-${repetition}`);
}

/** Lost, doubled or misplaced messages are a failure in every case; goals are one where they are asked for. */
function exitCode({ check }: Options, { runs, goals }: Results): number {
  if (runs.some((each) => each.faults.length > 0)) return 1;
  return check && goals.some((goal) => goal.met === false) ? 1 : 0;
}

function save({ json, profile, ...options }: Options, results: Results): void {
  if (profile !== null) console.log(`\nThe profiles are in ${profile}.`);
  if (json !== null) writeFileSync(json, `${JSON.stringify({ options, ...results }, null, 2)}\n`);
}

async function postgresVersion(postgres: EmbeddedPostgres): Promise<string> {
  const client = new Client({ connectionString: postgres.url });
  await client.connect();
  const { rows } = await client.query<{ server_version: string }>('show server_version');
  await client.end();
  return rows[0]!.server_version;
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
