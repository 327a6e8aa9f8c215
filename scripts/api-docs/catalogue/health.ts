import type { Chapter } from '../route-doc';

export const HEALTH: Chapter = {
  title: 'Health',
  about: 'For load balancers and supervisors.',
  requests: [
    { route: 'GET /health/live', name: 'Whether the process lives', anonymous: true },
    {
      route: 'GET /health/ready',
      name: 'Whether it can do its work',
      anonymous: true,
      errors: { UNAVAILABLE: 'It is starting or stopping, or the database cannot be reached.' },
    },
  ],
};
