import type { Chapter } from '../route-doc';

const CLOSED = { CONVERSATION_CLOSED: 'The conversation is closed.' } as const;

const CURSOR = { CURSOR_INVALID: 'The cursor is none that the server gave out for this order.' } as const;

export const CONVERSATIONS: Chapter = {
  title: 'Conversations',
  about:
    'Threads between one customer and one number. Supervisors and admins see all; others see their own, the ' +
    'unassigned ones and the bots’. One that may not be seen answers like one that does not exist.',
  requests: [
    {
      route: 'GET /conversations',
      name: 'The inbox',
      about:
        'Newest message first. Pages by number, or by cursor: that is faster in long lists and stays at its place while ' +
        'conversations move. Filters go together.',
      query: { limit: '20', status: 'queue,active,transferred' },
      save: { conversation_id: 'data.0.id', contact_id: 'data.0.contact_id' },
      errors: CURSOR,
    },
    {
      route: 'POST /conversations',
      name: 'Begin a conversation',
      about: 'On one of our WhatsApp numbers, nobody’s unless somebody is named.',
      body: { contact_id: '{{contact_id}}', integration_id: '{{second_integration_id}}', priority: 'high' },
      save: { second_conversation_id: 'id' },
      errors: {
        CONFLICT:
          'The contact has an open conversation on this number; `details.conversation_id` names it to who may see it.',
      },
    },
    {
      route: 'GET /conversations/counts',
      name: 'Count what is open',
      about: 'Behind each tab of the inbox, as far as the caller may see it.',
    },
    {
      route: 'GET /conversations/:id',
      name: 'Show a conversation',
      about: 'With the tags of its contact, and whether the customer may be answered freely at this moment.',
      path: { id: '{{conversation_id}}' },
    },
    {
      route: 'PATCH /conversations/:id',
      name: 'Change a conversation',
      about:
        'All that is named, or nothing. Open conversations are closed, transferred ones accepted (`active`), closed ones ' +
        'reopened (`active`, or `queue` for everybody) or archived.',
      path: { id: '{{conversation_id}}' },
      body: { priority: 'urgent' },
      errors: {
        CONFLICT: 'There is no such step, or the contact has another open conversation on this number.',
        FORBIDDEN: 'Archiving is for supervisors.',
      },
    },
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
    {
      route: 'POST /conversations/:id/transfer',
      name: 'Hand a conversation on',
      about:
        'To a user or a bot, by whoever has it or a supervisor. The note is shown with the conversation until it changes ' +
        'hands again; what is unread stays unread.',
      path: { id: '{{conversation_id}}' },
      body: { assigned_user: '{{user_id}}', note: 'She asks for a refund.' },
      errors: { ...CLOSED, CONFLICT: 'It is theirs already.', FORBIDDEN: 'It is not yours to hand on.' },
    },
    {
      route: 'PATCH /conversations/:id/transfer',
      name: 'Hand a conversation on (the same)',
      path: { id: '{{second_conversation_id}}' },
      body: { assigned_user: '{{user_id}}' },
      errors: { ...CLOSED, CONFLICT: 'It is theirs already.', FORBIDDEN: 'It is not yours to hand on.' },
    },
    {
      route: 'GET /conversations/:id/audit',
      name: 'What was done with a conversation',
      about: 'Newest first.',
      path: { id: '{{conversation_id}}' },
      errors: CURSOR,
    },
    {
      route: 'DELETE /conversations/:id',
      name: 'Delete a conversation',
      about: 'With everything that was said in it.',
      path: { id: '{{second_conversation_id}}' },
    },
  ],
};
