import type { Chapter } from '../route-doc';

const RULE = { id: '{{bot_id}}', rule: '{{bot_rule_id}}' };

export const BOTS: Chapter = {
  title: 'Bots',
  about: 'What answers by itself in the conversations that are assigned to it. How: docs/bots.md.',
  requests: [
    {
      route: 'POST /bots',
      name: 'Make a bot',
      about: 'Its config depends on its kind. A webhook bot needs a secret, which is never shown again.',
      body: {
        name: 'Front desk',
        kind: 'keyword_menu',
        config: {
          greeting: 'Welcome! What is it about?',
          options: [
            { title: 'Prices', keywords: ['price', 'cost'], reply: 'From 5 euros.' },
            { title: 'Talk to us', action: 'handoff' },
          ],
          fallback: 'I did not understand.',
          handoff_text: 'Somebody will be with you soon.',
        },
      },
      save: { bot_id: 'id' },
    },
    {
      route: 'GET /bots',
      name: 'The bots',
      about: 'With what they have done. Employers do not see their config.',
      query: { search: 'desk', sort: 'name' },
    },
    { route: 'GET /bots/:id', name: 'Show a bot', path: { id: '{{bot_id}}' } },
    {
      route: 'PATCH /bots/:id',
      name: 'Change a bot',
      about: 'A config takes the place of the whole earlier one.',
      path: { id: '{{bot_id}}' },
      body: { description: 'Answers first.' },
    },
    {
      route: 'GET /bots/:id/stats',
      name: 'What a bot has done, by day',
      about: 'Days in UTC, both included; by default the last 30.',
      path: { id: '{{bot_id}}' },
      query: { from: '2026-01-01', to: '2026-12-31' },
    },
    {
      route: 'POST /bots/:id/rules',
      name: 'Give a bot conversations by a rule',
      about: 'All conditions that are given must hold.',
      path: { id: '{{bot_id}}' },
      body: {
        keywords: ['price'],
        hours: {
          when: 'outside',
          time_zone: 'America/Sao_Paulo',
          open: [{ days: [1, 2, 3, 4, 5], from: '09:00', to: '18:00' }],
        },
      },
      save: { bot_rule_id: 'id' },
      errors: { CONFLICT: 'The bot has 50 rules already.' },
    },
    { route: 'GET /bots/:id/rules', name: 'The rules of a bot', path: { id: '{{bot_id}}' } },
    {
      route: 'PATCH /bots/:id/rules/:rule',
      name: 'Change a rule',
      path: RULE,
      body: { priority: 10, hours: null },
    },
    { route: 'DELETE /bots/:id/rules/:rule', name: 'Delete a rule', path: RULE },
    {
      route: 'DELETE /bots/:id',
      name: 'Delete a bot',
      about: 'Its open conversations go back into the queue; what it said stays.',
      path: { id: '{{bot_id}}' },
      errors: { CONFLICT: 'It is being given conversations at this moment.' },
    },
  ],
};
