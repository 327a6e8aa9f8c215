import { inGroup } from '../variable';

export const SECURITY = inGroup('Security', {
  JWT_SECRET: {
    kind: 'text',
    secret: true,
    minLength: 32,
    requiredInProduction: true,
    fallback: null,
    description: 'Signs access tokens; 32 characters or more (openssl rand -base64 48).',
  },
  JWT_EXPIRES_IN: {
    kind: 'duration',
    min: 1,
    max: 31_536_000,
    fallback: '2d',
    description: 'Life of an access token.',
  },
  ENCRYPTION_KEY: {
    kind: 'text',
    secret: true,
    minLength: 32,
    requiredInProduction: true,
    fallback: null,
    description: 'Encrypts stored credentials (AES-256-GCM); 32 characters or more. Losing it loses them.',
  },
  ENCRYPTION_KEY_PREVIOUS: {
    kind: 'text',
    secret: true,
    minLength: 32,
    fallback: null,
    description:
      'Keys that also open stored credentials while ENCRYPTION_KEY is being replaced, separated by commas. See npm run secrets:rotate.',
  },
  BCRYPT_ROUNDS: {
    kind: 'integer',
    min: 4,
    max: 15,
    fallback: '10',
    description: 'Cost of password hashes; each step doubles the time.',
  },
});
