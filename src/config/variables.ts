/** How a variable's text becomes a value. A `duration` is `90s`, `15m`, `12h`, `2d` or plain seconds. */
export type VariableKind = 'text' | 'integer' | 'boolean' | 'url' | 'duration' | 'choice' | 'country';

export interface Variable {
  group: string;
  kind: VariableKind;
  description: string;
  /** Used where nothing is set. `null`: the feature is off or an embedded default takes over. */
  fallback: string | null;
  /** Never logged; needs `minLength` characters. */
  secret?: boolean;
  /** Without it the server refuses to start when NODE_ENV=production. */
  requiredInProduction?: boolean;
  minLength?: number;
  min?: number;
  max?: number;
  /** Of a `url`: how it may begin. */
  schemes?: readonly string[];
  choices?: readonly string[];
}

/**
 * Every environment variable the server reads, and the only list of them: parsing, the start-up check and
 * `.env.example` all come from here.
 */
export const VARIABLES = {
  NODE_ENV: {
    group: 'Application',
    kind: 'choice',
    choices: ['development', 'test', 'production'],
    fallback: 'development',
    description:
      'In production every secret must be given; elsewhere missing ones are made and kept in DATA_DIR.',
  },
  PORT: {
    group: 'Application',
    kind: 'integer',
    min: 0,
    max: 65_535,
    fallback: '3000',
    description: 'Port for HTTP and sockets; 0 takes any free one.',
  },
  HOST: { group: 'Application', kind: 'text', fallback: '0.0.0.0', description: 'Address to listen on.' },
  DATA_DIR: {
    group: 'Application',
    kind: 'text',
    fallback: './data',
    description: 'Folder for the embedded database, files and generated development secrets.',
  },
  ROLE: {
    group: 'Application',
    kind: 'choice',
    choices: ['all', 'api', 'worker'],
    fallback: 'all',
    description:
      'What this process does: answer requests (api), run jobs such as sending and answer nothing but its health (worker), or both (all).',
  },
  CORS_ORIGIN: {
    group: 'Application',
    kind: 'text',
    fallback: 'true',
    description: 'true: any origin; false: none; or a comma-separated list of origins.',
  },
  TRUST_PROXY: {
    group: 'Application',
    kind: 'text',
    fallback: 'false',
    description:
      'true, false, or a comma-separated list of proxy addresses whose X-Forwarded-For is believed.',
  },
  DEFAULT_COUNTRY: {
    group: 'Application',
    kind: 'country',
    fallback: null,
    description:
      'Country of telephone numbers that people enter without one, by its two letters, such as BR. Without it they must begin with + or 00.',
  },
  LOG_LEVEL: {
    group: 'Application',
    kind: 'choice',
    choices: ['silent', 'error', 'warn', 'info', 'debug'],
    fallback: 'info',
    description: 'Log lines are JSON on standard output.',
  },
  THROTTLE_TTL: {
    group: 'Application',
    kind: 'integer',
    min: 1,
    max: 86_400,
    fallback: '60',
    description: 'Seconds of the rate-limit window.',
  },
  THROTTLE_LIMIT: {
    group: 'Application',
    kind: 'integer',
    min: 1,
    max: 1_000_000,
    fallback: '100',
    description: 'Requests per window and caller.',
  },
  LOGIN_THROTTLE_LIMIT: {
    group: 'Application',
    kind: 'integer',
    min: 1,
    max: 1_000_000,
    fallback: '5',
    description: 'Login attempts per minute and address.',
  },
  JOB_CONCURRENCY: {
    group: 'Application',
    kind: 'integer',
    min: 1,
    max: 1_000,
    fallback: '10',
    description: 'Jobs that one process runs at a time.',
  },
  JOB_HOLD: {
    group: 'Application',
    kind: 'duration',
    min: 5,
    max: 600,
    fallback: '20s',
    description: "How long a killed process's jobs stay its own before another one takes them up.",
  },
  ARCHIVE_CLOSED_AFTER_DAYS: {
    group: 'Application',
    kind: 'integer',
    min: 0,
    max: 36_500,
    fallback: '0',
    description: 'Days after which closed conversations that nobody has touched are archived; 0: never.',
  },

  DATABASE_URL: {
    group: 'Database',
    kind: 'url',
    schemes: ['postgres://', 'postgresql://'],
    secret: true,
    fallback: null,
    description:
      'PostgreSQL 15 or newer, such as postgres://user:password@host:5432/apicechat. Wins over DB_*. With neither, PostgreSQL is embedded.',
  },
  DB_HOST: {
    group: 'Database',
    kind: 'text',
    fallback: null,
    description: 'PostgreSQL host, together with the other DB_* variables.',
  },
  DB_PORT: {
    group: 'Database',
    kind: 'integer',
    min: 1,
    max: 65_535,
    fallback: '5432',
    description: 'PostgreSQL port.',
  },
  DB_USER: {
    group: 'Database',
    kind: 'text',
    fallback: 'postgres',
    description: 'PostgreSQL user: owner of the database, able to create roles on the first start.',
  },
  DB_PASSWORD: {
    group: 'Database',
    kind: 'text',
    secret: true,
    fallback: null,
    description: 'PostgreSQL password.',
  },
  DB_NAME: { group: 'Database', kind: 'text', fallback: 'apicechat', description: 'PostgreSQL database.' },
  DB_SYNC: {
    group: 'Database',
    kind: 'boolean',
    fallback: 'true',
    description: 'Run pending migrations at start. With false, run `npm run db:migrate` yourself.',
  },
  DB_POOL_SIZE: {
    group: 'Database',
    kind: 'integer',
    min: 2,
    max: 500,
    fallback: '10',
    description: 'Connections per process for requests and jobs (seven more serve the machinery).',
  },

  REDIS_URL: {
    group: 'Redis',
    kind: 'url',
    schemes: ['redis://', 'rediss://'],
    secret: true,
    fallback: null,
    description:
      'Shared rate limits for several processes, such as redis://host:6379. Wins over REDIS_*. With neither, limits are kept in the process.',
  },
  REDIS_HOST: {
    group: 'Redis',
    kind: 'text',
    fallback: null,
    description: 'Redis host, together with the other REDIS_* variables.',
  },
  REDIS_PORT: {
    group: 'Redis',
    kind: 'integer',
    min: 1,
    max: 65_535,
    fallback: '6379',
    description: 'Redis port.',
  },
  REDIS_PASSWORD: {
    group: 'Redis',
    kind: 'text',
    secret: true,
    fallback: null,
    description: 'Redis password.',
  },

  SUPABASE_URL: {
    group: 'Storage',
    kind: 'url',
    schemes: ['https://', 'http://'],
    fallback: null,
    description:
      'Files are kept in Supabase Storage, such as https://project.supabase.co. Without the three SUPABASE_* variables they are kept in DATA_DIR/files.',
  },
  SUPABASE_KEY: {
    group: 'Storage',
    kind: 'text',
    secret: true,
    fallback: null,
    description: 'Service-role key of that project.',
  },
  SUPABASE_BUCKET: {
    group: 'Storage',
    kind: 'text',
    fallback: null,
    description: 'Bucket of that project, such as attachments. It may and should be private.',
  },
  STORAGE_PUBLIC: {
    group: 'Storage',
    kind: 'boolean',
    fallback: 'false',
    description:
      'true: files are shown by the public addresses of the (public) Supabase bucket, through its CDN; whoever knows one can read the file for ever. false: by signed links to this server.',
  },

  JWT_SECRET: {
    group: 'Security',
    kind: 'text',
    secret: true,
    minLength: 32,
    requiredInProduction: true,
    fallback: null,
    description: 'Signs access tokens; 32 characters or more (openssl rand -base64 48).',
  },
  JWT_EXPIRES_IN: {
    group: 'Security',
    kind: 'duration',
    min: 1,
    max: 31_536_000,
    fallback: '2d',
    description: 'Life of an access token.',
  },
  ENCRYPTION_KEY: {
    group: 'Security',
    kind: 'text',
    secret: true,
    minLength: 32,
    requiredInProduction: true,
    fallback: null,
    description: 'Encrypts stored credentials (AES-256-GCM); 32 characters or more. Losing it loses them.',
  },
  ENCRYPTION_KEY_PREVIOUS: {
    group: 'Security',
    kind: 'text',
    secret: true,
    minLength: 32,
    fallback: null,
    description:
      'Keys that also open stored credentials while ENCRYPTION_KEY is being replaced, separated by commas. See npm run secrets:rotate.',
  },
  BCRYPT_ROUNDS: {
    group: 'Security',
    kind: 'integer',
    min: 4,
    max: 15,
    fallback: '10',
    description: 'Cost of password hashes; each step doubles the time.',
  },

  BOT_WEBHOOK_ALLOW_PRIVATE: {
    group: 'Bots',
    kind: 'boolean',
    fallback: 'false',
    description:
      'Whether webhook bots may be at addresses of the own network. Admins of every workspace enter such addresses, so only where all of them are trusted with all that this server can reach.',
  },

  CHAT_APP_ID: {
    group: 'Live chat',
    kind: 'text',
    fallback: 'default',
    description: "Name (X-App-Id) of the default workspace's app. More apps: POST /chat-apps.",
  },
  CHAT_APP_SECRET: {
    group: 'Live chat',
    kind: 'text',
    secret: true,
    minLength: 16,
    fallback: null,
    description:
      "The app's secret, with which its server signs calls: never in a phone or a page. Where it is set, the default workspace has the app from the start on; in development one is made.",
  },
  CHAT_SESSION_EXPIRES_IN: {
    group: 'Live chat',
    kind: 'duration',
    min: 60,
    max: 31_536_000,
    fallback: '30d',
    description: "Life of a chat user's session.",
  },
  CHAT_MAX_CONVERSATIONS_PER_USER: {
    group: 'Live chat',
    kind: 'integer',
    min: 1,
    max: 1_000,
    fallback: '5',
    description: 'Conversations that one chat user may have open at a time.',
  },
  CHAT_MESSAGE_MAX_LENGTH: {
    group: 'Live chat',
    kind: 'integer',
    min: 1,
    max: 65_536,
    fallback: '5000',
    description: 'Characters of one chat message.',
  },
  CHAT_RATE_LIMIT_ENABLED: {
    group: 'Live chat',
    kind: 'boolean',
    fallback: 'true',
    description: 'Whether what chat users send is limited.',
  },
  CHAT_SPAM_ACTION: {
    group: 'Live chat',
    kind: 'choice',
    choices: ['flag', 'refuse', 'off'],
    fallback: 'flag',
    description:
      'What happens with a chat message that one of the CHAT_SPAM rules takes for spam: it is stored with a flag that agents see, or refused (SPAM_REFUSED). Nothing is dropped silently.',
  },
  CHAT_SPAM_MAX_REPEATS: {
    group: 'Live chat',
    kind: 'integer',
    min: 0,
    max: 20,
    fallback: '3',
    description:
      'How often a user may say the same in ten minutes in one conversation; 0: as often as they like.',
  },
  CHAT_SPAM_MAX_LINKS: {
    group: 'Live chat',
    kind: 'integer',
    min: 0,
    max: 1_000,
    fallback: '5',
    description: 'Links in one chat message; 0: any number.',
  },
  CHAT_SPAM_MAX_SYMBOLS: {
    group: 'Live chat',
    kind: 'integer',
    min: 0,
    max: 100,
    fallback: '60',
    description:
      'Percent of a chat message of 20 characters or more that may be neither letters, digits, blanks nor emoji; 0: all of it.',
  },
  CHAT_SPAM_WORDS: {
    group: 'Live chat',
    kind: 'text',
    fallback: null,
    description:
      'Words and phrases, separated by commas, that make a chat message spam. Capitals make no difference.',
  },

  WHATSAPP_ACCESS_TOKEN: {
    group: 'WhatsApp',
    kind: 'text',
    secret: true,
    fallback: null,
    description: 'System-user token for the number below.',
  },
  WHATSAPP_PHONE_NUMBER_ID: {
    group: 'WhatsApp',
    kind: 'text',
    fallback: null,
    description: 'When set, the default workspace has an integration for this number from the start on.',
  },
  WHATSAPP_BUSINESS_ACCOUNT_ID: {
    group: 'WhatsApp',
    kind: 'text',
    fallback: null,
    description: 'WhatsApp Business Account of that number.',
  },
  WHATSAPP_API_VERSION: {
    group: 'WhatsApp',
    kind: 'text',
    fallback: 'v25.0',
    description: 'Graph API version for new integrations (v16.0 to v20.0 have expired).',
  },
  WHATSAPP_BASE_URL: {
    group: 'WhatsApp',
    kind: 'url',
    schemes: ['http://', 'https://'],
    fallback: 'https://graph.facebook.com',
    description: 'Where the Graph API is.',
  },
  WHATSAPP_WEBHOOK_VERIFY_TOKEN: {
    group: 'WhatsApp',
    kind: 'text',
    secret: true,
    minLength: 8,
    requiredInProduction: true,
    fallback: null,
    description: "The token you enter beside the callback URL in Meta's dashboard.",
  },
  WHATSAPP_APP_SECRET: {
    group: 'WhatsApp',
    kind: 'text',
    secret: true,
    minLength: 16,
    requiredInProduction: true,
    fallback: null,
    description: "The Meta app's secret; signs every webhook.",
  },
  WHATSAPP_APP_SECRET_PREVIOUS: {
    group: 'WhatsApp',
    kind: 'text',
    secret: true,
    minLength: 16,
    fallback: null,
    description: 'Also accepted, while the app secret is being replaced.',
  },
  WHATSAPP_SEND_TIMEOUT: {
    group: 'WhatsApp',
    kind: 'duration',
    min: 1,
    max: 60,
    fallback: '20s',
    description: "How long to wait for Graph's answer before a send counts as uncertain.",
  },
  WHATSAPP_RECONCILE_AFTER: {
    group: 'WhatsApp',
    kind: 'duration',
    min: 0,
    max: 3_600,
    fallback: '60s',
    description:
      'How long to wait for a status echo before repeating a send that Graph refused with an error of its own (never one without an answer).',
  },
} as const satisfies Record<string, Variable>;

export type VariableName = keyof typeof VARIABLES;
