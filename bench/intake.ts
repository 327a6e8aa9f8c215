import { mkdirSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { EmbeddedPostgres } from '../src/platform/database/embedded-postgres';
import {
  BATCHED_FLOOR,
  type Contender,
  OUR_SERVER,
  ourServers,
  TRANSACTION_FLOOR,
  WITHOUT_STATISTICS,
} from './contenders';
import { optionsOrExit, postgresVersion, runAlone } from './frame';
import { describeMachine, type Machine } from './machine';
import { type Options, parseOptions, USAGE } from './options';
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
  const options = optionsOrExit(parseOptions, USAGE);
  const settings = options.profile === null ? {} : { settings: Profile.SETTINGS };
  await runAlone({ dir: options.dir, name: 'bench-intake-', ...settings }, async (dir, postgres) => {
    const results = await measureAll(options, dir, postgres);
    console.log(`\n${report(results.machine, results.runs, results.goals)}`);
    save(options, results);
    return exitCode(options, results);
  });
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

function contendersOf({ only, profile, processes }: Options): Contender[] {
  if (profile !== null) return [OUR_SERVER];
  return [
    ...(only === 'floors' ? [] : [OUR_SERVER]),
    ...(only === 'floors' || processes === 1 ? [] : [ourServers(processes)]),
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

void main();
