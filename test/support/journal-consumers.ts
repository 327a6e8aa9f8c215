import type { Logger } from 'pino';
import { PlatformDatabase } from '../../src/platform/database/connections';
import { type JournalConsumer, JournalConsumers } from '../../src/platform/events/journal-consumer';
import { JournalReader } from '../../src/platform/events/journal-reader';
import { JournalTail } from '../../src/platform/events/journal-tail';
import { createLogger } from '../../src/platform/observability/logger';
import type { TestPlatform } from './platform';
import { testConfig } from './system';

export interface RunningConsumers {
  /** Takes nothing more and waits for what runs. */
  stop(): Promise<void>;
}

/** Journal consumers with connections of their own, as in another process. */
export async function startConsumers(
  platform: TestPlatform,
  consumers: JournalConsumer[],
  options: { role?: 'all' | 'api'; logger?: Logger; hints?: boolean } = {},
): Promise<RunningConsumers> {
  const database = new PlatformDatabase(platform.url);
  const logger = options.logger ?? createLogger('silent');
  const config = testConfig(platform.url, 'http://127.0.0.1:1', { role: options.role ?? 'all' });
  const reader = new JournalReader(database);
  const tail = new JournalTail(reader, platform.wakeUp, logger);
  const all = new JournalConsumers(config, logger, database, reader, tail);
  for (const consumer of consumers) all.register(consumer);
  await all.onApplicationBootstrap();
  if (options.hints !== false) await tail.start(() => undefined);
  return {
    async stop() {
      await all.beforeApplicationShutdown();
      await tail.beforeApplicationShutdown();
      await database.close();
    },
  };
}
