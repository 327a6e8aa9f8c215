import { inGroup } from '../variable';

export const APPLICATION = inGroup('Application', {
  NODE_ENV: {
    kind: 'choice',
    choices: ['development', 'test', 'production'],
    fallback: 'development',
    description:
      'In production every secret must be given; elsewhere missing ones are made and kept in DATA_DIR.',
  },
  PORT: {
    kind: 'integer',
    min: 0,
    max: 65_535,
    fallback: '3000',
    description: 'Port for HTTP and sockets; 0 takes any free one.',
  },
  HOST: { kind: 'text', fallback: '0.0.0.0', description: 'Address to listen on.' },
  DATA_DIR: {
    kind: 'text',
    fallback: './data',
    description: 'Folder for the embedded database, files and generated development secrets.',
  },
  ROLE: {
    kind: 'choice',
    choices: ['all', 'api', 'worker'],
    fallback: 'all',
    description:
      'What this process does: answer requests (api), run jobs such as sending and answer nothing but its health (worker), or both (all).',
  },
  CORS_ORIGIN: {
    kind: 'text',
    fallback: 'true',
    description: 'true: any origin; false: none; or a comma-separated list of origins.',
  },
  TRUST_PROXY: {
    kind: 'text',
    fallback: 'false',
    description:
      'true, false, or a comma-separated list of proxy addresses whose X-Forwarded-For is believed.',
  },
  DEFAULT_COUNTRY: {
    kind: 'country',
    fallback: null,
    description:
      'Country of telephone numbers that people enter without one, by its two letters, such as BR. Without it they must begin with + or 00.',
  },
  LOG_LEVEL: {
    kind: 'choice',
    choices: ['silent', 'error', 'warn', 'info', 'debug'],
    fallback: 'info',
    description: 'Log lines are JSON on standard output.',
  },
  THROTTLE_TTL: {
    kind: 'integer',
    min: 1,
    max: 86_400,
    fallback: '60',
    description: 'Seconds of the rate-limit window.',
  },
  THROTTLE_LIMIT: {
    kind: 'integer',
    min: 1,
    max: 1_000_000,
    fallback: '100',
    description: 'Requests per window and caller.',
  },
  LOGIN_THROTTLE_LIMIT: {
    kind: 'integer',
    min: 1,
    max: 1_000_000,
    fallback: '5',
    description: 'Login attempts per minute and address.',
  },
  JOB_CONCURRENCY: {
    kind: 'integer',
    min: 1,
    max: 1_000,
    fallback: '10',
    description: 'Jobs that one process runs at a time.',
  },
  JOB_HOLD: {
    kind: 'duration',
    min: 5,
    max: 600,
    fallback: '20s',
    description: "How long a killed process's jobs stay its own before another one takes them up.",
  },
  ARCHIVE_CLOSED_AFTER_DAYS: {
    kind: 'integer',
    min: 0,
    max: 36_500,
    fallback: '0',
    description: 'Days after which closed conversations that nobody has touched are archived; 0: never.',
  },
});
