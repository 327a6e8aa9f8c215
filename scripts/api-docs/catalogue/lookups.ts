import type { Chapter, RouteDoc } from '../route-doc';

const PAIRS = [
  ['tags', 'tag', 'Contacts simply lose it.'],
  ['servers', 'server', 'Not while accounts of contacts use it.'],
  ['applications', 'application', 'Not while accounts of contacts use it.'],
  ['devices', 'device', 'Not while accounts of contacts use it.'],
] as const;

export const LOOKUPS: Chapter = {
  title: 'Tags, servers, applications and devices',
  about: 'Named things that others refer to. A name is unique among its kind.',
  requests: PAIRS.flatMap(([path, kind]): RouteDoc[] => [
    {
      route: `POST /${path}`,
      name: `Make a ${kind}`,
      body: { name: `Some ${kind} {{$timestamp}}` },
      save: { [`made_${kind}_id`]: 'id' },
      errors: { CONFLICT: `There is a ${kind} of this name already.` },
    },
    {
      route: `GET /${path}`,
      name: `List the ${path}`,
      query: { search: 'some', sort: '-created_at', limit: '20' },
    },
    { route: `GET /${path}/:id`, name: `Show a ${kind}`, path: { id: `{{made_${kind}_id}}` } },
    {
      route: `PATCH /${path}/:id`,
      name: `Rename a ${kind}`,
      path: { id: `{{made_${kind}_id}}` },
      body: { name: `Another ${kind} {{$timestamp}}` },
      errors: { CONFLICT: `There is a ${kind} of this name already.` },
    },
  ]),
};

const ONE = { id: '{{account_id}}' };

export const ACCOUNTS: Chapter = {
  title: 'Accounts of contacts',
  about:
    'Accounts that contacts have on the business’s servers. Passwords are encrypted and go in only; of one with eight ' +
    'characters or more the last four are shown.',
  requests: [
    {
      route: 'POST /contact-user-accounts',
      name: 'Make an account',
      body: {
        contact_id: '{{contact_id}}',
        username_final: 'ana.tv',
        password_final: 'correct horse battery',
        server_id: '{{made_server_id}}',
        id_line_server: 77,
        date_exp: '2031-12-31',
        application_id: '{{made_application_id}}',
        device_id: '{{made_device_id}}',
      },
      save: { account_id: 'id' },
    },
    {
      route: 'GET /contact-user-accounts',
      name: 'List the accounts',
      query: { contact_id: '{{contact_id}}', expired: 'false', sort: 'date_exp' },
    },
    { route: 'GET /contact-user-accounts/:id', name: 'Show an account', path: ONE },
    {
      route: 'PATCH /contact-user-accounts/:id',
      name: 'Change an account',
      about: 'null empties what may be empty.',
      path: ONE,
      body: { date_exp: '2032-12-31', device_id: null },
    },
    { route: 'DELETE /contact-user-accounts/:id', name: 'Delete an account', path: ONE },
  ],
};

/** After everything that uses them. */
export const TAKEN_AWAY: Chapter = {
  title: 'Taking away what nothing uses any more',
  about: 'What something stands on stays until it stands on something else.',
  requests: [
    ...PAIRS.map(([path, kind, about]): RouteDoc => ({
      route: `DELETE /${path}/:id`,
      name: `Delete a ${kind}`,
      about,
      path: { id: `{{made_${kind}_id}}` },
      ...(kind === 'tag' ? {} : { errors: { CONFLICT: `Accounts of contacts use the ${kind}.` } }),
    })),
    {
      route: 'DELETE /whatsapp-integration-config/:id',
      name: 'Take a number away',
      path: { id: '{{second_integration_id}}' },
      errors: { CONFLICT: 'Conversations were held over it, or the environment names it.' },
    },
  ],
};
