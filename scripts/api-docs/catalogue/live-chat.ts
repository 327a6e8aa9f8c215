import type { Chapter, RouteDoc } from '../route-doc';

/** Signs the request as an app's server does, with the app's secret. */
const SIGN = [
  "const text = pm.request.body && pm.request.body.raw ? pm.variables.replaceIn(pm.request.body.raw) : '';",
  'if (text !== "") pm.request.body.update(text);',
  'const timestamp = String(Date.now());',
  'const path = pm.variables.replaceIn(pm.request.url.getPathWithQuery());',
  "const signed = [timestamp, pm.request.method, path, CryptoJS.SHA256(text).toString()].join('\\n');",
  "const signature = CryptoJS.HmacSHA256(signed, pm.variables.get('chat_app_secret')).toString();",
  "pm.request.headers.upsert({ key: 'x-app-id', value: pm.variables.get('chat_app') });",
  "pm.request.headers.upsert({ key: 'x-timestamp', value: timestamp });",
  "pm.request.headers.upsert({ key: 'x-signature', value: signature });",
];

const CLOSED = { CONVERSATION_CLOSED: 'The conversation is closed.' } as const;
const SAYING = {
  ...CLOSED,
  IDEMPOTENCY_KEY_REUSED: 'The same `client_message_id` was used for another message.',
  SPAM_REFUSED: 'The message was taken for spam, and the configuration says that such messages are refused.',
} as const;

const signed = (doc: RouteDoc): RouteDoc => ({ ...doc, before: SIGN, anonymous: true });
const asUser = (doc: RouteDoc): RouteDoc => ({ ...doc, token: 'chat_token' });
const inConversation = { id: '{{chat_conversation_id}}' };

export const CHAT_APPS: Chapter = {
  title: 'Apps of the live chat',
  about:
    'The apps and websites whose users write in the live chat. `CHAT_APP_SECRET` makes the first one; its secret lives on ' +
    'the app’s server, never in a phone or a page.',
  requests: [
    {
      route: 'POST /chat-apps',
      name: 'Add an app',
      about: 'The answer shows the secret, this once.',
      body: { name: 'Shop', visitors: true, origins: ['https://www.example.com'] },
      save: { chat_app_row_id: 'id' },
      errors: { CONFLICT: 'The `app_id` is taken.' },
    },
    { route: 'GET /chat-apps', name: 'List the apps', query: { sort: 'name' } },
    { route: 'GET /chat-apps/:id', name: 'Show an app', path: { id: '{{chat_app_row_id}}' } },
    {
      route: 'PATCH /chat-apps/:id',
      name: 'Change an app',
      path: { id: '{{chat_app_row_id}}' },
      body: { visitors: false },
    },
    {
      route: 'POST /chat-apps/:id/secret',
      name: 'Replace the secret of an app',
      about:
        'The answer shows the new one, this once. The old one ends, unless it is kept for the time being.',
      path: { id: '{{chat_app_row_id}}' },
      body: { keep_previous: true },
      errors: { CONFLICT: 'The secret is `CHAT_APP_SECRET`: change it in the environment.' },
    },
    {
      route: 'DELETE /chat-apps/:id',
      name: 'Remove an app',
      about: 'Only one through which nobody ever wrote.',
      path: { id: '{{chat_app_row_id}}' },
      errors: { CONFLICT: 'Users have written through it.' },
    },
  ],
};

