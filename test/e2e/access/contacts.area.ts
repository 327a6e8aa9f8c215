import type { Area } from '../../support/areas';

export const contactsArea: Area = {
  name: 'contacts',
  make: async (system, workspace) => {
    const one = async (sql: string): Promise<number> =>
      Number((await system.sql<{ id: string }>(sql, [workspace.id]))[0]!.id);
    const contact = await one(
      `insert into contact (workspace_id, external_id, name) values ($1, gen_random_uuid(), 'Theirs') returning id`,
    );
    const other = await one(
      `insert into contact (workspace_id, external_id, name) values ($1, gen_random_uuid(), 'Theirs too') returning id`,
    );
    const tag = await one(
      `insert into tag (workspace_id, name) values ($1, 'rivals ' || gen_random_uuid()) returning id`,
    );
    // Digits that name a contact of the one workspace and nothing in any other.
    const number = 5511960000000 + contact;
    await system.sql(
      `update contact set external_id = $2::text, phone_number = '+' || $2::text where workspace_id = $1 and id = $3`,
      [workspace.id, String(number), contact],
    );
    await system.sql('insert into contact_tag (workspace_id, contact_id, tag_id) values ($1, $2, $3)', [
      workspace.id,
      contact,
      tag,
    ]);
    return { contact, other, tag, number };
  },
  tries: [
    { route: 'GET /contacts/:id', call: (c, ids) => c.get(`/contacts/${ids['contact']}`) },
    {
      route: 'GET /contacts/external-id/:id',
      call: (c, ids) => c.get(`/contacts/external-id/${ids['number']}`),
    },
    { route: 'GET /contacts/phone/:number', call: (c, ids) => c.get(`/contacts/phone/${ids['number']}`) },
    { route: 'GET /contacts', call: (c, ids) => c.get(`/contacts?tag_id=${ids['tag']}`) },
    { route: 'GET /contacts', call: (c, ids) => c.get(`/contacts?search=${ids['number']}`) },
    { route: 'GET /contacts/by-tag/:tagId', call: (c, ids) => c.get(`/contacts/by-tag/${ids['tag']}`) },
    {
      route: 'PATCH /contacts/:id',
      call: (c, ids) => c.patch(`/contacts/${ids['contact']}`, { name: 'Renamed' }),
    },
    { route: 'DELETE /contacts/:id', call: (c, ids) => c.delete(`/contacts/${ids['contact']}`) },
    { route: 'GET /contacts/:id/tags', call: (c, ids) => c.get(`/contacts/${ids['contact']}/tags`) },
    {
      route: 'POST /contacts/:id/tags',
      call: (c, ids, own) => c.post(`/contacts/${ids['other']}/tags`, { tag_ids: [own['tag']] }),
    },
    {
      route: 'POST /contacts/:id/tags',
      call: (c, ids, own) => c.post(`/contacts/${own['other']}/tags`, { tag_ids: [ids['tag']] }),
    },
    {
      route: 'DELETE /contacts/:id/tags',
      call: (c, ids, own) => c.delete(`/contacts/${ids['contact']}/tags`, { tag_ids: [own['tag']] }),
    },
    {
      route: 'POST /contacts/:id/merge',
      call: (c, ids, own) => c.post(`/contacts/${ids['contact']}/merge`, { contact_id: own['other'] }),
    },
    {
      route: 'POST /contacts/:id/merge',
      call: (c, ids, own) => c.post(`/contacts/${own['contact']}/merge`, { contact_id: ids['other'] }),
    },
  ],
};
