import type { Chapter, RouteDoc } from '../route-doc';

const ID = { id: '{{chat_conversation_id}}' } as const;
const CLOSED = { CONVERSATION_CLOSED: 'The conversation is closed.' } as const;
const REPEATED = {
  ...CLOSED,
  IDEMPOTENCY_KEY_REUSED: 'The key was used for something else before.',
} as const;

const forStaff = (doc: RouteDoc): RouteDoc => ({
  ...doc,
  errors: { FORBIDDEN: '`Admin access required`, or your role may not do this.', ...doc.errors },
});

const REQUESTS: RouteDoc[] = [
  {
    route: 'GET /admin/chat/dashboard',
    name: 'The dashboard',
    about: 'Numbers, the 10 conversations that moved last, and the caller’s open ones.',
    errors: {
      FORBIDDEN: '`Admin access required`, or `admin_id` is somebody else and the caller no supervisor.',
      NOT_FOUND: '`admin_id` is nobody.',
    },
  },
  {
    route: 'GET /admin/chat/conversations',
    name: 'The conversations of the live chat',
    query: { page: '1', limit: '20', status: 'active', unread_only: 'false', sort: 'last_activity' },
  },
  { route: 'GET /admin/chat/conversations/:id', name: 'One conversation', path: ID },
  {
    route: 'PUT /admin/chat/conversations/:id/assign',
    name: 'Give it to somebody',
    path: ID,
    body: { admin_id: '{{user_id}}', notes: 'Customer billing issue - priority handling required' },
    errors: CLOSED,
  },
  {
    route: 'POST /admin/chat/conversations/:id/messages',
    name: 'Answer the user',
    about: 'The note stays among staff. `Idempotency-Key` makes the same request twice one message.',
    path: ID,
    headers: { 'Idempotency-Key': '{{$guid}}' },
    body: {
      message: 'Hello! I have reviewed your account and processed the refund.',
      message_type: 'text',
      internal_note: 'Refund processed via admin panel - $29.99',
    },
    errors: REPEATED,
  },
  {
    route: 'GET /api/chat/admin/conversations',
    name: 'The same conversations in Anume’s words',
    query: { status: 'open', page: '1', limit: '20' },
  },
  {
    route: 'GET /api/chat/admin/conversations/:id/messages',
    name: 'What was said',
    about: 'The oldest first; page 1 ends with the newest.',
    path: ID,
    query: { page: '1', limit: '20' },
  },
  {
    route: 'POST /api/chat/admin/conversations/:id/messages',
    name: 'Answer in Anume’s words',
    path: ID,
    body: { message: 'Can you tell me what error message you are seeing?' },
    errors: REPEATED,
  },
  {
    route: 'PATCH /api/chat/admin/conversations/:id/status',
    name: 'Open, give back or close it',
    about: '`open` takes a waiting conversation, `pending` gives one back into the queue.',
    path: ID,
    body: { status: 'pending', priority: 'medium' },
    errors: { CONFLICT: 'Somebody else has changed it meanwhile.' },
  },
  {
    route: 'PUT /admin/chat/conversations/:id/status',
    name: 'Status, priority, tags and how it ended',
    about: 'All that is named, or nothing. Archiving is for supervisors.',
    path: ID,
    body: {
      status: 'closed',
      priority: 'high',
      tags: ['billing', 'resolved'],
      resolution_notes: 'Issue resolved - refund processed',
    },
    errors: { CONFLICT: 'Somebody else has changed it meanwhile.' },
  },
  {
    route: 'GET /admin/chat/activity',
    name: 'What staff did',
    query: { conversation_id: '{{chat_conversation_id}}', limit: '20' },
  },
];

/** After the chapter in which a user opens `chat_conversation_id`. */
export const LIVE_CHAT_ADMIN: Chapter = {
  title: 'Live chat: staff',
  about:
    'Staff in the live chat, in the words of two contracts. The same conversations and messages are in `GET /conversations`; ' +
    'who may do what is the same.',
  requests: REQUESTS.map(forStaff),
};
