import { resolve } from 'node:path';
import { Config, ConfigError } from './config';
import { DevelopmentSecrets } from './development-secrets';
import type { Variable } from './variable';
import { type VariableName, VARIABLES } from './variables';

type Environment = Record<string, string | undefined>;

const SECONDS = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;

/** What the development secrets are made for. */
const GENERATED = Object.entries<Variable>(VARIABLES)
  .filter(([, variable]) => variable.requiredInProduction === true)
  .map(([name]) => name);

/** Turns the environment into a {@link Config}. Throws {@link ConfigError} naming every problem at once. */
export function loadConfig(env: Environment = process.env): Config {
  const reader = new Reader(env);
  reader.readAll();
  const production = reader.text('NODE_ENV') === 'production';
  const dataDir = resolve(reader.text('DATA_DIR')!);
  const secrets = new DevelopmentSecrets(dataDir, GENERATED);
  const secret = (name: VariableName): string => {
    const given = reader.text(name);
    if (given !== null || reader.isSet(name)) return given ?? '';
    if (production) reader.problem(`${name} is missing: ${VARIABLES[name].description}`);
    else if (reader.problems.length === 0) return reader.attempt(() => secrets.get(name)) ?? '';
    return '';
  };

  const config: Config = {
    environment: reader.text('NODE_ENV') as Config['environment'],
    role: reader.text('ROLE') as Config['role'],
    dataDir,
    http: {
      host: reader.text('HOST')!,
      port: reader.number('PORT'),
      cors: flagOrList(reader.text('CORS_ORIGIN')!),
      trustProxy: flagOrList(reader.text('TRUST_PROXY')!),
    },
    log: { level: reader.text('LOG_LEVEL')! },
    defaultCountry: reader.text('DEFAULT_COUNTRY'),
    throttle: {
      windowSeconds: reader.number('THROTTLE_TTL'),
      limit: reader.number('THROTTLE_LIMIT'),
      loginLimit: reader.number('LOGIN_THROTTLE_LIMIT'),
    },
    jobs: { concurrency: reader.number('JOB_CONCURRENCY'), holdSeconds: reader.number('JOB_HOLD') },
    archiveClosedAfterDays: reader.number('ARCHIVE_CLOSED_AFTER_DAYS'),
    database: {
      url: databaseUrl(reader),
      migrateAtStart: reader.text('DB_SYNC') === 'true',
      poolSize: reader.number('DB_POOL_SIZE'),
    },
    bots: { webhookAllowPrivate: reader.text('BOT_WEBHOOK_ALLOW_PRIVATE') === 'true' },
    chat: {
      app: chatApp(reader, production ? null : () => secret('CHAT_APP_SECRET')),
      sessionExpiresInSeconds: reader.number('CHAT_SESSION_EXPIRES_IN'),
      maxConversations: reader.number('CHAT_MAX_CONVERSATIONS_PER_USER'),
      messageMaxLength: reader.number('CHAT_MESSAGE_MAX_LENGTH'),
      rateLimitEnabled: reader.text('CHAT_RATE_LIMIT_ENABLED') === 'true',
      spam: {
        action: reader.text('CHAT_SPAM_ACTION') as Config['chat']['spam']['action'],
        maxRepeats: reader.number('CHAT_SPAM_MAX_REPEATS'),
        maxLinks: reader.number('CHAT_SPAM_MAX_LINKS'),
        maxSymbols: reader.number('CHAT_SPAM_MAX_SYMBOLS'),
        words: (reader.text('CHAT_SPAM_WORDS') ?? '')
          .split(',')
          .map((word) => word.trim().toLowerCase())
          .filter((word) => word !== ''),
      },
    },
    redis: { url: redisUrl(reader) },
    storage: storage(reader),
    scanner: { clamd: clamd(reader), timeoutSeconds: reader.number('CLAMD_TIMEOUT') },
    security: {
      jwtSecret: secret('JWT_SECRET'),
      jwtExpiresInSeconds: reader.number('JWT_EXPIRES_IN'),
      encryptionKey: secret('ENCRYPTION_KEY'),
      previousEncryptionKeys: previousKeys(reader.text('ENCRYPTION_KEY_PREVIOUS')),
      bcryptRounds: reader.number('BCRYPT_ROUNDS'),
    },
    whatsapp: {
      baseUrl: reader.text('WHATSAPP_BASE_URL')!.replace(/\/+$/, ''),
      apiVersion: reader.text('WHATSAPP_API_VERSION')!,
      webhookVerifyToken: secret('WHATSAPP_WEBHOOK_VERIFY_TOKEN'),
      appSecrets: [secret('WHATSAPP_APP_SECRET'), reader.text('WHATSAPP_APP_SECRET_PREVIOUS')].filter(
        (s) => s !== null,
      ),
      sendTimeoutSeconds: reader.number('WHATSAPP_SEND_TIMEOUT'),
      reconcileAfterSeconds: reader.number('WHATSAPP_RECONCILE_AFTER'),
      integration: integration(reader),
    },
  };
  if (reader.problems.length > 0) throw new ConfigError(reader.problems);
  return deepFreeze(config);
}

