import type { Chapter } from '../route-doc';

export const STAFF: Chapter = {
  title: 'Presence, automatic assignment and notifications',
  about:
    'Who is there, who is given what waits, and what all staff is told. The first and the last are told at once over the socket `/crm` as well.',
  requests: [
    {
      route: 'GET /presence',
      name: 'Who is there',
      about: 'Of two presences of a user the one with the higher `version` is the newer one.',
    },
    {
      route: 'PUT /presence/me',
      name: 'Be away, or busy',
      about:
        'Stays over all devices and reconnections until it is taken back with `online`. Who is not connected is ' +
        '`offline` whatever they chose.',
      body: { status: 'away' },
    },
    {
      route: 'GET /auto-assignment',
      name: 'Whether conversations are assigned by themselves',
    },
    {
      route: 'PATCH /auto-assignment',
      name: 'Assign waiting conversations by themselves',
      about:
        'To whoever is connected, neither away nor busy, and has the fewest open conversations; of equals by turns. ' +
        'The most urgent first, then whoever has waited longest.',
      body: { enabled: false, max_open_conversations: 10, wait_seconds: 5 },
    },
    {
      route: 'POST /notifications',
      name: 'Tell all staff something',
      about: 'As `system:notification`; whoever is away hears it on coming back.',
      body: { level: 'info', title: 'Maintenance', body: 'Tonight from 22 h to 23 h.' },
    },
    {
      route: 'GET /notifications',
      name: 'What all staff was told',
      about: 'Newest first.',
      query: { limit: '20' },
    },
  ],
};
