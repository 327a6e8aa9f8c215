import type { Area } from '../../support/areas';

const KINDS = ['tags', 'servers', 'applications', 'devices'];

export const lookupsArea: Area = {
  name: 'lookups',
  make: async (_, { admin }) => {
    const ids: Record<string, number> = {};
    for (const kind of KINDS)
      ids[kind] = (await admin.post<{ id: number }>(`/${kind}`, { name: `Theirs ${Math.random()}` })).body.id;
    return ids;
  },
  tries: KINDS.flatMap((kind) => [
    { route: `GET /${kind}/:id`, call: (c, ids) => c.get(`/${kind}/${ids[kind]}`) },
    {
      route: `PATCH /${kind}/:id`,
      call: (c, ids) => c.patch(`/${kind}/${ids[kind]}`, { name: `mine ${Math.random()}` }),
    },
    { route: `DELETE /${kind}/:id`, call: (c, ids) => c.delete(`/${kind}/${ids[kind]}`) },
  ]),
};
