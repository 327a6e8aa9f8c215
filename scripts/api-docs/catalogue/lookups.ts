import type { Chapter, RouteDoc } from '../route-doc';

interface Kind {
  path: string;
  one: string;
  example: string;
  variable: string;
  /** Who refers to it and keeps it from being deleted. */
  usedBy: string | null;
}

const KINDS: Kind[] = [
  { path: 'tags', one: 'tag', example: 'VIP', variable: 'tag_id', usedBy: null },
  { path: 'servers', one: 'server', example: 'Madrid 1', variable: 'server_id', usedBy: 'accounts' },
  { path: 'applications', one: 'application', example: 'TV', variable: 'application_id', usedBy: 'accounts' },
  { path: 'devices', one: 'device', example: 'Phone', variable: 'device_id', usedBy: 'accounts' },
];

const taken = { CONFLICT: 'The name is taken.' } as const;

function routesOf({ path, one, example, variable }: Kind): RouteDoc[] {
  const named = { id: `{{${variable}}}` };
  return [
    {
      route: `POST /${path}`,
      name: `Make a ${one}`,
      body: { name: `${example} {{$randomInt}}-{{$timestamp}}` },
      save: { [variable]: 'id' },
      errors: taken,
    },
    { route: `GET /${path}`, name: `List the ${path}`, query: { sort: 'name', limit: '50' } },
    { route: `GET /${path}/:id`, name: `Show a ${one}`, path: named },
    {
      route: `PATCH /${path}/:id`,
      name: `Rename a ${one}`,
      path: named,
      body: { name: `${example} (new) {{$randomInt}}-{{$timestamp}}` },
      errors: taken,
    },
  ];
}

function deletionOf({ path, one, variable, usedBy }: Kind): RouteDoc {
  return {
    route: `DELETE /${path}/:id`,
    name: `Delete a ${one}`,
    ...(usedBy === null ? { about: 'Contacts that have it lose it.' } : {}),
    path: { id: `{{${variable}}}` },
    ...(usedBy === null ? {} : { errors: { CONFLICT: `It is used by ${usedBy}.` } }),
  };
}

export const LOOKUPS: Chapter = {
  title: 'Tags, servers, applications, devices',
  about: 'Named things that others refer to.',
  requests: KINDS.flatMap(routesOf),
};

/** After everything that refers to them. */
export const LOOKUPS_END: Chapter = {
  title: 'Tags, servers, applications, devices: deleting',
  about: 'What is still used stays.',
  requests: KINDS.map(deletionOf),
};