/** Reads variables by their table, collecting problems instead of stopping at the first. */
class Reader {
  private readonly found = new Set<string>();
  private readonly texts = new Map<VariableName, string | null>();

  constructor(private readonly env: Environment) {}

  get problems(): string[] {
    return [...this.found];
  }

  problem(text: string): void {
    this.found.add(text);
  }

  /** What it throws becomes a problem. */
  attempt<T>(fn: () => T): T | null {
    try {
      return fn();
    } catch (error) {
      this.problem(error instanceof Error ? error.message : String(error));
      return null;
    }
  }

  /** Finds what is wrong with any variable, in the order of their table. */
  readAll(): void {
    for (const name of Object.keys(VARIABLES) as VariableName[]) this.text(name);
  }

  isSet(name: VariableName): boolean {
    return (this.env[name]?.trim() ?? '') !== '';
  }

  /** The text, its fallback, or null; an empty variable counts as not set. */
  text(name: VariableName): string | null {
    const known = this.texts.get(name);
    if (known !== undefined) return known;
    const text = this.read(name);
    this.texts.set(name, text);
    return text;
  }

  private read(name: VariableName): string | null {
    const spec: Variable = VARIABLES[name];
    const given = this.env[name]?.trim();
    if (given === undefined || given === '') return spec.fallback;
    const problem = problemOf(spec, given);
    if (problem === null) return given;
    this.problem(`${name} ${problem}${spec.secret ? '' : ` (it is "${given}")`}`);
    return spec.fallback;
  }

  number(name: VariableName): number {
    return toNumber(VARIABLES[name], this.text(name) ?? '0');
  }
}

function problemOf(spec: Variable, given: string): string | null {
  const range = spec.min !== undefined && spec.max !== undefined ? ` from ${spec.min} to ${spec.max}` : '';
  switch (spec.kind) {
    case 'integer':
      return /^\d{1,10}$/.test(given) && inRange(spec, Number(given))
        ? null
        : `must be a whole number${range}`;
    case 'duration':
      return /^\d{1,8}[smhd]?$/.test(given) && inRange(spec, toNumber(spec, given))
        ? null
        : `must be a duration such as 90s, 15m, 12h or 2d${range && `, in seconds${range}`}`;
    case 'boolean':
      return given === 'true' || given === 'false' ? null : 'must be true or false';
    case 'choice':
      return spec.choices!.includes(given) ? null : `must be one of ${spec.choices!.join(', ')}`;
    case 'url':
      return isUrl(given, spec.schemes!)
        ? null
        : `must be a URL that starts with ${spec.schemes!.join(' or ')}`;
    case 'country':
      return isCountry(given) ? null : 'must be the two capital letters of a country, such as BR';
    case 'text':
      return given.length >= (spec.minLength ?? 0) ? null : `must have at least ${spec.minLength} characters`;
  }
}

function isUrl(given: string, schemes: readonly string[]): boolean {
  return URL.canParse(given) && schemes.some((scheme) => given.toLowerCase().startsWith(scheme));
}

const COUNTRIES = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'none' });

function isCountry(given: string): boolean {
  return /^[A-Z]{2}$/.test(given) && given !== 'ZZ' && COUNTRIES.of(given) !== undefined;
}

function inRange(spec: Variable, value: number): boolean {
  return value >= (spec.min ?? -Infinity) && value <= (spec.max ?? Infinity);
}

function toNumber(spec: Variable, given: string): number {
  if (spec.kind !== 'duration') return Number(given);
  const unit = given.at(-1) as keyof typeof SECONDS;
  return unit in SECONDS ? Number(given.slice(0, -1)) * SECONDS[unit] : Number(given);
}

function flagOrList(text: string): boolean | string[] {
  return text === 'true' || text === 'false' ? text === 'true' : list(text);
}

