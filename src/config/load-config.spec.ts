import { mkdtempSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { type Config, ConfigError } from './config';
import { loadConfig } from './load-config';
import type { Variable } from './variable';
import { VARIABLES } from './variables';

type Environment = Record<string, string | undefined>;

/** Enough for production; nothing is made or written. */
const SECRETS = {
  JWT_SECRET: 'jwt-secret-jwt-secret-jwt-secret-0',
  ENCRYPTION_KEY: 'encryption-key-encryption-key-000',
  WHATSAPP_APP_SECRET: 'app-secret-0123456789',
  WHATSAPP_WEBHOOK_VERIFY_TOKEN: 'verify-token',
};
const load = (env: Environment = {}): Config => loadConfig({ ...SECRETS, ...env });

function problemsOf(env: Environment): string[] {
  try {
    loadConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('without any variable but secrets', () => {
  it('everything has a value that works', () => {
    expect(load()).toMatchObject({
      environment: 'development',
      role: 'all',
      http: { host: '0.0.0.0', port: 3000, cors: true, trustProxy: false },
      database: { url: null, migrateAtStart: true, poolSize: 10 },
      redis: { url: null },
      scanner: { clamd: null, timeoutSeconds: 45 },
      throttle: { windowSeconds: 60, limit: 100, loginLimit: 5 },
      security: { jwtExpiresInSeconds: 172_800, bcryptRounds: 10 },
      whatsapp: { baseUrl: 'https://graph.facebook.com', apiVersion: 'v25.0', integration: null },
    });
  });

  it('nobody can change it afterwards', () => {
    const config = load();
    expect(() => ((config.http as { port: number }).port = 1)).toThrow(TypeError);
    expect(() => config.whatsapp.appSecrets.push('mine')).toThrow(TypeError);
  });

  it('an empty variable counts as not set', () => {
    expect(load({ PORT: '', HOST: '  ', DATABASE_URL: '' })).toMatchObject({
      http: { host: '0.0.0.0', port: 3000 },
      database: { url: null },
    });
  });
});

describe('a variable', () => {
  it.each<[string, string, (config: Config) => unknown, unknown]>([
    ['NODE_ENV', 'test', (c) => c.environment, 'test'],
    ['PORT', '0', (c) => c.http.port, 0],
    ['PORT', ' 8080 ', (c) => c.http.port, 8080],
    ['PORT', '65535', (c) => c.http.port, 65_535],
    ['DB_SYNC', 'false', (c) => c.database.migrateAtStart, false],
    ['ROLE', 'worker', (c) => c.role, 'worker'],
    ['JWT_EXPIRES_IN', '90', (c) => c.security.jwtExpiresInSeconds, 90],
    ['JWT_EXPIRES_IN', '90s', (c) => c.security.jwtExpiresInSeconds, 90],
    ['JWT_EXPIRES_IN', '15m', (c) => c.security.jwtExpiresInSeconds, 900],
    ['JWT_EXPIRES_IN', '12h', (c) => c.security.jwtExpiresInSeconds, 43_200],
    ['JWT_EXPIRES_IN', '2d', (c) => c.security.jwtExpiresInSeconds, 172_800],
    ['WHATSAPP_BASE_URL', 'http://localhost:4000/', (c) => c.whatsapp.baseUrl, 'http://localhost:4000'],
    ['DATABASE_URL', 'postgresql://u@h/d', (c) => c.database.url, 'postgresql://u@h/d'],
    ['REDIS_URL', 'rediss://h:6380', (c) => c.redis.url, 'rediss://h:6380'],
    ['CLAMD_URL', 'tcp://clamav:3311', (c) => c.scanner.clamd, { host: 'clamav', port: 3311 }],
    ['CLAMD_URL', 'tcp://clamav/', (c) => c.scanner.clamd, { host: 'clamav', port: 3310 }],
    ['CLAMD_URL', 'tcp://[::1]:3310', (c) => c.scanner.clamd, { host: '::1', port: 3310 }],
    ['CLAMD_URL', 'unix:///run/a b/clamd.ctl', (c) => c.scanner.clamd, { path: '/run/a b/clamd.ctl' }],
    ['CLAMD_TIMEOUT', '2m', (c) => c.scanner.timeoutSeconds, 120],
    ['THROTTLE_TTL', '30', (c) => c.throttle.windowSeconds, 30],
    ['THROTTLE_LIMIT', '250', (c) => c.throttle.limit, 250],
    ['BCRYPT_ROUNDS', '12', (c) => c.security.bcryptRounds, 12],
    ['WHATSAPP_API_VERSION', 'v24.0', (c) => c.whatsapp.apiVersion, 'v24.0'],
    ['DEFAULT_COUNTRY', 'BR', (c) => c.defaultCountry, 'BR'],
    ['CORS_ORIGIN', 'false', (c) => c.http.cors, false],
    [
      'CORS_ORIGIN',
      'https://a.example, https://b.example,',
      (c) => c.http.cors,
      ['https://a.example', 'https://b.example'],
    ],
    ['TRUST_PROXY', '10.0.0.1', (c) => c.http.trustProxy, ['10.0.0.1']],
    [
      'WHATSAPP_APP_SECRET_PREVIOUS',
      'the-one-before-01',
      (c) => c.whatsapp.appSecrets,
      ['app-secret-0123456789', 'the-one-before-01'],
    ],
  ])('%s may be %j', (name, text, value, expected) => {
    expect(value(load({ [name]: text }))).toEqual(expected);
  });

  it.each([
    ['NODE_ENV', 'prod', 'must be one of development, test, production (it is "prod")'],
    ['PORT', '65536', 'must be a whole number from 0 to 65535 (it is "65536")'],
    ['PORT', '-1', 'must be a whole number from 0 to 65535 (it is "-1")'],
    ['PORT', '80.5', 'must be a whole number'],
    ['PORT', '0x50', 'must be a whole number'],
    ['PORT', '8e1', 'must be a whole number'],
    ['PORT', '٨٠', 'must be a whole number'],
    ['PORT', '3000;', 'must be a whole number'],
    ['DB_POOL_SIZE', '1', 'must be a whole number from 2 to 500'],
    ['DB_SYNC', 'yes', 'must be true or false (it is "yes")'],
    ['DB_SYNC', 'TRUE', 'must be true or false'],
    ['ROLE', 'web', 'must be one of all, api, worker'],
    ['LOG_LEVEL', 'verbose', 'must be one of silent, error, warn, info, debug'],
    ['JWT_EXPIRES_IN', '2 days', 'must be a duration such as 90s, 15m, 12h or 2d'],
    ['JWT_EXPIRES_IN', '0', 'must be a duration'],
    ['JWT_EXPIRES_IN', '-5m', 'must be a duration'],
    ['JWT_EXPIRES_IN', '1w', 'must be a duration'],
    [
      'WHATSAPP_SEND_TIMEOUT',
      '61',
      'must be a duration such as 90s, 15m, 12h or 2d, in seconds from 1 to 60',
    ],
    ['WHATSAPP_BASE_URL', 'graph.facebook.com', 'must be a URL that starts with http:// or https://'],
    ['WHATSAPP_BASE_URL', 'javascript:alert(1)', 'must be a URL that starts with http:// or https://'],
    ['DATABASE_URL', 'mysql://h/d', 'must be a URL that starts with postgres:// or postgresql://'],
    ['DATABASE_URL', 'localhost:5432', 'must be a URL that starts with postgres:// or postgresql://'],
    ['CLAMD_URL', 'clamav:3310', 'must be a URL that starts with tcp:// or unix:/// (it is "clamav:3310")'],
    ['CLAMD_URL', 'http://clamav:3310', 'must be a URL that starts with tcp:// or unix:///'],
    ['CLAMD_URL', 'unix://run/clamd.ctl', 'must be a URL that starts with tcp:// or unix:///'],
    ['CLAMD_URL', 'tcp://clamav:99999', 'must be a URL that starts with tcp:// or unix:///'],
    ['CLAMD_URL', 'tcp://:3310', 'must be a URL that starts with tcp:// or unix:///'],
    ['CLAMD_URL', 'unix:///', 'must be unix:///path/of/the/socket (it is "unix:///")'],
    ['CLAMD_URL', 'tcp://', 'must be tcp://host:port and nothing more (it is "tcp://")'],
    ['CLAMD_URL', 'tcp://clamav:0', 'must be tcp://host:port and nothing more'],
    ['CLAMD_URL', 'tcp://clamav:3310/scan', 'must be tcp://host:port and nothing more'],
    ['CLAMD_URL', 'tcp://clamav?a=b', 'must be tcp://host:port and nothing more'],
    ['CLAMD_URL', 'tcp://me:secret@clamav', 'must be tcp://host:port and nothing more'],
    ['CLAMD_TIMEOUT', '0', 'must be a duration'],
    ['REDIS_URL', 'http://h', 'must be a URL that starts with redis:// or rediss://'],
    ['DEFAULT_COUNTRY', 'br', 'must be the two capital letters of a country, such as BR (it is "br")'],
    ['DEFAULT_COUNTRY', 'XQ', 'must be the two capital letters of a country'],
    ['DEFAULT_COUNTRY', 'Brazil', 'must be the two capital letters of a country'],
    ['JWT_SECRET', 'short', 'must have at least 32 characters'],
  ])('%s must not be %j, and the problem is told once', (name, text, problem) => {
    const problems = problemsOf({ ...SECRETS, [name]: text });
    expect(problems).toEqual([expect.stringContaining(`${name} ${problem}`)]);
  });

  it('of every kind is in the table with what its kind needs', () => {
    for (const [name, variable] of Object.entries<Variable>(VARIABLES)) {
      expect([name, variable.kind === 'url' && variable.schemes === undefined]).toEqual([name, false]);
      expect([name, variable.kind === 'choice' && variable.choices === undefined]).toEqual([name, false]);
      if (variable.fallback !== null)
        expect(problemsOf({ ...SECRETS, [name]: variable.fallback })).toEqual([]);
    }
  });
});

describe('problems', () => {
  it('are all listed at once, in the order of the variables', () => {
    const problems = problemsOf({
      ...SECRETS,
      REDIS_URL: 'x',
      PORT: 'x',
      NODE_ENV: 'x',
      WHATSAPP_PHONE_NUMBER_ID: '1',
    });
    expect(problems.map((problem) => problem.split(' ')[0])).toEqual([
      'NODE_ENV',
      'PORT',
      'REDIS_URL',
      'WHATSAPP_ACCESS_TOKEN',
    ]);
  });

  it('of production list every secret that is missing', () => {
    const problems = problemsOf({ NODE_ENV: 'production' });
    expect(problems.map((problem) => problem.split(' ')[0])).toEqual([
      'JWT_SECRET',
      'ENCRYPTION_KEY',
      'WHATSAPP_WEBHOOK_VERIFY_TOKEN',
      'WHATSAPP_APP_SECRET',
    ]);
    expect(load({ NODE_ENV: 'production' }).environment).toBe('production');
  });

  it('never show a secret', () => {
    const hidden = 'hunter2hunter2';
    const secret = Object.entries<Variable>(VARIABLES).filter(([, variable]) => variable.secret === true);
    const bad = Object.fromEntries(
      secret.map(([name, variable]) => [name, variable.kind === 'url' ? `ftp://me:${hidden}@host` : hidden]),
    );
    const message = new ConfigError(problemsOf({ ...bad, NODE_ENV: 'nonsense' })).message;
    expect(message).toContain('JWT_SECRET');
    expect(message).toContain('DATABASE_URL');
    expect(message).not.toContain(hidden);
  });

  it('of other variables keep the secrets from being made', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'apicechat-config-'));
    try {
      expect(problemsOf({ DATA_DIR: dataDir, PORT: 'x' })).toHaveLength(1);
      expect(readdirSync(dataDir)).toEqual([]);
    } finally {
      await rm(dataDir, { recursive: true });
    }
  });
});

