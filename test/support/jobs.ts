import { PlatformDatabase } from '../../src/platform/database/connections';
import { type JobHandler, JobWorker } from '../../src/platform/jobs/job-worker';
import { createLogger } from '../../src/platform/observability/logger';
import type { TestPlatform } from './platform';
import { testConfig } from './system';

export interface RunningWorker {
  /** Takes nothing more and waits for what runs. */
  stop(): Promise<void>;
}

/** A worker with connections of its own, as in another process. */
export function startWorker(
  platform: TestPlatform,
  handlers: Record<string, JobHandler>,
  { concurrency = 10, holdSeconds = 20 } = {},
): RunningWorker {
  const database = new PlatformDatabase(platform.url);
  const config = testConfig(platform.url, 'http://127.0.0.1:1', { jobs: { concurrency, holdSeconds } });
  const worker = new JobWorker(config, createLogger('silent'), database, platform.wakeUp);
  for (const [task, handler] of Object.entries(handlers)) worker.register(task, handler);
  worker.onApplicationBootstrap();
  return {
    async stop() {
      await worker.beforeApplicationShutdown();
      await database.close();
    },
  };
}

/** A promise to be resolved from outside. */
export function latch(): { opened: Promise<void>; open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}
