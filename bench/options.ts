import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { parseArgs } from 'node:util';

export interface Options {
  /** Webhooks of a counted run, one message each. */
  messages: number;
  /** Connections, each with one request in flight. */
  connections: number;
  contacts: number;
  /** Of the server, on one database; more than one are measured beside a single one. */
  processes: number;
  repetitions: number;
  only: 'server' | 'floors' | null;
  /** Exit code 1 where a goal is missed. */
  check: boolean;
  /** File for every figure of every run. */
  json: string | null;
  /** Folder for CPU profiles of the server and statistics of its SQL. */
  profile: string | null;
  /** Folder on the disk to be measured. */
  dir: string;
}

export const USAGE = `Usage: npm run bench:intake -- [flags]

  --n N             signed webhooks per run, one message each (20000)
  --k K             connections, one request in flight on each (64)
  --contacts C      customers who write, in turn (2000)
  --processes P     the server in so many processes on one database as well, which share the connections (1)
  --repetitions R   runs of each contender, interleaved (3)
  --only WHAT       server or floors: leave the other out
  --check           exit with 1 where a goal is missed
  --json FILE       write every figure to a file
  --profile DIR     write CPU profiles of the server and statistics of its SQL; slows it, so no goal is judged
  --dir DIR         folder on the disk to be measured (the system's temporary folder)`;

export class UsageError extends Error {}

/** Throws a {@link UsageError} that says which flag is wrong. */
export function parseOptions(args: string[]): Options {
  const { values } = parse(args);
  const { only = null, profile = null, dir = tmpdir() } = values;
  if (only !== null && only !== 'server' && only !== 'floors')
    throw new UsageError('--only takes server or floors.');
  if (values.check && (only !== null || profile !== null))
    throw new UsageError('--check needs a whole run, without --only and --profile.');
  if (!existsSync(dir)) throw new UsageError(`--dir: there is no folder ${dir}.`);
  return {
    messages: count('--n', values.n),
    connections: count('--k', values.k),
    contacts: count('--contacts', values.contacts),
    processes: count('--processes', values.processes),
    repetitions: count('--repetitions', values.repetitions),
    only,
    check: values.check,
    json: values.json ?? null,
    profile,
    dir,
  };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        n: { type: 'string', default: '20000' },
        k: { type: 'string', default: '64' },
        contacts: { type: 'string', default: '2000' },
        processes: { type: 'string', default: '1' },
        repetitions: { type: 'string', default: '3' },
        only: { type: 'string' },
        check: { type: 'boolean', default: false },
        json: { type: 'string' },
        profile: { type: 'string' },
        dir: { type: 'string' },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

function count(flag: string, text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new UsageError(`${flag} takes a whole number from 1 to 9999999.`);
  return Number(text);
}
