import { NestFactory } from '@nestjs/core';
import { type INestApplicationContext, Module, type Type } from '@nestjs/common';
import { type Config, ConfigError } from '../src/config/config';
import { ConfigModule } from '../src/config/config.module';
import { loadEnvFile } from '../src/config/env-file';
import { loadConfig } from '../src/config/load-config';
import { DatabaseModule } from '../src/platform/database/database.module';
import { findRunningPostgres, startEmbeddedPostgres } from '../src/platform/database/embedded-postgres';
import { migrateDatabase } from '../src/platform/database/migrate';
import { ObservabilityModule } from '../src/platform/observability/observability.module';
import { startFailure } from '../src/start-failure';
import { UsersModule } from '../src/users/users.module';

/** The configuration of a script: the server's, with its problems printed instead of thrown. */
export function scriptConfig(): Config {
  loadEnvFile();
  try {
    return loadConfig({ LOG_LEVEL: 'error', ...process.env });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}

/**
 * Runs a script on the arguments it was given: with ones that it does not take it says how it is used, and a failure
 * is one line and exit code 1.
 */
export function runScript(script: {
  usage: string;
  takes: (args: string[]) => boolean;
  run: (config: Config, args: string[]) => Promise<void>;
}): void {
  const args = process.argv.slice(2);
  if (args.includes('--help')) {
    console.log(script.usage);
    return;
  }
  if (!script.takes(args)) {
    console.error(script.usage);
    process.exit(1);
  }
  const config = scriptConfig();
  script.run(config, args).catch((error: unknown) => {
    const reason = startFailure(error, config);
    console.error(reason === null ? error : `This cannot be done: ${reason}`);
    process.exit(1);
  });
}

/**
 * Runs `fn` with the address of the database: the configured one; the embedded one of a server that runs at this
 * moment; or the embedded one, started for as long as the script takes.
 */
export async function withDatabaseUrl<T>(config: Config, fn: (url: string) => Promise<T>): Promise<T> {
  if (config.database.url !== null) return await fn(config.database.url);
  const running = await findRunningPostgres(config.dataDir);
  if (running !== null) return await fn(running.url);
  console.error(`Starting the embedded PostgreSQL in ${config.dataDir} …`); // standard output is the script's
  const postgres = await startEmbeddedPostgres({ dataDir: config.dataDir });
  try {
    return await fn(postgres.url);
  } finally {
    await postgres.stop();
  }
}

/**
 * Runs `fn` with the server's services over a migrated database. No requests, and no jobs: what asks for one is
 * done by the server.
 */
export async function withServices<T>(
  config: Config,
  fn: (services: INestApplicationContext) => Promise<T>,
  modules: Type[] = [UsersModule],
): Promise<T> {
  return await withDatabaseUrl(config, async (url) => {
    if (config.database.migrateAtStart) await migrateDatabase({ url });
    const services = await NestFactory.createApplicationContext(
      {
        module: ScriptModule,
        imports: [
          ConfigModule.with({ ...config, role: 'api', database: { ...config.database, url } }),
          ObservabilityModule,
          DatabaseModule,
          ...modules,
        ],
      },
      { logger: ['error'], abortOnError: false },
    );
    try {
      return await fn(services);
    } finally {
      await services.close();
    }
  });
}

@Module({})
class ScriptModule {}

export const ALLOW_PRODUCTION = '--allow-production';

/** For scripts that make accounts or data nobody wants on a live system. */
export function refuseInProduction(config: Config): void {
  if (config.environment !== 'production' || process.argv.includes(ALLOW_PRODUCTION)) return;
  console.error(
    `NODE_ENV is production: this would add well-known accounts or made-up data. Add -- ${ALLOW_PRODUCTION} if you mean it.`,
  );
  process.exit(1);
}
