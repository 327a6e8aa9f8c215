import type { Logger } from 'pino';
import { PlatformDatabase } from '../../src/platform/database/connections';
import type { JournalConsumer } from '../../src/platform/events/journal-consumer';
import { JournalConsumers } from '../../src/platform/events/journal-consumers';
import { JournalReader } from '../../src/platform/events/journal-reader';
import { JournalTail } from '../../src/platform/events/journal-tail';
import { createLogger } from '../../src/platform/observability/logger';
import type { JournalEvent } from '../../src/platform/events/journal-reader';
import type { TestPlatform } from './platform';
import { testConfig } from './system';

export interface RunningConsumers {
  /** Hands over once more what was set aside under this number. */
  retry(setAsideId: number): Promise<boolean>;
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
    retry: (setAsideId) => all.retry(setAsideId),
    async stop() {
      await all.beforeApplicationShutdown();
      await tail.beforeApplicationShutdown();
      await database.close();
    },
  };
}

/** Those of one test, stopped together. */
export class Consumers {
  private running: RunningConsumers[] = [];

  /** Started on `platform()`, which may not be there yet when this is made. */
  constructor(private readonly platform: () => TestPlatform) {}

  async start(
    consumer: JournalConsumer,
    options: Parameters<typeof startConsumers>[2] = {},
  ): Promise<RunningConsumers> {
    const one = await startConsumers(this.platform(), [consumer], options);
    this.running.push(one);
    return one;
  }

  async stopAll(): Promise<void> {
    await Promise.all(this.running.map((one) => one.stop()));
    this.running = [];
  }
}

/** Entries of one transaction, of the type that {@link collector} takes unless told otherwise. */
export async function append(
  platform: TestPlatform,
  texts: string[],
  { type = 'noted', workspaceId = 1 } = {},
): Promise<void> {
  await platform.work.run({ workspaceId }, () =>
    platform.journal.append(...texts.map((text) => ({ type, audience: null, payload: { text } }))),
  );
}

export const textOf = (event: JournalEvent): string => String(event.payload['text']);

/** A consumer that remembers what it was handed; `meanwhile` may throw. */
export function collector(
  seen: string[],
  { name = 'notes', meanwhile = (text: string): Promise<unknown> => Promise.resolve(text) } = {},
): JournalConsumer {
  return {
    name,
    types: ['noted'],
    wants: (event) => textOf(event) !== 'unwanted',
    handle: async (_, events) => {
      for (const event of events) {
        await meanwhile(textOf(event));
        seen.push(textOf(event));
      }
    },
  };
}

/** Lines that a server would log, as objects. */
export function logOf(): { lines: Record<string, unknown>[]; logger: Logger } {
  const lines: Record<string, unknown>[] = [];
  const write = (line: string): void => void lines.push(JSON.parse(line) as Record<string, unknown>);
  return { lines, logger: createLogger('warn', { write }) };
}
