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
  ],
};
