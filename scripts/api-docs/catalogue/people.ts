import type { Chapter } from '../route-doc';

const LAST_ADMIN = 'They are the last admin, or yourself.';

export const PEOPLE: Chapter = {
  title: 'Users and roles',
  about:
    'Staff, and what they may do: admin ⊇ supervisor ⊇ employer. A role of your own has one of these levels.',
  requests: [
    {
      route: 'POST /roles',
      name: 'Make a role',
      body: { name: 'Team lead {{$timestamp}}', access_level: 'supervisor' },
      save: { role_id: 'id' },
      errors: { CONFLICT: 'The name is taken.' },
    },
    { route: 'GET /roles', name: 'List the roles', query: { sort: 'name' } },
    { route: 'GET /roles/:id', name: 'Show a role', path: { id: '{{role_id}}' } },
    {
      route: 'PATCH /roles/:id',
      name: 'Change a role',
      about: 'Its holders have the new rights within a second.',
      path: { id: '{{role_id}}' },
      body: { access_level: 'employer' },
      errors: { CONFLICT: 'The name is taken, or it is one of the three built-in roles.' },
    },
    {
      route: 'POST /users',
      name: 'Make a user',
      body: {
        name: 'Ana Ruiz',
        username: 'ana-{{$timestamp}}',
        password: 'a long password',
        role_id: '{{role_id}}',
      },
      save: { new_user_id: 'id' },
      errors: { CONFLICT: 'The username is taken.' },
    },
    {
      route: 'GET /users',
      name: 'List the users',
      query: { search: 'ana', includeRole: 'true', sort: 'name' },
    },
    {
      route: 'GET /users/:id',
      name: 'Show a user',
      path: { id: '{{new_user_id}}' },
      query: { includeRole: 'true' },
    },
    {
      route: 'PATCH /users/:id',
      name: 'Change a user',
      about: 'A new password, another role and `active: false` end their sessions.',
      path: { id: '{{new_user_id}}' },
      body: { name: 'Ana Ruiz Díaz' },
      errors: { CONFLICT: `The username is taken. ${LAST_ADMIN}` },
    },
    { route: 'GET /roles/:id/users', name: 'Who has a role', path: { id: '{{role_id}}' } },
    { route: 'GET /users/me', name: 'Show myself' },
    {
      route: 'PATCH /users/me',
      name: 'Change my name or password',
      about: 'A new password needs the current one and ends all other sessions.',
      body: { name: 'Admin' },
      errors: { INVALID_CREDENTIALS: 'The current password is wrong.' },
    },
    {
      route: 'DELETE /users/:id',
      name: 'Delete a user',
      about: 'Their open conversations go back into the queue; what they said keeps their name.',
      path: { id: '{{new_user_id}}' },
      errors: { CONFLICT: LAST_ADMIN },
    },
    {
      route: 'DELETE /roles/:id',
      name: 'Delete a role',
      path: { id: '{{role_id}}' },
      errors: { CONFLICT: 'Somebody has it, or it is built in.' },
    },
  ],
};
