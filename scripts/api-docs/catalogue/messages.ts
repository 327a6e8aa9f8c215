import type { Chapter } from '../route-doc';

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
        NOT_FOUND: 'There is no such conversation, or none that you may see.',
        IDEMPOTENCY_KEY_REUSED: 'The same key was used for another message.',
      },
    },
    { route: 'GET /messages/:id', name: 'Show a message', path: { id: '{{message_id}}' } },
    {
      route: 'GET /messages/conversation/:id',
      name: 'What was said in a conversation',
      about: 'Newest first.',
      path: { id: '{{conversation_id}}' },
    },
    {
      route: 'GET /messages/conversation/:id/cursor',
      name: 'The same, to be read on in both directions',
      about:
        'Newest first, without pages: nothing is missed and nothing comes twice, whatever arrives meanwhile. ' +
        '`around` opens it at a message, such as a hit of the search.',
      path: { id: '{{conversation_id}}' },
      query: { limit: '20', around: '{{message_id}}' },
      errors: {
        CURSOR_INVALID: 'It is not a cursor of this conversation.',
        NOT_FOUND: 'There is no such conversation that you may see, or no such message in it.',
      },
    },
    {
      route: 'GET /messages',
      name: 'All messages',
      about:
        'Newest first, of all conversations that you may see. A page comes with cursors; read long lists by them, ' +
        'which counts nothing.',
      query: { conversation_id: '{{conversation_id}}', sender_type: 'user', limit: '20' },
      errors: { CURSOR_INVALID: 'It is not a cursor of this list.' },
    },
    {
      route: 'GET /messages/search',
      name: 'Search everything',
      about:
        'Messages of any age that hold all the words, or words that begin so; accents and capitals make no ' +
        'difference. A page may be short and yet have a `next_cursor`, where looking further took too long.',
      query: { q: 'hasta' },
      errors: { CURSOR_INVALID: 'It is not a cursor of a search.' },
    },
    {
      route: 'GET /messages/conversation/:id/search',
      name: 'Search a conversation',
      path: { id: '{{conversation_id}}' },
      query: { q: 'hast' },
      errors: { CURSOR_INVALID: 'It is not a cursor of a search.' },
    },
    {
      route: 'GET /messages/unread-count',
      name: 'How much is unread',
      about: 'Customers’ messages in all that you may see, or in one conversation.',
      query: { conversationId: '{{conversation_id}}' },
    },
    {
      route: 'GET /messages/conversation/:id/unread-contact',
      name: 'What staff have not read',
      about: 'The customer’s messages in a conversation that are unread.',
      path: { id: '{{conversation_id}}' },
    },
    {
      route: 'GET /messages/conversation/:id/unread-agent',
      name: 'What the customer has not read',
      about: 'Our messages in a conversation that are not read and have not failed.',
      path: { id: '{{conversation_id}}' },
    },
    {
      route: 'PATCH /messages/mark-as-read',
      name: 'Mark messages as read',
      about:
        'Reads each conversation up to the newest of its messages that are named. All or nothing; messages of ours ' +
        'among them change nothing.',
      body: { message_ids: ['{{message_id}}'] },
      errors: { NOT_FOUND: 'One of them is missing, or none that you may see.' },
    },
    {
      route: 'PATCH /messages/conversation/:id/mark-as-read',
      name: 'Mark a conversation as read',
      path: { id: '{{conversation_id}}' },
    },
    {
      route: 'PATCH /messages/:id',
      name: 'Change a text that is not sent yet',
      about:
        'For who wrote it and for supervisors. Once a try to send it has begun, only the text that it has is accepted.',
      path: { id: '{{message_id}}' },
      body: { body: 'Sí, hasta las 20 h.' },
      errors: {
        CONFLICT: 'It is on its way, or deleted, or no text.',
        FORBIDDEN: 'It is somebody else’s.',
      },
    },
    {
      route: 'DELETE /messages/:id',
      name: 'Delete a message',
      about:
        'Hides what it said and keeps its place; one that waits is not sent. What WhatsApp has, it keeps. For who ' +
        'wrote it and for supervisors.',
      path: { id: '{{message_id}}' },
      errors: { FORBIDDEN: 'It is somebody else’s, or the customer’s.' },
    },
  ],
};
