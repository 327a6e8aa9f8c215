import { type ChatPerson, openChat, type SignOptions } from '../../support/chat';
import { giveToSomebodyElse } from '../../support/crm';
import type { Area, Ids, Try, Workspace } from '../../support/areas';
import type { Answer, Caller, TestSystem } from '../../support/system';

const CONVERSATIONS = '/api/chat/conversations';

/** The live chat's errors name their code otherwise. */
export const plain = ({ status, body }: Answer): { status: number; body: object } => ({
  status,
  body: 'error_code' in body ? { ...body, code: body['error_code'] } : body,
});

/** How the server of an app of each workspace signs. */
const apps = new WeakMap<TestSystem, Map<number, SignOptions>>();

export async function appIn(system: TestSystem, { id, admin }: Workspace): Promise<SignOptions> {
  if (id === 1) return {};
  const known = apps.get(system) ?? new Map<number, SignOptions>();
  apps.set(system, known);
  const app = known.get(id);
  if (app !== undefined) return app;
  const { body } = await admin.post<{ app_id: string; secret: string }>('/chat-apps', { name: 'App' });
  const made = { appId: body.app_id, secret: body.secret };
  known.set(id, made);
  return made;
}

async function userIn(system: TestSystem, workspace: Workspace): Promise<ChatPerson> {
  return await openChat(system, { account_name: 'Theirs' }, await appIn(system, workspace));
}

async function open(user: Caller): Promise<number> {
  const { body } = await user.post<{ data: { conversation_id: number } }>(CONVERSATIONS, {
    initial_message: 'hello',
  });
  return body.data.conversation_id;
}

/** What users and staff may both do. */
export const chatSharedArea: Area = {
  name: 'live chat, users and staff',
  make: async (system, workspace) => ({ conversation: await open(await userIn(system, workspace)) }),
  hide: (system, _, ids) => giveToSomebodyElse(system, ids['conversation']!),
  tries: [
    {
      route: 'PUT /api/chat/conversations/:id/read',
      call: async (c, ids) =>
        plain(await c.put(`${CONVERSATIONS}/${ids['conversation']}/read`, { message_ids: [1] })),
    },
    {
      route: 'POST /api/chat/conversations/:id/typing',
      call: async (c, ids) =>
        plain(await c.post(`${CONVERSATIONS}/${ids['conversation']}/typing`, { typing: true })),
    },
    {
      route: 'GET /api/chat/search',
      call: async (c, ids) =>
        plain(await c.get(`/api/chat/search?q=hello&conversation_id=${ids['conversation']}`)),
    },
  ],
};

/** By the token of somebody of staff: the chat user who asks in their place. */
const usersOf = new Map<string, ChatPerson>();

const byUser = (route: string, ask: (user: Caller, ids: Ids) => Promise<Answer>): Try => ({
  route,
  call: async (caller, ids) => plain(await ask(usersOf.get(caller.token) ?? caller, ids)),
});

/** What only users may do; a user of the workspace takes the place of its staff, whom `chat-user-conversations.spec.ts` sees refused. */
export const chatUserArea: Area = {
  name: 'live chat, users',
  make: async (system, workspace) => {
    const user = await userIn(system, workspace);
    for (const { token } of [workspace.admin, workspace.supervisor, workspace.employer])
      usersOf.set(token, user);
    const closed = await open(user);
    await user.post(`${CONVERSATIONS}/${closed}/close`);
    return { conversation: await open(user), closed };
  },
  tries: [
    byUser('GET /api/chat/conversations/:id/messages', (user, ids) =>
      user.get(`${CONVERSATIONS}/${ids['conversation']}/messages`),
    ),
    byUser('POST /api/chat/conversations/:id/messages', (user, ids) =>
      user.post(`${CONVERSATIONS}/${ids['conversation']}/messages`, { message: 'x' }),
    ),
    byUser('PATCH /api/chat/conversations/:id/messages/read', (user, ids) =>
      user.patch(`${CONVERSATIONS}/${ids['conversation']}/messages/read`),
    ),
    byUser('POST /api/chat/conversations/:id/close', (user, ids) =>
      user.post(`${CONVERSATIONS}/${ids['conversation']}/close`),
    ),
    byUser('POST /api/chat/conversations/:id/rating', (user, ids) =>
      user.post(`${CONVERSATIONS}/${ids['closed']}/rating`, { score: 4 }),
    ),
  ],
};

export const chatAppsArea: Area = {
  name: 'apps of the live chat',
  make: async (_system, { admin }) => {
    const { body } = await admin.post<{ id: number }>('/chat-apps', { name: 'Theirs' });
    return { app: body.id };
  },
  tries: [
    { route: 'GET /chat-apps/:id', call: (c, ids) => c.get(`/chat-apps/${ids['app']}`) },
    {
      route: 'PATCH /chat-apps/:id',
      call: (c, ids) => c.patch(`/chat-apps/${ids['app']}`, { name: 'Mine' }),
    },
    { route: 'POST /chat-apps/:id/secret', call: (c, ids) => c.post(`/chat-apps/${ids['app']}/secret`, {}) },
    { route: 'DELETE /chat-apps/:id', call: (c, ids) => c.delete(`/chat-apps/${ids['app']}`) },
  ],
};
