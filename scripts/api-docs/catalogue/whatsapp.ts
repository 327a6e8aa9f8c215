import type { Chapter } from '../route-doc';

/** Signs the body as Meta does, with the secret of the app. */
const SIGN = [
  'const body = pm.variables.replaceIn(pm.request.body.raw);',
  'pm.request.body.update(body);',
  "const signature = CryptoJS.HmacSHA256(body, pm.variables.get('app_secret')).toString();",
  "pm.request.headers.upsert({ key: 'x-hub-signature-256', value: `sha256=${signature}` });",
];

const SENDING = {
  WINDOW_CLOSED: 'The customer last wrote more than 24 hours ago: only a template may be sent.',
  CONVERSATION_CLOSED: 'The conversation is closed.',
  CHANNEL_NOT_CONNECTED: 'There is no such number.',
  IDEMPOTENCY_KEY_REUSED: 'The same key was used for another message.',
} as const;

export const CUSTOMER_MESSAGE = {
  object: 'whatsapp_business_account',
  entry: [
    {
      id: '102290129340398',
      changes: [
        {
          field: 'messages',
          value: {
            messaging_product: 'whatsapp',
            metadata: { display_phone_number: '15550783881', phone_number_id: '{{phone_number_id}}' },
            contacts: [{ profile: { name: 'Ana' }, wa_id: '{{customer}}' }],
            messages: [
              {
                from: '{{customer}}',
                id: 'wamid.{{$guid}}',
                timestamp: '{{$timestamp}}',
                type: 'text',
                text: { body: 'Hola, ¿está abierto hoy?' },
              },
            ],
          },
        },
      ],
    },
  ],
};

export const WHATSAPP: Chapter = {
  title: 'WhatsApp',
  about: "Meta's callbacks, and the numbers of the business.",
  requests: [
    {
      route: 'GET /meta-whatsapp/webhook',
      name: 'Prove to Meta that the address is ours',
      about: 'Meta asks once, when the address is entered. The answer is the challenge.',
      query: {
        'hub.mode': 'subscribe',
        'hub.verify_token': '{{verify_token}}',
        'hub.challenge': '1158201444',
      },
      answers: 'text/plain',
      anonymous: true,
      errors: {
        VERIFY_TOKEN_MISMATCH: 'The verify token is not the one of `WHATSAPP_WEBHOOK_VERIFY_TOKEN`.',
      },
    },
    {
      route: 'POST /meta-whatsapp/webhook',
      name: 'A customer writes',
      about:
        'What Meta sends for messages and statuses, up to 3 MB, signed with the app’s secret. The answer comes after ' +
        'all of it is stored; Meta sends again what was not answered with 200, and nothing is stored twice.',
      headers: { 'x-hub-signature-256': 'sha256={{signature}}' },
      body: CUSTOMER_MESSAGE,
      before: SIGN,
      anonymous: true,
      errors: { INVALID_SIGNATURE: 'The signature is missing or was not made with the app’s secret.' },
    },
    {
      route: 'GET /whatsapp-integration-config',
      name: 'List the numbers',
      save: { integration_id: 'data.0.id' },
    },
    {
      route: 'POST /whatsapp-integration-config',
      name: 'Connect a number',
      about: 'Of the access token only the last four characters are ever shown again.',
      body: {
        phone_number_id: '106{{$randomInt}}{{$timestamp}}',
        access_token: 'EAAG-a-token-of-a-system-user',
        business_account_id: '102290129340398',
        name: 'Second shop',
      },
      save: { second_integration_id: 'id' },
      errors: { CONFLICT: 'The number is connected already.' },
    },
    {
      route: 'GET /whatsapp-integration-config/:id',
      name: 'Show a number',
      path: { id: '{{second_integration_id}}' },
    },
    {
      route: 'PATCH /whatsapp-integration-config/:id',
      name: 'Change a number',
      about: 'What waits for it is tried again at once.',
      path: { id: '{{second_integration_id}}' },
      body: { name: 'Second shop, old town' },
    },
    {
      route: 'POST /whatsapp-integration-config/:id/verify',
      name: 'Ask Meta whether a number works',
      about:
        'Whether Meta takes the token, knows the number and its business account, and tells an app what customers write; ' +
        'what is wrong is said in words, and `ok` tells. Where all is well, sending that waited for it goes on.',
      path: { id: '{{integration_id}}' },
    },
    {
      route: 'POST /whatsapp-integration-config/:id/templates/sync',
      name: 'Fetch the templates of a number from Meta',
      path: { id: '{{integration_id}}' },
      errors: {
        CONFLICT: 'The number has no business account yet, or its token cannot be read.',
        UNAVAILABLE: 'Meta cannot be reached.',
      },
    },
    {
      route: 'GET /whatsapp-integration-config/:id/templates',
      name: 'The templates of a number',
      path: { id: '{{integration_id}}' },
      query: { status: 'APPROVED' },
    },
    {
      route: 'POST /meta-whatsapp/webhook/send-message',
      name: 'Send a text or a template to a phone number',
      about:
        'The same door as `POST /messages`: the message stands in the inbox, in order, and goes through the same checks. ' +
        'Only a template may begin a conversation.',
      body: { to: '+{{customer}}', message: 'Su pedido está listo.', integration_id: '{{integration_id}}' },
      errors: SENDING,
    },
    {
      route: 'POST /meta-whatsapp/webhook/send-media',
      name: 'Send a file to a phone number',
      about: 'By one of `upload_id`, `url` (fetched by Meta) and `media_id`.',
      body: {
        to: '+{{customer}}',
        type: 'image',
        url: 'https://example.com/photo.jpg',
        caption: 'La campera negra',
        integration_id: '{{integration_id}}',
      },
      errors: SENDING,
    },
  ],
};

/** The last of a run: everything else needs the number. */
export const WHATSAPP_END: Chapter = {
  title: 'WhatsApp: disconnecting',
  about: 'Numbers over which nothing was said can be removed.',
  requests: [
    {
      route: 'DELETE /whatsapp-integration-config/:id',
      name: 'Disconnect a number',
      path: { id: '{{second_integration_id}}' },
      errors: { CONFLICT: 'Conversations were held over it, or it stands in the environment.' },
    },
  ],
};
