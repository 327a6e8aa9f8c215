import type { Area } from '../../support/areas';

const PATH = '/whatsapp-integration-config';

export const integrationsArea: Area = {
  name: 'WhatsApp integrations',
  make: async (_, { admin }) => {
    const made = await admin.post<{ id: number }>(PATH, {
      phone_number_id: `78${Math.floor(Math.random() * 1e12)}`,
      access_token: 'test-access-token',
      name: 'Theirs',
    });
    return { integration: made.body.id };
  },
  tries: [
    { route: `GET ${PATH}/:id`, call: (c, ids) => c.get(`${PATH}/${ids['integration']}`) },
    {
      route: `PATCH ${PATH}/:id`,
      call: (c, ids) => c.patch(`${PATH}/${ids['integration']}`, { name: 'mine now' }),
    },
    { route: `DELETE ${PATH}/:id`, call: (c, ids) => c.delete(`${PATH}/${ids['integration']}`) },
    { route: `POST ${PATH}/:id/verify`, call: (c, ids) => c.post(`${PATH}/${ids['integration']}/verify`) },
  ],
};
