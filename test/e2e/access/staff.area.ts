import type { Area } from '../../support/areas';

export const staffArea: Area = {
  name: 'staff',
  make: async (_, { admin }) => {
    const name = `Theirs ${Math.random()}`;
    const role = (await admin.post<{ id: number }>('/roles', { name, access_level: 'employer' })).body.id;
    const person = { name, username: name, password: 'a password', role_id: role };
    const user = (await admin.post<{ id: number }>('/users', person)).body.id;
    const unused = await admin.post<{ id: number }>('/roles', {
      name: `${name} unused`,
      access_level: 'employer',
    });
    return { role, user, unused: unused.body.id };
  },
  tries: [
    { route: 'GET /users/:id', call: (c, ids) => c.get(`/users/${ids['user']}`) },
    { route: 'PATCH /users/:id', call: (c, ids) => c.patch(`/users/${ids['user']}`, { active: false }) },
    {
      route: 'PATCH /users/:id',
      call: (c, ids, own) => c.patch(`/users/${own['user']}`, { role_id: ids['unused'] }),
    },
    { route: 'DELETE /users/:id', call: (c, ids) => c.delete(`/users/${ids['user']}`) },
    { route: 'GET /users', call: (c, ids) => c.get(`/users?role_id=${ids['role']}`) },
    {
      route: 'POST /users',
      call: (c, ids) =>
        c.post('/users', {
          name: 'x',
          username: `mine ${Math.random()}`,
          password: 'a password',
          role_id: ids['role'],
        }),
    },
    { route: 'GET /roles/:id', call: (c, ids) => c.get(`/roles/${ids['role']}`) },
    { route: 'GET /roles/:id/users', call: (c, ids) => c.get(`/roles/${ids['role']}/users`) },
    {
      route: 'PATCH /roles/:id',
      call: (c, ids) => c.patch(`/roles/${ids['role']}`, { name: `mine ${Math.random()}` }),
    },
    { route: 'DELETE /roles/:id', call: (c, ids) => c.delete(`/roles/${ids['unused']}`) },
  ],
};
