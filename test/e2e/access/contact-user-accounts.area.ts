import type { Area } from '../../support/areas';

const LOOKUPS = ['server', 'application', 'device'];

export const contactUserAccountsArea: Area = {
  name: 'accounts of contacts',
  make: async (system, { id, admin }) => {
    const ids: Record<string, number> = {};
    for (const kind of LOOKUPS)
      ids[kind] = (
        await admin.post<{ id: number }>(`/${kind}s`, { name: `Theirs ${Math.random()}` })
      ).body.id;
    const [contact] = await system.sql<{ id: string }>(
      `insert into contact (workspace_id, external_id) values ($1, 'Theirs ' || gen_random_uuid()) returning id`,
      [id],
    );
    ids['contact'] = Number(contact!.id);
    const account = await admin.post<{ id: number }>('/contact-user-accounts', {
      contact_id: ids['contact'],
      username_final: 'Theirs',
      password_final: 'Theirs too',
      server_id: ids['server'],
    });
    return { ...ids, account: account.body.id };
  },
  tries: [
    { route: 'GET /contact-user-accounts/:id', call: (c, ids) => c.get(path(ids)) },
    {
      route: 'PATCH /contact-user-accounts/:id',
      call: (c, ids) => c.patch(path(ids), { username_final: 'mine' }),
    },
    { route: 'DELETE /contact-user-accounts/:id', call: (c, ids) => c.delete(path(ids)) },
    ...['contact', ...LOOKUPS].flatMap((kind) => [
      {
        route: 'PATCH /contact-user-accounts/:id',
        call: (c, ids, own) => c.patch(path(own), { [`${kind}_id`]: ids[kind] }),
      } satisfies Area['tries'][number],
      {
        route: 'GET /contact-user-accounts',
        call: (c, ids) => c.get(`/contact-user-accounts?${kind}_id=${ids[kind]}`),
      } satisfies Area['tries'][number],
    ]),
    {
      route: 'POST /contact-user-accounts',
      call: (c, ids) =>
        c.post('/contact-user-accounts', {
          contact_id: ids['contact'],
          username_final: 'mine',
          password_final: 'mine',
          server_id: ids['server'],
        }),
    },
  ],
};

function path(ids: Record<string, number>): string {
  return `/contact-user-accounts/${ids['account']}`;
}
