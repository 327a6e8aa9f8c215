/** Everything the program may know about its surroundings, validated, frozen. */
export interface Config {
  environment: 'development' | 'test' | 'production';
  role: 'all' | 'api' | 'worker';
  dataDir: string;
  http: {
    host: string;
    port: number;
    cors: boolean | string[];
    trustProxy: boolean | string[];
  };
  log: { level: string };
  /** Of telephone numbers that are entered without one; ISO 3166-1. */
  defaultCountry: string | null;
  throttle: { windowSeconds: number; limit: number; loginLimit: number };
  jobs: { concurrency: number; holdSeconds: number };
  /** Of closed conversations that nobody touches; 0: they never are. */
  archiveClosedAfterDays: number;
  /** `null` url: PostgreSQL is embedded in `dataDir`. */
  database: { url: string | null; migrateAtStart: boolean; poolSize: number };
  redis: { url: string | null };
  storage: {
    /** `null`: files lie in `dataDir`. */
    supabase: { url: string; key: string; bucket: string } | null;
    /** Files are shown by the storage's own public addresses. */
    public: boolean;
  };
  security: {
    jwtSecret: string;
    jwtExpiresInSeconds: number;
    encryptionKey: string;
    /** Open what they have sealed, and seal nothing. */
    previousEncryptionKeys: string[];
    bcryptRounds: number;
  };
  bots: { webhookAllowPrivate: boolean };
  chat: {
    /** The default workspace's app, where it has a secret. */
    app: { appId: string; secret: string } | null;
    sessionExpiresInSeconds: number;
    /** Conversations of one user that are open at a time. */
    maxConversations: number;
    /** Characters. */
    messageMaxLength: number;
    rateLimitEnabled: boolean;
    /** What makes a message spam; a number of 0 asks for nothing. */
    spam: {
      action: 'flag' | 'refuse' | 'off';
      maxRepeats: number;
      maxLinks: number;
      /** Percent. */
      maxSymbols: number;
      /** In small letters. */
      words: string[];
    };
  };
  whatsapp: {
    baseUrl: string;
    apiVersion: string;
    webhookVerifyToken: string;
    /** The current secret first, then the one being replaced. */
    appSecrets: string[];
    sendTimeoutSeconds: number;
    reconcileAfterSeconds: number;
    /** The default workspace's integration, where a number is named in the environment. */
    integration: {
      phoneNumberId: string;
      businessAccountId: string | null;
      accessToken: string;
    } | null;
  };
}

/** Injection token of {@link Config}. */
export const CONFIG = Symbol('CONFIG');

/** Lists every problem of the environment at once, one per line. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(readonly problems: string[]) {
    super(
      `The configuration has ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}:\n${problems.map((p) => `  - ${p}`).join('\n')}`,
    );
  }
}
