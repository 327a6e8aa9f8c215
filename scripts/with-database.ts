import { NestFactory } from '@nestjs/core';
import type { INestApplicationContext } from '@nestjs/common';
import { type Config, ConfigError } from '../src/config/config';
import { ConfigModule } from '../src/config/config.module';
import { loadEnvFile } from '../src/config/env-file';
import { loadConfig } from '../src/config/load-config';
import { DatabaseModule } from '../src/platform/database/database.module';
import { findRunningPostgres, startEmbeddedPostgres } from '../src/platform/database/embedded-postgres';
import { migrateDatabase } from '../src/platform/database/migrate';
import { ObservabilityModule } from '../src/platform/observability/observability.module';
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
 * Runs `fn` with the address of the database: the configured one; the embedded one of a server that runs at this
 * moment; or the embedded one, started for as long as the script takes.
 */
export async function withDatabaseUrl<T>(config: Config, fn: (url: string) => Promise<T>): Promise<T> {
  if (config.database.url !== null) return await fn(config.database.url);
  const running = await findRunningPostgres(config.dataDir);
  if (running !== null) return await fn(running.url);
  console.log(`Starting the embedded PostgreSQL in ${config.dataDir} …`);
  const postgres = await startEmbeddedPostgres({ dataDir: config.dataDir });
  try {
    return await fn(postgres.url);
  } finally {
    await postgres.stop();
  }
}

/** Runs `fn` with the server's services over a migrated database. No requests, no jobs. */
export async function withServices<T>(
  config: Config,
  fn: (services: INestApplicationContext) => Promise<T>,
): Promise<T> {
  return await withDatabaseUrl(config, async (url) => {
    if (config.database.migrateAtStart) await migrateDatabase({ url });
    const services = await NestFactory.createApplicationContext(
      {
        module: ScriptModule,
        imports: [
          ConfigModule.with({ ...config, database: { ...config.database, url } }),
          ObservabilityModule,
          DatabaseModule,
          UsersModule,
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

class ScriptModule {}

/** For scripts that make accounts or data nobody wants on a live system. */
export function refuseInProduction(config: Config): void {
  if (config.environment !== 'production' || process.argv.includes('--allow-production')) return;
  console.error(
    'NODE_ENV is production: this would add well-known accounts. Add -- --allow-production if you mean it.',
  );
  process.exit(1);
}
