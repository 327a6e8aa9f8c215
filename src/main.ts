import 'reflect-metadata';
import { setFlagsFromString } from 'node:v8';
import { type Config, ConfigError } from './config/config';
import { loadConfig } from './config/load-config';
import { loadEnvFile } from './config/env-file';
import { createLogger } from './platform/observability/logger';
import { Server } from './server';
import { startFailure } from './start-failure';

/**
 * So much garbage, in percent of what is in use, may lie on the heap before it is collected. V8 by itself would let it
 * grow to four times what is in use: under load a hundred megabytes more.
 */
const GARBAGE_PERCENT = 60;
setFlagsFromString(`--heap-growing-percent=${GARBAGE_PERCENT}`);

/** `npm start`: the server alone. Ends with 0 after SIGTERM or Ctrl-C, with 1 where it cannot start or go on. */
async function main(): Promise<void> {
  const started = performance.now();
  loadEnvFile();
  const config = configOrExit();
  const logger = createLogger(config.log.level);
  process.on('unhandledRejection', (err) =>
    logger.error({ err }, 'a promise was rejected and nobody looked'),
  );

  let server: Server | null = null;
  let ending = false;
  const end = async (why: string, code: number): Promise<void> => {
    if (ending) return;
    ending = true;
    logger.info(`stopping: ${why}`);
    await server?.stop();
    logger.info('stopped');
    process.exit(code);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void end(signal, 0));
  // Started by another process of ours: never outlive it.
  if (process.send !== undefined) process.on('disconnect', () => void end('the parent process is gone', 0));

  try {
    server = await Server.start(config, logger, (reason) => void end(`the database is gone: ${reason}`, 1));
  } catch (err) {
    if (ending) return; // stopped while it started
    const reason = startFailure(err, config);
    if (reason === null) logger.error({ err }, 'the server cannot start');
    process.stderr.write(`The server cannot start: ${reason ?? 'the reason is in the log.'}\n`);
    process.exit(1);
  }
  logger.info(
    {
      url: server.url,
      database: config.database.url === null ? `embedded in ${config.dataDir}` : 'as configured',
      rateLimits: config.redis.url === null ? 'in this process' : 'in Redis',
      role: config.role,
      ms: Math.round(performance.now() - started),
    },
    'listening',
  );
  process.send?.({ type: 'ready', url: server.url });
}

function configOrExit(): Config {
  try {
    return loadConfig();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n\nSee .env.example for every variable.\n`);
    process.exit(1);
  }
}

void main();
