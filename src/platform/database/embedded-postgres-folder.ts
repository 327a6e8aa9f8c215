import { randomBytes } from 'node:crypto';
import { chown, mkdir, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { type Account, canReach, isRoot } from './embedded-postgres-account';
import { cannotRun, errorCode } from './embedded-postgres-error';

/** Where everything of one embedded server lies. */
export interface ServerFolder {
  root: string;
  /** PostgreSQL's data directory. */
  data: string;
  lock: string;
  info: string;
  password: string;
}

/** How to find the server of a folder. `pid` is the postmaster's, null after an orderly stop. */
export interface ServerInfo {
  port: number;
  pid: number | null;
  database: string;
  passwordFile: string;
}

function serverFolder(root: string): ServerFolder {
  return {
    root,
    data: join(root, 'postgres'),
    lock: join(root, 'postgres.lock'),
    info: join(root, 'postgres.json'),
    password: join(root, 'postgres.password'),
  };
}

export async function openServerFolder(dataDir: string): Promise<ServerFolder> {
  const wanted = resolve(dataDir);
  await mkdir(wanted, { recursive: true });
  return serverFolder(await realpath(wanted));
}

/** The folder if there is one already. */
export async function findServerFolder(dataDir: string): Promise<ServerFolder | null> {
  try {
    return serverFolder(await realpath(resolve(dataDir)));
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
}

/**
 * A spelling of a data directory that the account can use, with the working directory that it needs.
 * Linux lets a process enter its working directory through /proc whatever the folders above it allow, so
 * that data below, say, root's home folder can stay where the operator wants it.
 */
export async function reachablePath(
  account: Account | undefined,
  folder: string,
): Promise<{ path: string; cwd: string; direct: boolean }> {
  if (await canReach(account, dirname(folder))) return { path: folder, cwd: folder, direct: true };
  if (process.platform === 'linux') return { path: '/proc/self/cwd', cwd: folder, direct: false };
  throw cannotRun(
    `runs as an unprivileged user when started by root, and that user cannot enter ${dirname(folder)}. ` +
      'Set DATA_DIR to a folder that everyone may enter',
  );
}

export async function readServerInfo(folder: ServerFolder): Promise<ServerInfo | null> {
  const content = await readText(folder.info);
  if (content === null) return null;
  try {
    return JSON.parse(content) as ServerInfo;
  } catch {
    return null;
  }
}

export async function writeServerInfo(folder: ServerFolder, info: ServerInfo): Promise<void> {
  await writePrivateFile(folder.info, `${JSON.stringify(info, null, 2)}\n`);
}

/** The password of the data that is there, or a new one, safely on disk, for data that is to be made. */
export async function loadPassword(folder: ServerFolder, dataExists: boolean): Promise<string> {
  const known = (await readText(folder.password))?.trim();
  if (known) return known;
  if (dataExists) {
    throw cannotRun(
      `has data in ${folder.data} but its password file ${folder.password} is missing or empty`,
    );
  }
  const password = randomBytes(24).toString('base64url');
  await writePrivateFile(folder.password, password);
  return password;
}

/** Replaces the file as a whole and for good: readable by its owner only, complete after any crash. */
async function writePrivateFile(file: string, content: string): Promise<void> {
  const unfinished = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    const handle = await open(unfinished, 'wx', 0o600);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    if (isRoot()) {
      const owner = await stat(dirname(file)); // an ordinary user's folder stays theirs after a run by root
      await chown(unfinished, owner.uid, owner.gid);
    }
    await rename(unfinished, file);
    await syncFolder(dirname(file));
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}

/** Makes a rename or a new file in the folder survive a power failure. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The file's text, or null when there is none. */
export async function readText(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return null;
    throw error;
  }
}
