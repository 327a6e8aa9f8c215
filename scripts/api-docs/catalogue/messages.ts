import type { Chapter } from '../route-doc';

const CURSOR = { CURSOR_INVALID: 'The cursor is none that the server gave out.' } as const;

export const MESSAGES: Chapter = {
  title: 'Messages',
  about:
    'What is said. A reply goes `pending` → `sent` → `delivered` → `read`, or `failed` with the reason; `uncertain` ' +
    'where the provider’s answer never came.',
  requests: [
    {
      route: 'POST /messages',
      name: 'Answer a customer',
      about:
        'The same `client_message_id` (or `Idempotency-Key`) once more answers with the message that it made the first time.',
      body: {
        conversation_id: '{{conversation_id}}',
        body: 'Sí, hasta las 20 h.',
        client_message_id: '{{$guid}}',
      },
      save: { message_id: 'id' },
      errors: {
        CONVERSATION_CLOSED: 'The conversation is closed.',
        WINDOW_CLOSED: 'The customer last wrote more than 24 hours ago: only a template may be sent.',
        CHANNEL_NOT_CONNECTED: 'The number of the conversation is gone.',
        NOT_FOUND: 'There is no such conversation, or none that you may see.',
        IDEMPOTENCY_KEY_REUSED: 'The same key was used for another message.',
      },
    },
    {
      route: 'PATCH /messages/:id',
      name: 'Change a message that waits',
      about: 'Its text, as long as no try to send it has begun. What a customer has got cannot be changed.',
      path: { id: '{{message_id}}' },
      body: { body: 'Sí, hasta las 21 h.' },
      // Where it is sent at once it is too late already.
      orStatus: 409,
      errors: { CONFLICT: 'It is on its way, was sent, or is deleted.', FORBIDDEN: 'It is somebody else’s.' },
    },
    { route: 'GET /messages/:id', name: 'Show a message', path: { id: '{{message_id}}' } },
    {
      route: 'GET /messages',
      name: 'Everything that was said',
      about: 'In all conversations that one may see; newest first. Filters go together.',
      query: { conversation_id: '{{conversation_id}}', sender_type: 'contact', limit: '20' },
      errors: CURSOR,
    },
    {
      route: 'GET /messages/conversation/:id',
      name: 'What was said in a conversation',
      about: 'Newest first, by pages. By cursor it is faster, and stays at its place while messages arrive.',
      path: { id: '{{conversation_id}}' },
    },
    {
      route: 'GET /messages/conversation/:id/cursor',
      name: 'The same, by cursor',
      about: 'Reads on in both directions; `around` opens a conversation at one of its messages.',
      path: { id: '{{conversation_id}}' },
      query: { limit: '30', direction: 'older' },
      errors: CURSOR,
    },
    {
      route: 'GET /messages/conversation/:id/search',
      name: 'Search in a conversation',
      path: { id: '{{conversation_id}}' },
      query: { q: 'abierto' },
      errors: CURSOR,
    },
    {
      route: 'GET /messages/search',
      name: 'Search everywhere',
      about:
        'In all conversations that one may see, of any age. Beginnings of words are enough; accents and case do not matter.',
      query: { q: 'abier', limit: '20' },
      errors: CURSOR,
    },
    {
      route: 'GET /messages/conversation/:id/unread-contact',
      name: 'Unread messages of the customer',
      path: { id: '{{conversation_id}}' },
    },
    {
      route: 'GET /messages/conversation/:id/unread-agent',
      name: 'Messages of ours that the customer has not read',
      path: { id: '{{conversation_id}}' },
    },
    {
      route: 'GET /messages/unread-count',
      name: 'Unread messages in all',
      about: 'Of the conversations that one may see, or of one of them.',
      query: { conversationId: '{{conversation_id}}' },
      errors: { NOT_FOUND: 'There is no such conversation, or none that you may see.' },
    },
    {
      route: 'PATCH /messages/mark-as-read',
      name: 'Mark messages as read',
      about: 'Each with all that the customer said before it in its conversation. All of them, or none.',
      body: { message_ids: ['{{message_id}}'] },
      errors: { NOT_FOUND: 'One of them does not exist, or is in a conversation that you may not see.' },
    },
    {
      route: 'PATCH /messages/conversation/:id/mark-as-read',
      name: 'Mark all of a conversation as read',
      path: { id: '{{conversation_id}}' },
    },
    {
      route: 'POST /messages/conversation/:id/typing',
      name: 'Show the customer that somebody is writing',
      path: { id: '{{conversation_id}}' },
    },
    {
      route: 'DELETE /messages/:id',
      name: 'Hide what a message says',
      about: 'For good, from everybody here; one that waits is not sent. At the customer’s it stays.',
      path: { id: '{{message_id}}' },
      errors: { FORBIDDEN: 'It is somebody else’s.' },
    },
  ],
};
