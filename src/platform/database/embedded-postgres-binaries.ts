import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, realpathSync } from 'node:fs';
import {
  chmod,
  copyFile,
  lstat,
  mkdir,
  readFile,
  readdir,
  readlink,
  rename,
  rm,
  symlink,
} from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { type Account, canReach } from './embedded-postgres-account';
import { cannotRun, errorCode } from './embedded-postgres-error';

const run = promisify(execFile);
const PROGRAMS = ['initdb', 'postgres'];
/** Only root gets here, when everything else is below a folder that the server's account cannot enter. */
const SYSTEM_FOLDER = '/var/lib/apicechat';

/** PostgreSQL programs that were seen to run under the server's account. */
export interface Binaries {
  initdb: string;
  postgres: string;
  major: number;
}

interface BinaryPackage {
  native: string;
  version: string;
}

/**
 * Finds programs that the account can run: those in node_modules, or a copy where those are out of its
 * reach or incomplete and read-only. `from` is where the search for node_modules begins. Throws where the
 * platform has none.
 */
export async function findBinaries(
  account: Account | undefined,
  parentOfCopy: string,
  log: (line: string) => void,
  from = __dirname,
): Promise<Binaries> {
  const { native, version } = await locatePackage(from);
  await completeInstall(native).catch(() => undefined); // read-only node_modules: the copy is completed instead
  const failures: string[] = [];
  const inPlace = await tryBinaries(native, account, failures);
  if (inPlace) return inPlace;

  const parent = (await canReach(account, parentOfCopy)) ? parentOfCopy : SYSTEM_FOLDER;
  const copy = join(parent, `postgres-${version}`);
  if (!existsSync(copy)) {
    log(`the PostgreSQL programs in ${native} cannot be run from there; copying them to ${copy}`);
    await copyBinaries(native, copy);
  }
  const copied = await tryBinaries(copy, account, failures);
  if (copied) return copied;
  throw cannotRun(`has programs that do not run on this system${libcHint()}: ${failures.join('; ')}`);
}

/**
 * The folder with PostgreSQL's bin, lib and share, found by walking to node_modules as Node does: the
 * packages have only an ES module entry, which `require.resolve` refuses in some loaders.
 */
export async function locatePackage(from = __dirname): Promise<BinaryPackage> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const main = findPackage('embedded-postgres', from);
  const folder = (main && findPackage(name, main)) ?? findPackage(name, from);
  if (!folder || process.platform === 'win32') {
    throw cannotRun(`has no programs for this system (package ${name} is not there)`);
  }
  const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as { version: string };
  return { native: join(folder, 'native'), version: manifest.version };
}

function findPackage(name: string, from: string): string | null {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name);
    if (existsSync(join(candidate, 'package.json'))) return realpathSync(candidate);
    if (folder === dirname(folder)) return null;
  }
}

/** npm 12 does not run the package's install script, which makes the links that a tarball cannot hold. */
async function completeInstall(native: string): Promise<void> {
  for (const { source, target } of await listedLinks(native)) {
    const link = join(native, target.replace(/^native\//, ''));
    try {
      await symlink(basename(source), link);
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error;
    }
  }
  for (const program of PROGRAMS) {
    const file = join(native, 'bin', program);
    if (!((await lstat(file)).mode & 0o100)) await chmod(file, 0o755);
  }
}

async function listedLinks(native: string): Promise<{ source: string; target: string }[]> {
  try {
    const list = await readFile(join(native, 'pg-symlinks.json'), 'utf8');
    return JSON.parse(list) as { source: string; target: string }[];
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

async function tryBinaries(
  folder: string,
  account: Account | undefined,
  failures: string[],
): Promise<Binaries | null> {
  const postgres = join(folder, 'bin', 'postgres');
  try {
    const { stdout } = await run(postgres, ['--version'], { ...account, cwd: '/', env: { LC_ALL: 'C' } });
    return { initdb: join(folder, 'bin', 'initdb'), postgres, major: Number(/\d+/.exec(stdout)?.[0]) };
  } catch (error) {
    failures.push((error instanceof Error ? error.message : String(error)).trim());
    return null;
  }
}

/** The copy appears under its name only when it is whole, so that a killed process leaves no half one. */
async function copyBinaries(native: string, target: string): Promise<void> {
  const unfinished = `${target}.${randomBytes(4).toString('hex')}`;
  try {
    const made = await mkdir(dirname(target), { recursive: true });
    if (made) await chmod(dirname(target), 0o755); // whatever the umask is
    await copyFolder(native, unfinished);
    await completeInstall(unfinished);
    await rename(unfinished, target);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    if (!existsSync(target)) throw error; // else another process was quicker
  }
}

/** Readable for everyone, whatever the umask and the modes of node_modules are. */
async function copyFolder(source: string, target: string): Promise<void> {
  await mkdir(target);
  await chmod(target, 0o755);
  for (const entry of await readdir(source, { withFileTypes: true })) {
    const [from, to] = [join(source, entry.name), join(target, entry.name)];
    if (entry.isDirectory()) {
      await copyFolder(from, to);
    } else if (entry.isSymbolicLink()) {
      await symlink(await readlink(from), to);
    } else {
      await copyFile(from, to);
      await chmod(to, 0o755);
    }
  }
}

function libcHint(): string {
  if (process.platform !== 'linux') return '';
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  return header.glibcVersionRuntime ? '' : ' (they need glibc, and this is a musl system such as Alpine)';
}
