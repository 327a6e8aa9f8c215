import type { Chapter } from '../route-doc';

const CURSOR = { CURSOR_INVALID: 'The cursor is none that the server gave out.' } as const;

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
  ],
};
