import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { parseArgs } from 'node:util';
import { UsageError } from '../bench/options';

/** How much load each fault gets, and which faults there are. */
export type Form = 'quick' | 'short' | 'long';

/** How many times the short form. Long: 1,000,000 messages under kill -9, together. */
const FACTORS: Readonly<Record<Form, number>> = { quick: 0.3, short: 1, long: 62 };

export interface Options {
  form: Form;
  /** How many times the short form's load. */
  factor: number;
  /** Put bugs in on purpose, and see each turn its count red. */
  mutations: boolean;
  /** Names of faults or mutations; empty: all. */
  only: string[];
  /** Markdown file that takes the table. */
  write: string | null;
  dir: string;
  keep: boolean;
}

export const USAGE = `Usage: npm run test:faults -- [flags]

  --quick           a handful of faults that between them can turn each count red, in a minute and a half
  --long            the load of each fault 62 times: 1,000,000 messages under kill -9
  --times N         the load N times instead
  --mutations       instead: known bugs, each of which must be found
  --only NAMES      of faults or mutations, separated by commas
  --write FILE      put the table into the middle of a Markdown file
  --dir DIR         parent of the data folder (the system's temporary folder)
  --keep            leave the data folder and the logs`;

/** Throws a {@link UsageError} that says which flag is wrong. */
export function parseOptions(args: string[]): Options {
  const { quick, long, times, mutations, only, write = null, dir = tmpdir(), keep } = parse(args).values;
  if (quick && long) throw new UsageError('--quick and --long contradict each other.');
  const form: Form = quick ? 'quick' : long ? 'long' : 'short';
  const factor = times === undefined ? FACTORS[form] : Number(times);
  if (!(factor > 0)) throw new UsageError(`--times: ${times} is no number above 0.`);
  if (!existsSync(dir)) throw new UsageError(`--dir: there is no folder ${dir}.`);
  return {
    form,
    factor,
    mutations,
    only: only?.split(',').filter(Boolean) ?? [],
    write,
    dir,
    keep,
  };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        quick: { type: 'boolean', default: false },
        long: { type: 'boolean', default: false },
        times: { type: 'string' },
        mutations: { type: 'boolean', default: false },
        only: { type: 'string' },
        write: { type: 'string' },
        dir: { type: 'string' },
        keep: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}
