import type { Chapter } from '../route-doc';

export const DOCUMENTS: Chapter = {
  title: 'Documents',
  about: 'This description itself, and the script by which websites show the live chat.',
  requests: [
    { route: 'GET /docs', name: 'The page to read and try the API', answers: 'text/html', anonymous: true },
    {
      route: 'GET /docs/start.js',
      name: 'A script of the page',
      answers: 'text/javascript',
      anonymous: true,
    },
    {
      route: 'GET /docs/:file',
      name: 'The documents',
      about: '`openapi.json`, `asyncapi.json`, `postman-collection.json`.',
      path: { file: 'openapi.json' },
      answers: 'application/json',
      anonymous: true,
    },
    {
      route: 'GET /chat-widget.js',
      name: "The website's chat",
      about: 'For a script tag of any website: docs/widget.md.',
      answers: 'text/javascript',
      anonymous: true,
    },
  ],
};
