import { inGroup } from '../variable';

export const WHATSAPP = inGroup('WhatsApp', {
  WHATSAPP_ACCESS_TOKEN: {
    kind: 'text',
    secret: true,
    fallback: null,
    description: 'System-user token for the number below.',
  },
  WHATSAPP_PHONE_NUMBER_ID: {
    kind: 'text',
    fallback: null,
    description: 'When set, the default workspace has an integration for this number from the start on.',
  },
  WHATSAPP_BUSINESS_ACCOUNT_ID: {
    kind: 'text',
    fallback: null,
    description: 'WhatsApp Business Account of that number.',
  },
  WHATSAPP_API_VERSION: {
    kind: 'text',
    fallback: 'v25.0',
    description: 'Graph API version for new integrations (v16.0 to v20.0 have expired).',
  },
  WHATSAPP_BASE_URL: {
    kind: 'url',
    schemes: ['http://', 'https://'],
    fallback: 'https://graph.facebook.com',
    description: 'Where the Graph API is.',
  },
  WHATSAPP_WEBHOOK_VERIFY_TOKEN: {
    kind: 'text',
    secret: true,
    minLength: 8,
    requiredInProduction: true,
    fallback: null,
    description: "The token you enter beside the callback URL in Meta's dashboard.",
  },
  WHATSAPP_APP_SECRET: {
    kind: 'text',
    secret: true,
    minLength: 16,
    requiredInProduction: true,
    fallback: null,
    description: "The Meta app's secret; signs every webhook.",
  },
  WHATSAPP_APP_SECRET_PREVIOUS: {
    kind: 'text',
    secret: true,
    minLength: 16,
    fallback: null,
    description: 'Also accepted, while the app secret is being replaced.',
  },
  WHATSAPP_SEND_TIMEOUT: {
    kind: 'duration',
    min: 1,
    max: 60,
    fallback: '20s',
    description: "How long to wait for Graph's answer before a send counts as uncertain.",
  },
  WHATSAPP_RECONCILE_AFTER: {
    kind: 'duration',
    min: 0,
    max: 3_600,
    fallback: '60s',
    description:
      'How long to wait for a status echo before repeating a send that Graph refused with an error of its own (never one without an answer).',
  },
});
