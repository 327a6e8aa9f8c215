import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

/** Where start.sh has put a small file system of this run's own; null where the system does not let it. */
export const SMALL_DISK = process.env['FAULTS_SMALL_DISK'] ?? null;

/** A folder of PostgreSQL moves there. Only while PostgreSQL is down. */
export function moveToDisk(disk: string, folder: string, name: string): void {
  const moved = join(disk, name);
  rmSync(moved, { recursive: true, force: true });
  // `mv` keeps owners and rights, and copies from one file system to the other.
  const { status, stderr } = spawnSync('mv', [join(folder, name), moved], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${name} could not be moved to the small disk: ${stderr}`);
  symlinkSync(moved, join(folder, name));
}

/** Another program that writes to the same disk until nothing more goes there, and takes what others give back. */
export class Filler {
  private readonly process: ChildProcess;
  private readonly file: string;

  constructor(disk: string) {
    this.file = join(disk, 'filler');
    const fill = 'while :; do cat /dev/zero; sleep 0.1; done >> "$0" 2>/dev/null';
    this.process = spawn('sh', ['-c', fill, this.file], { stdio: 'ignore' });
  }

  async free(): Promise<void> {
    const ended = new Promise((resolve) => this.process.once('exit', resolve));
    // Only the shell: what it runs ends by itself, at the latest when the disk is full.
    this.process.kill('SIGKILL');
    await ended;
    rmSync(this.file, { force: true });
  }
}