describe('the database’s address', () => {
  it.each([
    {
      DB_HOST: 'db.example',
      DB_USER: 'shop',
      DB_PASSWORD: 'pa:ss@w/o?r#d%20 &+é"\'',
      DB_NAME: 'my shop ü',
    },
    { DB_HOST: '10.0.0.5', DB_USER: 'user@tenant', DB_PASSWORD: '100%', DB_NAME: 'apicechat' },
    { DB_HOST: '::1', DB_USER: 'a', DB_PASSWORD: 'b', DB_NAME: 'c', DB_PORT: '6543' },
    { DB_HOST: '[2001:db8::7]', DB_USER: 'a', DB_PASSWORD: 'b', DB_NAME: 'c' },
    { DB_HOST: '/var/run/postgresql', DB_USER: 'a', DB_PASSWORD: 'b', DB_NAME: 'c' },
  ])('put together from %j reaches the driver as it was meant', (env) => {
    const client = new Client({ connectionString: load(env).database.url! });
    expect({
      host: client.host.replace(/^\[|\]$/g, ''),
      user: client.user,
      password: client.password,
      database: client.database,
      port: client.port,
    }).toEqual({
      host: env.DB_HOST.replace(/^\[|\]$/g, ''),
      user: env.DB_USER,
      password: env.DB_PASSWORD,
      database: env.DB_NAME,
      port: Number(env.DB_PORT ?? 5432),
    });
  });

  it('is DATABASE_URL where both are given', () => {
    expect(load({ DATABASE_URL: 'postgres://u@h/d', DB_HOST: 'other' }).database.url).toBe(
      'postgres://u@h/d',
    );
  });

  it('without a password has none', () => {
    expect(load({ DB_HOST: 'h' }).database.url).toBe('postgres://postgres@h:5432/apicechat');
  });
});