export const LIVE_CHAT: Chapter = {
  title: 'Live chat',
  about:
    'For apps and websites: their users write, staff and bots answer. A user proves who they are by the token of a session, ' +
    'or their app’s server signs the call and names them. Texts are given back as they were written: escape them. ' +
    'Limits: 60 messages a minute (30 into a named conversation), 5 new conversations in 15 minutes, 10 files a minute.',
  requests: [
    signed({
      route: 'POST /api/chat/sessions',
      name: 'Sign a user in',
      about:
        'By the app’s server, which hands the token to the user’s device. Users the server has not heard of are made.',
      body: { user_id: 123, username: 'user123', account_name: 'Jane Doe' },
      save: { chat_token: 'data.token' },
      errors: { CONFLICT: 'Another user of the app has this username.' },
    }),
    asUser({ route: 'GET /api/chat/sessions/current', name: 'Show who the token belongs to' }),
    {
      route: 'POST /api/chat/visitors',
      name: 'Open a chat as a visitor of a website',
      about: 'Without a server: for somebody whom no app knows, where the app allows that.',
      body: { app_id: '{{chat_app}}', name: 'Somebody' },
      anonymous: true,
      errors: {
        FORBIDDEN: 'The app takes no visitors, or none from this website.',
        RATE_LIMITED: '`Rate limit exceeded`: ten a minute from one address.',
      },
    },
    asUser({
      route: 'POST /api/chat/messages',
      name: 'Write to those who answer',
      about: 'Into the newest conversation that is open, which is made where there is none.',
      body: { message: 'Thank you for your help!', client_message_id: '{{$guid}}' },
      errors: SAYING,
    }),
    asUser({
      route: 'GET /api/chat/messages',
      name: 'Show the history',
      about:
        'Of the newest conversation that is open, else of the newest; oldest first. `user_id` may also stand in a JSON body. ' +
        'What is shown to the user counts as delivered.',
      query: { limit: '50' },
    }),
    asUser({
      route: 'POST /api/chat/conversations',
      name: 'Open a conversation',
      about:
        'With its first message: `initial_message`, or in the words of the other contract `message`, with `subject` and `priority`. ' +
        'At most five may be open at a time.',
      body: { subject: 'App Login Issue', priority: 'high', message: "I can't log into the app." },
      save: { chat_conversation_id: 'data.conversation_id', chat_message_id: 'data.message.id' },
      errors: { ...SAYING, CONFLICT: 'As many conversations are open as may be.' },
    }),
    asUser({
      route: 'GET /api/chat/conversations',
      name: 'List the conversations',
      about:
        'Newest message first. `status` is `active`, `closed` or `archived`; to callers that name a `username`, and where ' +
        '`status=open` or `pending` is asked for, it is `pending`, `open` or `closed`, as `support_status` always is.',
      query: { page: '1', limit: '20', status: 'active' },
    }),
    asUser({
      route: 'POST /api/chat/conversations/:id/messages',
      name: 'Write into a conversation',
      about:
        'Sent again with the same `client_message_id` or `Idempotency-Key` it answers as the first time.',
      path: inConversation,
      headers: { 'idempotency-key': '{{$guid}}' },
      body: { message: 'It says that my password is wrong.' },
      errors: SAYING,
    }),
    asUser({
      route: 'GET /api/chat/conversations/:id/messages',
      name: 'Show the messages of a conversation',
      about: 'Oldest first, by places or by pages, of which the first has the newest messages.',
      path: inConversation,
      query: { page: '1', limit: '50' },
    }),
    asUser({
      route: 'PUT /api/chat/conversations/:id/read',
      name: 'Mark messages as read',
      about: 'Those of the other side; the answer counts what was not read before.',
      path: inConversation,
      body: { message_ids: ['{{chat_message_id}}'] },
    }),
    asUser({
      route: 'PATCH /api/chat/conversations/:id/messages/read',
      name: 'Mark all messages as read',
      about: 'Or those that `message_ids` names.',
      path: inConversation,
      body: {},
    }),
    asUser({
      route: 'POST /api/chat/conversations/:id/typing',
      name: 'Say that somebody types',
      about: 'Ten times a minute in each conversation.',
      path: inConversation,
      body: { typing: true },
      errors: CLOSED,
    }),
    asUser({
      route: 'POST /api/chat/upload',
      name: 'Send a file',
      about:
        'As a message of its own. `image` takes pictures only. The file is kept together with its message or not at all. ' +
        'A signed form names its user in the query.',
      files: { file: ['docs/postman-files/photo.png'] },
      fields: {
        of: 'ChatUploadFields',
        values: { conversation_id: '{{chat_conversation_id}}', message_type: 'image' },
      },
      errors: {
        ...CLOSED,
        NOT_FOUND: '`Conversation not found`',
        IDEMPOTENCY_KEY_REUSED: SAYING.IDEMPOTENCY_KEY_REUSED,
        MALFORMED_BODY: 'The form is not complete.',
        PAYLOAD_TOO_LARGE: '`File too large`',
        UNSUPPORTED_MEDIA_TYPE:
          'The content is of a type that is not taken, or no picture where one was announced.',
      },
    }),
    asUser({
      route: 'GET /api/chat/search',
      name: 'Search what was said',
      about: 'In the caller’s conversations, newest first; `context` is the text around the words.',
      query: { q: 'password', page: '1', limit: '20' },
      errors: { NOT_FOUND: '`Conversation not found`' },
    }),
  ],
};

export const CHAT_END: Chapter = {
  title: 'Live chat: the end',
  about: 'How a conversation and a session end.',
  requests: [
    asUser({
      route: 'POST /api/chat/conversations/:id/close',
      name: 'Close a conversation',
      about: 'By its user. One that is over stays as it is.',
      path: inConversation,
      body: {},
    }),
    asUser({
      route: 'POST /api/chat/conversations/:id/rating',
      name: 'Rate a conversation',
      about:
        'By its user, once it is closed; again within a day the new rating takes the place of the old one.',
      path: inConversation,
      body: { score: 5, comment: 'Quick and friendly' },
      errors: { CONFLICT: 'The conversation is still open, or was rated more than a day ago.' },
    }),
    asUser({ route: 'DELETE /api/chat/sessions/current', name: 'Sign out' }),
    signed({
      route: 'DELETE /api/chat/sessions',
      name: 'Sign a user out everywhere',
      about: 'By the app’s server.',
      body: { user_id: 123 },
    }),
  ],
};
