import type { Caller } from '../../support/system';
import type { Area, Ids } from '../../support/areas';
import { conversationOf, giveToSomebodyElse } from '../../support/crm';

export const messagesArea: Area = {
  name: 'messages',
  make: async (system, workspace) => {
    const conversation = await conversationOf(system, workspace);
    const [message] = await system.sql<{ id: string; contact: string }>(
      `select min(m.id) as id, min(c.contact_id) as contact from message m join conversation c on c.id = m.conversation_id
       where m.workspace_id = $1 and m.conversation_id = $2`,
      [workspace.id, conversation],
    );
    const [waiting] = await system.sql<{ id: string }>(
      `insert into message (workspace_id, conversation_id, sender_type, sender_user, body, send_after)
       values ($1, $2, 'user', $3, 'not yet', now() + interval '1 hour') returning id`,
      [workspace.id, conversation, workspace.employer.user.id],
    );
    return {
      conversation,
      contact: Number(message!.contact),
      sender_user: workspace.employer.user.id,
      message: Number(message!.id),
      waiting: Number(waiting!.id),
    };
  },
  hide: (system, _, ids) => giveToSomebodyElse(system, ids['conversation']!),
  tries: [
    { route: 'GET /messages/:id', call: (c, ids) => c.get(`/messages/${ids['message']}`) },
    {
      route: 'GET /messages/conversation/:id',
      call: (c, ids) => c.get(`/messages/conversation/${ids['conversation']}`),
    },
    {
      route: 'POST /messages',
      call: (c, ids) => c.post('/messages', { conversation_id: ids['conversation'], body: 'x' }),
    },
    {
      route: 'POST /messages',
      call: (c, ids, own) =>
        c.post('/messages', {
          conversation_id: own['conversation'],
          body: 'x',
          reply_to_id: ids['message'],
        }),
    },
    { route: 'PATCH /messages/:id', call: (c, ids) => c.patch(`/messages/${ids['waiting']}`, { body: 'x' }) },
    { route: 'DELETE /messages/:id', call: (c, ids) => c.delete(`/messages/${ids['waiting']}`) },
    ...['cursor', 'search?q=hello', 'unread-contact', 'unread-agent'].map((what) => ({
      route: `GET /messages/conversation/:id/${what.replace(/\?.*/, '')}`,
      call: (c: Caller, ids: Ids) => c.get(`/messages/conversation/${ids['conversation']}/${what}`),
    })),
    {
      route: 'GET /messages/conversation/:id/cursor',
      call: (c, ids, own) =>
        c.get(`/messages/conversation/${own['conversation']}/cursor?around=${ids['message']}`),
    },
    {
      route: 'PATCH /messages/conversation/:id/mark-as-read',
      call: (c, ids) => c.patch(`/messages/conversation/${ids['conversation']}/mark-as-read`),
    },
    {
      route: 'GET /messages/unread-count',
      call: (c, ids) => c.get(`/messages/unread-count?conversationId=${ids['conversation']}`),
    },
    {
      route: 'PATCH /messages/mark-as-read',
      call: (c, ids) => c.patch('/messages/mark-as-read', { message_ids: [ids['message']] }),
    },
    ...['conversation', 'contact', 'sender_user'].map((filter) => ({
      route: 'GET /messages',
      call: (c: Caller, ids: Ids) =>
        c.get(`/messages?${filter === 'sender_user' ? filter : `${filter}_id`}=${ids[filter]}`),
      seenByAll: filter === 'sender_user',
    })),
  ],
};
