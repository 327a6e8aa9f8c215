import type { Chapter } from '../route-doc';

const CURSOR = { CURSOR_INVALID: 'The cursor is none that the server gave out.' } as const;
const TAKEN = { CONFLICT: 'The short code is taken.' } as const;

export const DESK: Chapter = {
  title: 'The desk',
  about: 'What agents have beside the conversations of every channel. Customers see none of it.',
  requests: [
    {
      route: 'POST /conversations/:id/notes',
      name: 'Write a note',
      about: 'For colleagues; also in a closed conversation.',
      path: { id: '{{conversation_id}}' },
      body: { body: 'Asked for a refund of invoice 12; see the e-mail.' },
      save: { note_id: 'id' },
    },
    {
      route: 'GET /conversations/:id/notes',
      name: 'The notes of a conversation',
      about: 'Newest first.',
      path: { id: '{{conversation_id}}' },
      query: { limit: '20' },
      errors: CURSOR,
    },
    {
      route: 'DELETE /conversations/:id/notes/:noteId',
      name: 'Delete a note',
      path: { id: '{{conversation_id}}', noteId: '{{note_id}}' },
      errors: { FORBIDDEN: 'Somebody else wrote it.' },
    },
    {
      route: 'PUT /conversations/:id/tags',
      name: 'Tag a conversation',
      about:
        'These tags and no others, by name in whatever case; the ones that do not exist are made. The tags of the contact are others.',
      path: { id: '{{conversation_id}}' },
      body: { tags: ['Refund', 'Invoice'] },
    },
    {
      route: 'POST /conversations/bulk',
      name: 'Do the same with several conversations',
      about:
        'Up to 100: `assign` (`assigned_user` or `assigned_bot`, or oneself), `unassign`, `close`, `archive`, `read`, `unread`, ' +
        '`priority` (`priority`), `tag` (`tags`, besides those there are). Each as if alone; one that is refused does not stop ' +
        'the others, and the answer says of each what became of it.',
      body: { ids: ['{{conversation_id}}'], action: 'priority', priority: 'high' },
    },
    {
      route: 'GET /conversations/:id/transcript',
      name: 'A conversation as a file',
      about:
        'Of any length. As `text` for people, or `json` for programs; with the notes of staff only where they are asked for.',
      path: { id: '{{conversation_id}}' },
      query: { format: 'text', notes: 'true' },
      answers: 'text/plain',
    },
    {
      route: 'POST /canned-responses',
      name: 'Keep a text ready',
      about:
        'Variables: `{{contact.name}}`, `{{contact.phone_number}}`, `{{agent.name}}`, `{{conversation.id}}`, `{{workspace.name}}`; ' +
        '`{{contact.name|there}}` says what stands there where nothing is known.',
      body: {
        short_code: 'hello-{{$randomInt}}-{{$timestamp}}',
        title: 'Greeting',
        body: 'Hello, how can I help you?',
      },
      save: { canned_response_id: 'id' },
      errors: TAKEN,
    },
    {
      route: 'GET /canned-responses',
      name: 'Find a text',
      about: 'By part of its short code, title or text.',
      query: { search: 'hello', sort: 'short_code', limit: '20' },
    },
    { route: 'GET /canned-responses/:id', name: 'Show a text', path: { id: '{{canned_response_id}}' } },
    {
      route: 'PATCH /canned-responses/:id',
      name: 'Change a text',
      path: { id: '{{canned_response_id}}' },
      body: { title: 'Greeting by day' },
      errors: TAKEN,
    },
    {
      route: 'POST /canned-responses/:id/render',
      name: 'Fill in a text for a conversation',
      about: 'In the caller’s name, to look at and to send with `POST /messages`. Nothing is sent by this.',
      path: { id: '{{canned_response_id}}' },
      body: { conversation_id: '{{conversation_id}}' },
    },
    {
      route: 'DELETE /canned-responses/:id',
      name: 'Delete a text',
      path: { id: '{{canned_response_id}}' },
    },
  ],
};
