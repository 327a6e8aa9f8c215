import type { Chapter } from '../route-doc';

export const AUDIT: Chapter = {
  title: 'Audit',
  about: 'Who did what. Entries are neither changed nor removed.',
  requests: [
    {
      route: 'GET /audit-log',
      name: 'What staff did',
      about: 'Newest first.',
      query: { subject_type: 'conversation', limit: '20' },
      errors: { CURSOR_INVALID: 'The cursor is none that the server gave out.' },
    },
  ],
};
