import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { parseArgs } from 'node:util';
import { UsageError } from '../bench/options';

export interface Options {
  long: boolean;
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

  --long            the load of each fault 50 times (about 1,000,000 messages under kill -9)
  --mutations       instead: known bugs, each of which must be found
  --only NAMES      of faults or mutations, separated by commas
  --write FILE      put the table into the middle of a Markdown file
  --dir DIR         parent of the data folder (the system's temporary folder)
  --keep            leave the data folder and the logs`;

/** Throws a {@link UsageError} that says which flag is wrong. */
export function parseOptions(args: string[]): Options {
  const { long, mutations, only, write = null, dir = tmpdir(), keep } = parse(args).values;
  if (!existsSync(dir)) throw new UsageError(`--dir: there is no folder ${dir}.`);
  return {
    long,
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
        long: { type: 'boolean', default: false },
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
