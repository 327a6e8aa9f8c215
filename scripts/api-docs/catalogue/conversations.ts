import type { Chapter } from '../route-doc';

const CLOSED = { CONVERSATION_CLOSED: 'The conversation is closed.' } as const;

export const CONVERSATIONS: Chapter = {
  title: 'Conversations',
  about:
    'Threads between one customer and one number. Supervisors and admins see all; others see their own, the ' +
    'unassigned ones and the bots’. One that may not be seen answers like one that does not exist.',
  requests: [
    {
      route: 'GET /conversations',
      name: 'The inbox',
      about: 'Newest message first.',
      query: { limit: '20' },
      save: { conversation_id: 'data.0.id', contact_id: 'data.0.contact_id' },
    },
    { route: 'GET /conversations/:id', name: 'Show a conversation', path: { id: '{{conversation_id}}' } },
    {
      route: 'PATCH /conversations/:id/assign',
      name: 'Take a conversation',
      about: 'To a user, to a bot, or with an empty body to oneself. Counts as read.',
      path: { id: '{{conversation_id}}' },
      body: { assigned_user: '{{user_id}}' },
      errors: CLOSED,
    },
    {
      route: 'PATCH /conversations/:id/unread',
      name: 'Mark a conversation as unread',
      path: { id: '{{conversation_id}}' },
    },
    {
      route: 'PATCH /conversations/:id/read',
      name: 'Mark a conversation as read',
      path: { id: '{{conversation_id}}' },
    },
    {
      route: 'PATCH /conversations/:id/unassign',
      name: 'Give a conversation back to the queue',
      path: { id: '{{conversation_id}}' },
      errors: CLOSED,
    },
  ],
};
