import type { Chapter } from '../route-doc';

const LAST_ADMIN = 'The workspace would be left without an active admin.';
const OWN_RIGHTS = 'Nobody takes their own rights away.';

export const PEOPLE: Chapter = {
  title: 'Users and roles',
  about:
    'A role has a name of the workspace’s choice and one of three levels, each including the ones below it: admin, ' +
    'supervisor, employer. What is changed here holds within a second.',
  requests: [
    {
      route: 'GET /roles',
      name: 'List the roles',
      query: { sort: 'id' },
    },
    {
      route: 'POST /roles',
      name: 'Make a role',
      body: { name: 'Shift lead {{$timestamp}}', access_level: 'supervisor' },
      save: { role_id: 'id' },
      errors: { CONFLICT: 'There is a role of this name already.' },
    },
    { route: 'GET /roles/:id', name: 'Show a role', path: { id: '{{role_id}}' } },
    {
      route: 'PATCH /roles/:id',
      name: 'Change a role',
      about: 'Its users have the new level at once.',
      path: { id: '{{role_id}}' },
      body: { access_level: 'employer' },
      errors: {
        CONFLICT: `The role is built in, the name is taken, or: ${LAST_ADMIN}`,
        FORBIDDEN: OWN_RIGHTS,
      },
    },
    {
      route: 'POST /users',
      name: 'Make a user',
      about: 'A password has at least 8 characters and at most 72 bytes.',
      body: {
        name: 'Ana Pérez',
        username: 'ana-{{$timestamp}}',
        password: 'correct horse battery',
        role_id: '{{role_id}}',
      },
      save: { new_user_id: 'id' },
      errors: { CONFLICT: 'The username is taken.' },
    },
    {
      route: 'GET /users',
      name: 'List the users',
      about:
        'Those who may sign in; with `include_deactivated=true` also those who were deactivated or deleted.',
      query: { search: 'ana', includeRole: 'true', limit: '20' },
    },
    { route: 'GET /roles/:id/users', name: 'Who holds a role', path: { id: '{{role_id}}' } },
    {
      route: 'GET /users/:id',
      name: 'Show a user',
      path: { id: '{{new_user_id}}' },
      query: { includeRole: 'true' },
    },
    {
      route: 'PATCH /users/:id',
      name: 'Change or deactivate a user',
      about:
        'A new password, another role and `active: false` end the user’s sessions; whoever is deactivated leaves their ' +
        'open conversations to the queue.',
      path: { id: '{{new_user_id}}' },
      body: { name: 'Ana María Pérez', active: false },
      errors: { CONFLICT: `The username is taken, or: ${LAST_ADMIN}`, FORBIDDEN: OWN_RIGHTS },
    },
    {
      route: 'DELETE /users/:id',
      name: 'Delete a user',
      about:
        'Their open conversations go back into the queue and their username is free. Whoever said something stays as the ' +
        'name of it.',
      path: { id: '{{new_user_id}}' },
      errors: { CONFLICT: LAST_ADMIN, FORBIDDEN: OWN_RIGHTS },
    },
    {
      route: 'DELETE /roles/:id',
      name: 'Delete a role',
      path: { id: '{{role_id}}' },
      errors: { CONFLICT: 'The role is built in, or users hold it.' },
    },
    { route: 'GET /users/me', name: 'Show oneself' },
    {
      route: 'PATCH /users/me',
      name: 'Change the own name or password',
      about: 'A new password takes `current_password`, and ends all other sessions.',
      body: { name: 'Admin' },
      errors: { FORBIDDEN: 'The current password is another one.' },
    },
  ],
};
