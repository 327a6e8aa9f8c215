import type { Area } from '../../support/areas';
import { integrationOf } from '../../support/crm';

const rules = (bot: number): string => `/bots/${bot}/rules`;

export const botsArea: Area = {
  name: 'bots',
  make: async (system, workspace) => {
    const [bot] = await system.sql<{ id: string }>(
      `insert into bot (workspace_id, name) values ($1, 'Theirs') returning id`,
      [workspace.id],
    );
    const [rule] = await system.sql<{ id: string }>(
      `insert into bot_rule (workspace_id, bot_id, applies_to, enabled) values ($1, $2, 'new_conversation', false) returning id`,
      [workspace.id, bot!.id],
    );
    const [tag] = await system.sql<{ id: string }>(
      `insert into tag (workspace_id, name) values ($1, gen_random_uuid()) returning id`,
      [workspace.id],
    );
    return {
      bot: Number(bot!.id),
      rule: Number(rule!.id),
      tag: Number(tag!.id),
      integration: await integrationOf(system, workspace),
    };
  },
  tries: [
    { route: 'GET /bots/:id', call: (c, ids) => c.get(`/bots/${ids['bot']}`) },
    { route: 'GET /bots/:id/stats', call: (c, ids) => c.get(`/bots/${ids['bot']}/stats`) },
    { route: 'PATCH /bots/:id', call: (c, ids) => c.patch(`/bots/${ids['bot']}`, { name: 'mine now' }) },
    {
      route: 'DELETE /bots/:id',
      call: async (c, ids) => {
        const { status, body } = await c.delete(`/bots/${ids['bot']}`);
        return { status, body: status === 204 ? {} : body };
      },
    },
    { route: 'GET /bots/:id/rules', call: (c, ids) => c.get(rules(ids['bot']!)) },
    { route: 'POST /bots/:id/rules', call: (c, ids) => c.post(rules(ids['bot']!), {}) },
    {
      route: 'POST /bots/:id/rules',
      call: (c, ids, own) => c.post(rules(own['bot']!), { tag_id: ids['tag'] }),
    },
    {
      route: 'POST /bots/:id/rules',
      call: (c, ids, own) => c.post(rules(own['bot']!), { integration_id: ids['integration'] }),
    },
    {
      route: 'PATCH /bots/:id/rules/:rule',
      call: (c, ids, own) => c.patch(`${rules(own['bot']!)}/${ids['rule']}`, { priority: 1 }),
    },
    {
      route: 'PATCH /bots/:id/rules/:rule',
      call: (c, ids, own) => c.patch(`${rules(ids['bot']!)}/${own['rule']}`, { priority: 1 }),
    },
    {
      route: 'PATCH /bots/:id/rules/:rule',
      call: (c, ids, own) => c.patch(`${rules(own['bot']!)}/${own['rule']}`, { tag_id: ids['tag'] }),
    },
    {
      route: 'DELETE /bots/:id/rules/:rule',
      call: async (c, ids, own) => {
        const { status, body } = await c.delete(`${rules(own['bot']!)}/${ids['rule']}`);
        return { status, body: status === 204 ? {} : body };
      },
    },
  ],
};