function list(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** One key may have commas in it itself. */
function previousKeys(text: string | null): string[] {
  return text === null ? [] : [...new Set([...list(text), text])];
}

function databaseUrl(reader: Reader): string | null {
  const url = reader.text('DATABASE_URL');
  if (url !== null) return url;
  const host = reader.text('DB_HOST');
  if (host === null) return null;
  const user = encodeURIComponent(reader.text('DB_USER')!);
  const password = reader.text('DB_PASSWORD');
  const credentials = password === null ? user : `${user}:${encodeURIComponent(password)}`;
  return `postgres://${credentials}@${hostInUrl(host)}:${reader.number('DB_PORT')}/${encodeURIComponent(reader.text('DB_NAME')!)}`;
}

function redisUrl(reader: Reader): string | null {
  const url = reader.text('REDIS_URL');
  if (url !== null) return url;
  const host = reader.text('REDIS_HOST');
  if (host === null) return null;
  const password = reader.text('REDIS_PASSWORD');
  return `redis://${password === null ? '' : `:${encodeURIComponent(password)}@`}${hostInUrl(host)}:${reader.number('REDIS_PORT')}`;
}

/** Also an IPv6 address, or the folder of a socket. */
function hostInUrl(host: string): string {
  return host.includes(':') && !host.startsWith('/')
    ? `[${host.replace(/^\[|\]$/g, '')}]`
    : encodeURIComponent(host);
}

function storage(reader: Reader): Config['storage'] {
  const names = ['SUPABASE_URL', 'SUPABASE_KEY', 'SUPABASE_BUCKET'] as const;
  const [url, key, bucket] = names.map((name) => reader.text(name));
  const missing = names.filter((name) => reader.text(name) === null);
  const isPublic = reader.text('STORAGE_PUBLIC') === 'true';
  if (missing.length > 0 && missing.length < names.length)
    reader.problem(`${missing.join(' and ')} missing: Supabase Storage needs ${names.join(', ')} together`);
  const supabase =
    missing.length > 0 ? null : { url: new URL(url!).href.replace(/\/+$/, ''), key: key!, bucket: bucket! };
  if (isPublic && supabase === null && missing.length === names.length)
    reader.problem('STORAGE_PUBLIC needs Supabase Storage: files on disk have no public address');
  return { supabase, public: isPublic };
}

const CLAMD_PORT = 3_310;

function clamd(reader: Reader): Config['scanner']['clamd'] {
  const text = reader.text('CLAMD_URL');
  if (text === null) return null;
  const { protocol, hostname, port, href } = new URL(text);
  if (protocol === 'unix:') {
    const path = text.slice('unix://'.length);
    if (path === '/') reader.problem(`CLAMD_URL must be unix:///path/of/the/socket (it is "${text}")`);
    return { path };
  }
  const host = hostname.replace(/^\[|\]$/g, '');
  if (port === '0' || !/^tcp:\/\/[^/?#@]+\/?$/.test(href))
    reader.problem(`CLAMD_URL must be tcp://host:port and nothing more (it is "${text}")`);
  return { host, port: port === '' ? CLAMD_PORT : Number(port) };
}

function integration(reader: Reader): Config['whatsapp']['integration'] {
  const phoneNumberId = reader.text('WHATSAPP_PHONE_NUMBER_ID');
  if (phoneNumberId === null) return null;
  const accessToken = reader.text('WHATSAPP_ACCESS_TOKEN');
  if (accessToken === null) {
    reader.problem('WHATSAPP_ACCESS_TOKEN is missing: WHATSAPP_PHONE_NUMBER_ID is set and needs it');
    return null;
  }
  return { phoneNumberId, accessToken, businessAccountId: reader.text('WHATSAPP_BUSINESS_ACCOUNT_ID') };
}

const APP_ID = /^[A-Za-z0-9._-]{1,64}$/;

/** @param generated where secrets that nobody gave are made */
function chatApp(reader: Reader, generated: (() => string) | null): Config['chat']['app'] {
  const appId = reader.text('CHAT_APP_ID')!;
  if (!APP_ID.test(appId))
    reader.problem(
      `CHAT_APP_ID must have 1 to 64 letters, digits, dots, hyphens or underscores (it is "${appId}")`,
    );
  const given = reader.text('CHAT_APP_SECRET');
  if (given === null && (generated === null || reader.isSet('CHAT_APP_SECRET'))) return null;
  return { appId, secret: given ?? generated!() };
}

function deepFreeze<T extends object>(value: T): T {
  for (const inner of Object.values(value)) {
    if (typeof inner === 'object' && inner !== null) deepFreeze(inner);
  }
  return Object.freeze(value);
}
