import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { serverEnvironment, startProductionServer, webhookOf } from './contenders';
import { Load } from './load';
import type { ServerProcess } from './processes';
import type { Batch } from './webhooks';

/** How long the server takes until it says that it is ready, in seconds, PostgreSQL included. */
export interface StartTimes {
  emptyFolder: number;
  /** The same folder again, after it took in a batch of messages and was stopped. */
  fullFolder: number;
}

export async function measureStart(dir: string, batch: Batch, connections: number): Promise<StartTimes> {
  const dataDir = join(dir, 'data');
  const environment = { ...serverEnvironment(), DATA_DIR: dataDir };
  const log = join(dir, 'start.log');
  const start = async (): Promise<{ server: ServerProcess; seconds: number }> => {
    const started = performance.now();
    const server = await startProductionServer(environment, log);
    const answer = await fetch(`${server.url}/health/ready`);
    if (!answer.ok) throw new Error(`The server says that it is not ready: ${await answer.text()}`);
    return { server, seconds: (performance.now() - started) / 1000 };
  };

  const first = await start();
  await (await Load.prepare(batch, webhookOf(first.server), connections)).run();
  await first.server.stop();
  const second = await start();
  await second.server.stop();
  await rm(dataDir, { recursive: true, force: true });
  return { emptyFolder: first.seconds, fullFolder: second.seconds };
}
