import { inGroup } from '../variable';

export const REDIS = inGroup('Redis', {
  REDIS_URL: {
    kind: 'url',
    schemes: ['redis://', 'rediss://'],
    secret: true,
    fallback: null,
    description:
      'Shared rate limits for several processes, such as redis://host:6379. Wins over REDIS_*. With neither, limits are kept in the process.',
  },
  REDIS_HOST: {
    kind: 'text',
    fallback: null,
    description: 'Redis host, together with the other REDIS_* variables.',
  },
  REDIS_PORT: {
    kind: 'integer',
    min: 1,
    max: 65_535,
    fallback: '6379',
    description: 'Redis port.',
  },
  REDIS_PASSWORD: {
    kind: 'text',
    secret: true,
    fallback: null,
    description: 'Redis password.',
  },
});
