import type { Chapter } from '../route-doc';

const PERIOD = { from: '2026-01-01', to: '2026-12-31' };

export const ANALYTICS: Chapter = {
  title: 'Analytics',
  about:
    'Numbers of the desk, kept as things happen: a second behind, under load some four. Days are in UTC. What each number ' +
    'means stands beside it, and in docs/analytics.md.',
  requests: [
    {
      route: 'GET /analytics/summary',
      name: 'The desk at this moment',
      about: 'Of the conversations that the caller may see.',
    },
    {
      route: 'GET /analytics/response-times',
      name: 'How long customers wait',
      about: 'By default the last 30 days, at most 366.',
      query: { ...PERIOD, by: 'week' },
    },
    {
      route: 'GET /analytics/volume',
      name: 'How much is said',
      query: { ...PERIOD, by: 'week', channel: 'whatsapp' },
    },
    { route: 'GET /analytics/resolution', name: 'What is closed', query: { ...PERIOD, by: 'week' } },
    {
      route: 'GET /analytics/satisfaction',
      name: 'How customers rate',
      about: 'A rating is the customer’s to give, once the conversation is closed.',
      query: { ...PERIOD, by: 'week' },
    },
    { route: 'GET /analytics/agents', name: 'The numbers of each user', query: { ...PERIOD, limit: '20' } },
  ],
};
