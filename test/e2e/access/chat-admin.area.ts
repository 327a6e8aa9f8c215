import type { Area, Ids } from '../../support/areas';
import { customer, IM, SUPPORT } from '../../support/chat-admin';
import { giveToSomebodyElse } from '../../support/crm';
import { appIn, plain } from './chat-user.area';

const id = (ids: Ids): number => ids['conversation']!;

export const chatAdminArea: Area = {
  name: 'staff in the live chat',
  make: async (system, workspace) => {
    const app = await appIn(system, workspace);
    return { conversation: (await customer(system, { account_name: 'Theirs' }, app)).conversation };
  },
  hide: (system, _, ids) => giveToSomebodyElse(system, id(ids)),
  tries: [
    {
      route: 'GET /admin/chat/conversations/:id',
      call: async (c, ids) => plain(await c.get(`${IM}/${id(ids)}`)),
    },
    {
      route: 'PUT /admin/chat/conversations/:id/assign',
      call: async (c, ids) =>
        plain(await c.put(`${IM}/${id(ids)}/assign`, { admin_id: c.user.id, notes: 'Mine' })),
    },
    {
      route: 'PUT /admin/chat/conversations/:id/status',
      call: async (c, ids) =>
        plain(
          await c.put(`${IM}/${id(ids)}/status`, {
            status: 'closed',
            priority: 'high',
            tags: ['mine'],
            resolution_notes: 'Mine',
          }),
        ),
    },
    {
      route: 'POST /admin/chat/conversations/:id/messages',
      call: async (c, ids) =>
        plain(await c.post(`${IM}/${id(ids)}/messages`, { message: 'Hi', internal_note: 'Mine' })),
    },
    {
      route: 'GET /api/chat/admin/conversations/:id/messages',
      call: async (c, ids) => plain(await c.get(`${SUPPORT}/${id(ids)}/messages`)),
    },
    {
      route: 'POST /api/chat/admin/conversations/:id/messages',
      call: async (c, ids) => plain(await c.post(`${SUPPORT}/${id(ids)}/messages`, { message: 'Hi' })),
    },
    {
      route: 'PATCH /api/chat/admin/conversations/:id/status',
      call: async (c, ids) => plain(await c.patch(`${SUPPORT}/${id(ids)}/status`, { status: 'closed' })),
    },
  ],
};
