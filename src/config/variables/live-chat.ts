import { inGroup } from '../variable';

export const LIVE_CHAT = inGroup('Live chat', {
  CHAT_APP_ID: {
    kind: 'text',
    fallback: 'default',
    description: "Name (X-App-Id) of the default workspace's app. More apps: POST /chat-apps.",
  },
  CHAT_APP_SECRET: {
    kind: 'text',
    secret: true,
    minLength: 16,
    fallback: null,
    description:
      "The app's secret, with which its server signs calls: never in a phone or a page. Where it is set, the default workspace has the app from the start on; in development one is made.",
  },
  CHAT_SESSION_EXPIRES_IN: {
    kind: 'duration',
    min: 60,
    max: 31_536_000,
    fallback: '30d',
    description: "Life of a chat user's session.",
  },
  CHAT_MAX_CONVERSATIONS_PER_USER: {
    kind: 'integer',
    min: 1,
    max: 1_000,
    fallback: '5',
    description: 'Conversations that one chat user may have open at a time.',
  },
  CHAT_MESSAGE_MAX_LENGTH: {
    kind: 'integer',
    min: 1,
    max: 65_536,
    fallback: '5000',
    description: 'Characters of one chat message.',
  },
  CHAT_RATE_LIMIT_ENABLED: {
    kind: 'boolean',
    fallback: 'true',
    description: 'Whether what chat users send is limited.',
  },
  CHAT_SPAM_ACTION: {
    kind: 'choice',
    choices: ['flag', 'refuse', 'off'],
    fallback: 'flag',
    description:
      'What happens with a chat message that one of the CHAT_SPAM rules takes for spam: it is stored with a flag that agents see, or refused (SPAM_REFUSED). Nothing is dropped silently.',
  },
  CHAT_SPAM_MAX_REPEATS: {
    kind: 'integer',
    min: 0,
    max: 20,
    fallback: '3',
    description:
      'How often a user may say the same in ten minutes in one conversation; 0: as often as they like.',
  },
  CHAT_SPAM_MAX_LINKS: {
    kind: 'integer',
    min: 0,
    max: 1_000,
    fallback: '5',
    description: 'Links in one chat message; 0: any number.',
  },
  CHAT_SPAM_MAX_SYMBOLS: {
    kind: 'integer',
    min: 0,
    max: 100,
    fallback: '60',
    description:
      'Percent of a chat message of 20 characters or more that may be neither letters, digits, blanks nor emoji; 0: all of it.',
  },
  CHAT_SPAM_WORDS: {
    kind: 'text',
    fallback: null,
    description:
      'Words and phrases, separated by commas, that make a chat message spam. Capitals make no difference.',
  },
});
