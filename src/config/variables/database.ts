import { inGroup } from '../variable';

export const DATABASE = inGroup('Database', {
  DATABASE_URL: {
    kind: 'url',
    schemes: ['postgres://', 'postgresql://'],
    secret: true,
    fallback: null,
    description:
      'PostgreSQL 15 or newer, such as postgres://user:password@host:5432/apicechat. Wins over DB_*. With neither, PostgreSQL is embedded.',
  },
  DB_HOST: {
    kind: 'text',
    fallback: null,
    description: 'PostgreSQL host, together with the other DB_* variables.',
  },
  DB_PORT: {
    kind: 'integer',
    min: 1,
    max: 65_535,
    fallback: '5432',
    description: 'PostgreSQL port.',
  },
  DB_USER: {
    kind: 'text',
    fallback: 'postgres',
    description: 'PostgreSQL user: owner of the database, able to create roles on the first start.',
  },
  DB_PASSWORD: {
    kind: 'text',
    secret: true,
    fallback: null,
    description: 'PostgreSQL password.',
  },
  DB_NAME: { kind: 'text', fallback: 'apicechat', description: 'PostgreSQL database.' },
  DB_SYNC: {
    kind: 'boolean',
    fallback: 'true',
    description: 'Run pending migrations at start. With false, run `npm run db:migrate` yourself.',
  },
  DB_POOL_SIZE: {
    kind: 'integer',
    min: 2,
    max: 500,
    fallback: '10',
    description: 'Connections per process for requests and jobs (seven more serve the machinery).',
  },
});