describe('the address of Redis', () => {
  it.each([
    [{ REDIS_HOST: 'r', REDIS_PASSWORD: 'p@s:s/#%' }, 'redis://:p%40s%3As%2F%23%25@r:6379'],
    [{ REDIS_HOST: 'r', REDIS_PORT: '6380' }, 'redis://r:6380'],
    [{ REDIS_HOST: '::1' }, 'redis://[::1]:6379'],
    [{ REDIS_HOST: 'r', REDIS_URL: 'redis://other' }, 'redis://other'],
  ])('of %j', (env, url) => {
    expect(load(env).redis.url).toBe(url);
  });
});

it('WHATSAPP_PHONE_NUMBER_ID, _ACCESS_TOKEN and _BUSINESS_ACCOUNT_ID are a number that is there from the start', () => {
  expect(
    load({
      WHATSAPP_PHONE_NUMBER_ID: '106540352242922',
      WHATSAPP_ACCESS_TOKEN: 'EAAG',
      WHATSAPP_BUSINESS_ACCOUNT_ID: '102290129340398',
    }).whatsapp.integration,
  ).toEqual({
    phoneNumberId: '106540352242922',
    accessToken: 'EAAG',
    businessAccountId: '102290129340398',
  });
});

describe('Supabase Storage', () => {
  const ALL = { SUPABASE_URL: 'https://p.supabase.co/', SUPABASE_KEY: 'key', SUPABASE_BUCKET: 'attachments' };

  it('is used where all three variables are set', () => {
    expect(load().storage).toEqual({ supabase: null, public: false });
    expect(load({ ...ALL, STORAGE_PUBLIC: 'true' }).storage).toEqual({
      supabase: { url: 'https://p.supabase.co', key: 'key', bucket: 'attachments' },
      public: true,
    });
  });

  it.each(Object.keys(ALL))('without %s alone stops the start', (name) => {
    expect(problemsOf({ ...SECRETS, ...ALL, [name]: undefined })).toEqual([
      expect.stringMatching(new RegExp(`^${name} missing: .*SUPABASE_BUCKET`)),
    ]);
  });

  it('is what public links need', () => {
    expect(problemsOf({ ...SECRETS, STORAGE_PUBLIC: 'true' })).toEqual([
      expect.stringContaining('STORAGE_PUBLIC'),
    ]);
  });
});
