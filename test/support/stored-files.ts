import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { TestSystem } from './system';

/** The keys of all files that are there. */
export function filesOnDisk(system: TestSystem): string[] {
  const folder = join(system.config.dataDir, 'files');
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(folder, name)).isFile())
    .map((name) => relative(folder, join(folder, name)))
    .sort();
}

/** Every file belongs to an upload or waits to be removed, and every upload has its files. */
export async function strays(system: TestSystem): Promise<{ orphans: string[]; missing: string[] }> {
  const rows = await system.sql<{ key: string; due: boolean }>(
    `select unnest(array[storage_key, thumbnail_key, preview_key]) as key, false as due from upload
     union all select storage_key, true from unclaimed_file`,
  );
  const known = rows.filter(({ key }) => key !== null);
  const disk = filesOnDisk(system);
  return {
    orphans: disk.filter((key) => !known.some((row) => row.key === key)),
    missing: known.filter(({ key, due }) => !due && !disk.includes(key)).map(({ key }) => key),
  };
}
