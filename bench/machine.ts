import { closeSync, fdatasyncSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { spread } from './figures';

/** Linux counts processor time in hundredths of a second, on every architecture. */
const TICK_US = 10_000;
const SYNCS = 200;
const PAGE = 8_192;

interface ProcessTimes {
  parent: number;
  own: number;
  /** Of children that have ended. */
  ended: number;
}

/** Processor time of a process, in µs; null where it cannot be told. */
export function cpuMicros(pid: number): number | null {
  return timesOf(pid)?.own ?? null;
}

/** The same with all its children, as of a PostgreSQL server. */
export function cpuMicrosWithChildren(pid: number): number | null {
  const times = timesOf(pid);
  if (times === null) return null;
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => timesOf(Number(name)))
    .filter((child) => child?.parent === pid)
    .reduce((sum, child) => sum + child!.own + child!.ended, times.own + times.ended);
}

/** Resident memory in MB (10^6 bytes); null where it cannot be told. */
export function residentMb(pid: number): number | null {
  const kib = /VmRSS:\s+(\d+)/.exec(read(`/proc/${pid}/status`) ?? '')?.[1];
  return kib === undefined ? null : (Number(kib) * 1024) / 1e6;
}

export interface Machine {
  processor: string;
  cores: number;
  memoryGb: number;
  platform: string;
  node: string;
  postgres: string;
  /** Median time to make a page durable on the disk that is measured. */
  syncMs: number;
}

export function describeMachine(dir: string, postgres: string): Machine {
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 1e9),
    platform: `${process.platform} ${process.arch}`,
    node: process.versions.node,
    postgres,
    syncMs: syncTime(dir),
  };
}

function timesOf(pid: number): ProcessTimes | null {
  const stat = read(`/proc/${pid}/stat`);
  if (stat === null) return null;
  // The program's name, in brackets, may hold spaces. Then: state, parent, … user, system, children's two.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = (index: number): number => Number(fields[index]) * TICK_US;
  return { parent: Number(fields[1]), own: ticks(11) + ticks(12), ended: ticks(13) + ticks(14) };
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

function syncTime(dir: string): number {
  const path = join(dir, 'sync-probe');
  const file = openSync(path, 'w');
  const page = Buffer.alloc(PAGE, 1);
  const times = Array.from({ length: SYNCS }, () => {
    const started = performance.now();
    writeSync(file, page, 0, PAGE, 0);
    fdatasyncSync(file);
    return performance.now() - started;
  });
  closeSync(file);
  rmSync(path);
  return spread(times).median;
}
