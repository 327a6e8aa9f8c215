import type { Area } from '../../support/areas';
import { integrationOf } from '../../support/crm';

export const integrationsArea: Area = {
  name: 'WhatsApp integrations',
  make: async (system, workspace) => ({ integration: await integrationOf(system, workspace) }),
  tries: [
    {
      route: 'GET /whatsapp-integration-config/:id',
      call: (c, ids) => c.get(`/whatsapp-integration-config/${ids['integration']}`),
    },
    {
      route: 'PATCH /whatsapp-integration-config/:id',
      call: (c, ids) => c.patch(`/whatsapp-integration-config/${ids['integration']}`, { name: 'mine now' }),
    },
  ],
};
