import type { Area } from '../../support/areas';
import { conversationOf, giveToSomebodyElse } from '../../support/crm';

export const conversationsArea: Area = {
  name: 'conversations',
  make: async (system, workspace) => {
    const [bot] = await system.sql<{ id: string }>(
      `insert into bot (workspace_id, name) values ($1, 'Theirs') returning id`,
      [workspace.id],
    );
    return {
      conversation: await conversationOf(system, workspace),
      user: workspace.employer.user.id,
      bot: Number(bot!.id),
    };
  },
  hide: (system, _, ids) => giveToSomebodyElse(system, ids['conversation']!),
  tries: [
    { route: 'GET /conversations/:id', call: (c, ids) => c.get(`/conversations/${ids['conversation']}`) },
    {
      route: 'GET /conversations',
      call: (c, ids) => c.get(`/conversations?assigned_user=${ids['user']}`),
      seenByAll: true,
    },
    {
      route: 'PATCH /conversations/:id/assign',
      call: (c, ids) => c.patch(`/conversations/${ids['conversation']}/assign`),
    },
    {
      route: 'PATCH /conversations/:id/assign',
      call: (c, ids, own) =>
        c.patch(`/conversations/${own['conversation']}/assign`, { assigned_user: ids['user'] }),
      seenByAll: true,
    },
    {
      route: 'PATCH /conversations/:id/assign',
      call: (c, ids, own) =>
        c.patch(`/conversations/${own['conversation']}/assign`, { assigned_bot: ids['bot'] }),
      seenByAll: true,
    },
    {
      route: 'PATCH /conversations/:id/unassign',
      call: (c, ids) => c.patch(`/conversations/${ids['conversation']}/unassign`),
    },
    {
      route: 'PATCH /conversations/:id/read',
      call: (c, ids) => c.patch(`/conversations/${ids['conversation']}/read`),
    },
    {
      route: 'PATCH /conversations/:id/unread',
      call: (c, ids) => c.patch(`/conversations/${ids['conversation']}/unread`),
    },
  ],
};
