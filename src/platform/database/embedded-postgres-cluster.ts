import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { type Account, SYSTEM_PATH } from './embedded-postgres-account';
import type { Binaries } from './embedded-postgres-binaries';
import { cannotRun, errorCode } from './embedded-postgres-error';
import { reachablePath, readText, syncFolder } from './embedded-postgres-folder';

const run = promisify(execFile);

export interface NewCluster {
  dataFolder: string;
  password: string;
  account: Account | undefined;
  binaries: Binaries;
  durable: boolean;
}

/** Whether the folder holds a database cluster; throws when it holds one of another major version, or else. */
export async function clusterExists(dataFolder: string, major: number): Promise<boolean> {
  const version = await readText(join(dataFolder, 'PG_VERSION'));
  if (version === null) {
    if ((await namesIn(dataFolder)).length === 0) return false;
    throw cannotRun(
      `found a folder ${dataFolder} that is not a database; move it away or choose another DATA_DIR`,
    );
  }
  if (Number(version) === major) return true;
  throw cannotRun(
    `is version ${major}, and the data in ${dataFolder} was written by version ${version.trim()}; ` +
      'run the version that wrote it to export the data',
  );
}

/**
 * Makes an empty cluster (UTF-8, superuser `postgres`). It is made aside and renamed when it is complete and
 * synced, so that a process killed half-way leaves only rubbish that the next call clears.
 */
export async function createCluster(cluster: NewCluster): Promise<void> {
  const { dataFolder } = cluster;
  await removeUnfinished(dataFolder);
  const work = `${dataFolder}.new-${randomBytes(6).toString('hex')}`;
  try {
    await makeFolder(work, cluster.account);
    await runInitdb(cluster, work);
    await rename(join(work, 'data'), dataFolder);
    await syncFolder(dirname(dataFolder));
  } finally {
    await removeFolder(work);
  }
}

async function runInitdb({ password, account, binaries, durable }: NewCluster, work: string): Promise<void> {
  const fresh = join(work, 'data');
  await makeFolder(fresh, account);
  const passwordFile = join(work, 'password');
  await writeFile(passwordFile, password, { mode: 0o600, flag: 'wx' });
  if (account) await chown(passwordFile, account.uid, account.gid);

  const { path, cwd } = await reachablePath(account, fresh);
  const access = ['-U', 'postgres', '-A', 'scram-sha-256', `--pwfile=${path}/../password`];
  const text = ['-E', 'UTF8', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C'];
  const args = ['-D', path, ...access, ...text, ...(durable ? [] : ['--no-sync'])];
  try {
    await run(binaries.initdb, args, {
      ...account,
      cwd,
      env: { PATH: SYSTEM_PATH, LC_ALL: 'C', TZ: 'UTC' },
    });
  } catch (error) {
    const { stderr, message } = error as { stderr?: string; message: string };
    throw cannotRun(`could not create its database: ${stderr?.trim() || message}`, error);
  }
}

async function makeFolder(folder: string, account: Account | undefined): Promise<void> {
  await mkdir(folder);
  await chmod(folder, 0o700);
  if (account) await chown(folder, account.uid, account.gid);
}

async function removeUnfinished(dataFolder: string): Promise<void> {
  const parent = dirname(dataFolder);
  const leftovers = (await namesIn(parent)).filter((name) => name.startsWith(`${basename(dataFolder)}.new-`));
  for (const name of leftovers) await removeFolder(join(parent, name));
  const stats = await stat(dataFolder).catch(() => null);
  if (stats?.isDirectory() === false) throw cannotRun(`needs a folder at ${dataFolder}, and there is a file`);
}

/** With retries: an initdb whose node process was killed may still be writing there for a moment. */
async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return [];
    throw error;
  }
}
