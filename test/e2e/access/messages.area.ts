import type { Area } from '../../support/areas';
import { conversationOf, giveToSomebodyElse } from '../../support/crm';

export const messagesArea: Area = {
  name: 'messages',
  make: async (system, workspace) => {
    const conversation = await conversationOf(system, workspace);
    const [message] = await system.sql<{ id: string }>(
      'select min(id) as id from message where workspace_id = $1 and conversation_id = $2',
      [workspace.id, conversation],
    );
    return { conversation, message: Number(message!.id) };
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
  ],
};
