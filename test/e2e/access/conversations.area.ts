import type { Area, Ids, Workspace } from '../../support/areas';
import { conversationOf, giveToSomebodyElse, integrationOf } from '../../support/crm';
import type { Caller, TestSystem } from '../../support/system';

/** Somebody with a tag who has no conversation on the workspace's number. */
async function freshContact(system: TestSystem, workspace: Workspace): Promise<Ids> {
  const [made] = await system.sql<{ contact: string; tag: string }>(
    `with c as (insert into contact (workspace_id, external_id) values ($1, gen_random_uuid()::text) returning id),
          t as (insert into tag (workspace_id, name) values ($1, gen_random_uuid()::text) returning id)
     select c.id as contact, t.id as tag from c, t`,
    [workspace.id],
  );
  return {
    contact: Number(made!.contact),
    tag: Number(made!.tag),
    integration: await integrationOf(system, workspace),
  };
}

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
      ...(await freshContact(system, workspace)),
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
    ...['contact_id=contact', 'integration_id=integration', 'tag_id=tag', 'assigned_bot=bot'].map(
      (filter) => {
        const [parameter, name] = filter.split('=') as [string, string];
        return {
          route: 'GET /conversations',
          call: (c: Caller, ids: Ids) => c.get(`/conversations?${parameter}=${ids[name]}`),
          seenByAll: true,
        };
      },
    ),
    ...['contact', 'integration', 'user', 'bot'].map((foreign) => ({
      route: 'POST /conversations',
      call: (c: Caller, ids: Ids, own: Ids) =>
        c.post('/conversations', {
          contact_id: (foreign === 'contact' ? ids : own)['contact'],
          integration_id: (foreign === 'integration' ? ids : own)['integration'],
          ...(foreign === 'user' ? { assigned_user: ids['user'] } : {}),
          ...(foreign === 'bot' ? { assigned_bot: ids['bot'] } : {}),
        }),
      seenByAll: true,
    })),
    {
      route: 'PATCH /conversations/:id',
      call: (c, ids) =>
        c.patch(`/conversations/${ids['conversation']}`, { priority: 'high', status: 'closed' }),
    },
    {
      route: 'DELETE /conversations/:id',
      call: (c, ids) => c.delete(`/conversations/${ids['conversation']}`),
    },
    {
      route: 'GET /conversations/:id/audit',
      call: (c, ids) => c.get(`/conversations/${ids['conversation']}/audit`),
    },
    // Only whose conversation it is hands it on, so it is taken first.
    ...(['patch', 'post'] as const).flatMap((method) => [
      {
        route: `${method.toUpperCase()} /conversations/:id/transfer`,
        call: async (c: Caller, ids: Ids, own: Ids) => {
          await c.patch(`/conversations/${ids['conversation']}/assign`);
          return await c[method](`/conversations/${ids['conversation']}/transfer`, {
            assigned_bot: own['bot'],
          });
        },
      },
      {
        route: `${method.toUpperCase()} /conversations/:id/transfer`,
        call: async (c: Caller, ids: Ids, own: Ids) => {
          await c.patch(`/conversations/${own['conversation']}/assign`);
          return await c[method](`/conversations/${own['conversation']}/transfer`, {
            assigned_bot: ids['bot'],
          });
        },
        seenByAll: true,
      },
    ]),
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
