import { inGroup } from '../variable';

export const BOTS = inGroup('Bots', {
  BOT_WEBHOOK_ALLOW_PRIVATE: {
    kind: 'boolean',
    fallback: 'false',
    description:
      'Whether webhook bots may be at addresses of the own network. Admins of every workspace enter such addresses, so only where all of them are trusted with all that this server can reach.',
  },
});
