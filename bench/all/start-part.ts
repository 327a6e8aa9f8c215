import { mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '../../src/platform/database/embedded-postgres';
import { BATCHED_FLOOR } from '../contenders';
import { FLOOR_FILE } from '../contenders';
import { ServerProcess } from '../processes';
import { measureStart, type StartTimes } from '../start-times';
import { APP_SECRET } from '../webhooks';
import { type Bench, inTurn } from './bench';
import { type Findings, line } from './line';

const PART = 'start';
const FLOOR = `PostgreSQL and ${BATCHED_FLOOR.name}`;
const WARM_LIMIT_MS = 2_000;

/** From nothing to ready, PostgreSQL included. */
export async function startPart(bench: Bench): Promise<Findings> {
  const { dir, size, say } = bench;
  const [ours, floors] = await inTurn<StartTimes>(
    size.repetitions,
    (n) => measureStart(dir, { run: `start${n}`, messages: size.warmUp, contacts: size.contacts }, 64),
    () => startFloor(dir),
  );
  const times = (figure: string, which: keyof StartTimes, limit: number | null) =>
    line({
      part: PART,
      figure,
      ours: ours!.map((each) => each[which] * 1000),
      floor: { name: FLOOR, values: floors!.map((each) => each[which] * 1000) },
      unit: 'ms',
      digits: 0,
      better: 'lower',
      ...(limit === null ? {} : { goal: { of: 'figure' as const, limit } }),
      tolerance: 0.4,
    });
  for (const [name, all] of [['server', ours!] as const, [FLOOR, floors!] as const])
    for (const { emptyFolder, fullFolder } of all)
      say(
        `${PART}, ${name}: ${emptyFolder.toFixed(2)} s on an empty folder, ${fullFolder.toFixed(2)} s again`,
      );
  return {
    lines: [
      times('cold: an empty folder', 'emptyFolder', null),
      times('warm: a folder with messages', 'fullFolder', WARM_LIMIT_MS),
    ],
    faults: [],
  };
}

/** The same without what makes a server: the database, and a Nest process that listens. */
async function startFloor(dir: string): Promise<StartTimes> {
  const dataDir = join(dir, 'floor-data');
  mkdirSync(dataDir, { recursive: true });
  const start = async (): Promise<number> => {
    const started = performance.now();
    const postgres = await startEmbeddedPostgres({ dataDir });
    const server = await ServerProcess.start(FLOOR_FILE, {
      args: ['fastify', 'full'],
      environment: { NODE_ENV: 'production', DATABASE_URL: postgres.url, APP_SECRET },
      log: join(dir, 'floor-start.log'),
    });
    const seconds = (performance.now() - started) / 1000;
    await server.stop();
    await postgres.stop();
    return seconds;
  };
  const times = { emptyFolder: await start(), fullFolder: await start() };
  await rm(dataDir, { recursive: true, force: true });
  return times;
}
