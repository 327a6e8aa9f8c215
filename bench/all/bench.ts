import { join } from 'node:path';
import type { EmbeddedPostgres } from '../../src/platform/database/embedded-postgres';
import { execute } from '../database';
import type { Findings } from './line';
import type { History } from './history';
import type { Size } from './sizes';

/** What every part of the benchmark works with. */
export interface Bench {
  postgres: EmbeddedPostgres;
  dir: string;
  size: Size;
  history: History;
  /** For our server alone, such as for a profile of it. */
  nodeArgs: string[];
  readonly say: (line: string) => void;
}

export type Part = (bench: Bench) => Promise<Findings>;

/** A database of its own for each contender, gone afterwards. */
export async function onFreshDatabase<T>(
  { postgres, dir }: Bench,
  work: (database: { url: string; log: string }) => Promise<T>,
): Promise<T> {
  const name = `bench_${Math.random().toString(36).slice(2, 10)}`;
  await execute(postgres.urlFor('postgres'), `create database ${name}`);
  try {
    return await work({ url: postgres.urlFor(name), log: join(dir, `${name}.log`) });
  } finally {
    await execute(postgres.urlFor('postgres'), `drop database ${name} with (force)`);
  }
}

/** `work` as often as the size says, in turn for each contender: one list per contender. */
export async function inTurn<T>(
  repetitions: number,
  ...works: ((repetition: number) => Promise<T>)[]
): Promise<T[][]> {
  const all: T[][] = works.map(() => []);
  for (let repetition = 1; repetition <= repetitions; repetition++)
    for (const [n, work] of works.entries()) all[n]!.push(await work(repetition));
  return all;
}
