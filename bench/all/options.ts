import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { parseArgs } from 'node:util';
import { UsageError } from '../options';
import { PART_NAMES, type PartName } from './parts';
import { QUICK, type Size, STANDARD, TINY } from './sizes';

export interface AllOptions {
  parts: PartName[];
  size: Size;
  /** Compare ratios with the committed table. */
  check: boolean;
  /** Put the table into the document. */
  write: boolean;
  dir: string;
  /** Folder for profiles of our server. */
  profile: string | null;
}

export const ALL_USAGE = `Usage: npm run bench -- [flags]

  --only A,B       only these parts: ${PART_NAMES.join(', ')}
  --quick          little of everything, to see that it works: its figures say nothing
  --tiny           the least of everything, for a test of the benchmark itself
  --messages N     of the history that is read and searched (1000000)
  --repetitions R  runs of each contender, in turn (3)
  --check          compare ratios with the table in docs/performance.md: exit code 1 where one fell by more than its tolerance
  --write          put the table into docs/performance.md; parts that were not run keep their lines
  --profile DIR    write processor profiles of the server in every part but intake and start, and the database's
                   time by statement for each part; slows both
  --dir DIR        folder on the disk to be measured (the system's temporary folder)`;

/** Throws a {@link UsageError} that says which flag is wrong. */
export function parseAllOptions(args: string[]): AllOptions {
  const { only, quick, tiny, check, write, dir, profile = null, ...numbers } = parse(args);
  const parts = only === undefined ? [...PART_NAMES] : only.split(',').map(partNamed);
  if ((quick || tiny) && (check || write))
    throw new UsageError('--quick and --tiny say nothing about speed: not with --check or --write.');
  if (!existsSync(dir)) throw new UsageError(`--dir: there is no folder ${dir}.`);
  const size = { ...(tiny ? TINY : quick ? QUICK : STANDARD) };
  if (numbers.messages !== undefined) size.history = count('--messages', numbers.messages, 1_000);
  if (numbers.repetitions !== undefined) size.repetitions = count('--repetitions', numbers.repetitions, 1);
  if (profile !== null && (check || write))
    throw new UsageError('--profile slows the server: not with --check or --write.');
  return { parts, size, check, write, dir, profile };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        only: { type: 'string' },
        quick: { type: 'boolean', default: false },
        tiny: { type: 'boolean', default: false },
        messages: { type: 'string' },
        repetitions: { type: 'string' },
        check: { type: 'boolean', default: false },
        write: { type: 'boolean', default: false },
        profile: { type: 'string' },
        dir: { type: 'string', default: tmpdir() },
      },
    }).values;
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

function partNamed(name: string): PartName {
  const part = PART_NAMES.find((each) => each === name);
  if (part === undefined) throw new UsageError(`--only: there is no part "${name}".`);
  return part;
}

function count(flag: string, text: string, least: number): number {
  const value = Number(text);
  if (!/^\d{1,9}$/.test(text) || value < least)
    throw new UsageError(`${flag} takes a whole number from ${least}.`);
  return value;
}
