import type { Area, Ids } from '../../support/areas';
import { conversationOf, giveToSomebodyElse } from '../../support/crm';
import type { Caller } from '../../support/system';

export const deskArea: Area = {
  name: 'the desk',
  make: async (system, workspace) => {
    const conversation = await conversationOf(system, workspace);
    const note = await workspace.employer.post<{ id: number }>(`/conversations/${conversation}/notes`, {
      body: 'Theirs',
    });
    const text = await workspace.supervisor.post<{ id: number }>('/canned-responses', {
      short_code: `c${Math.random().toString(36).slice(2)}`,
      title: 'Theirs',
      body: 'Theirs for {{contact.name}}',
    });
    return { conversation, note: note.body.id, text: text.body.id };
  },
  hide: (system, _, ids) => giveToSomebodyElse(system, ids['conversation']!),
  tries: [
    {
      route: 'GET /conversations/:id/notes',
      call: (c, ids) => c.get(`/conversations/${ids['conversation']}/notes`),
    },
    {
      route: 'POST /conversations/:id/notes',
      call: (c, ids) => c.post(`/conversations/${ids['conversation']}/notes`, { body: 'Hello' }),
    },
    {
      route: 'DELETE /conversations/:id/notes/:noteId',
      call: (c, ids) => c.delete(`/conversations/${ids['conversation']}/notes/${ids['note']}`),
    },
    {
      route: 'DELETE /conversations/:id/notes/:noteId',
      call: (c, ids, own) => c.delete(`/conversations/${own['conversation']}/notes/${ids['note']}`),
      seenByAll: true,
    },
    {
      route: 'PUT /conversations/:id/tags',
      call: (c, ids) => c.put(`/conversations/${ids['conversation']}/tags`, { tags: ['VIP'] }),
    },
    ...['text', 'json'].map((format) => ({
      route: 'GET /conversations/:id/transcript',
      call: (c: Caller, ids: Ids) =>
        c.get(`/conversations/${ids['conversation']}/transcript?format=${format}&notes=true`),
    })),
    {
      route: 'GET /canned-responses/:id',
      call: (c, ids) => c.get(`/canned-responses/${ids['text']}`),
      seenByAll: true,
    },
    {
      route: 'PATCH /canned-responses/:id',
      call: (c, ids) => c.patch(`/canned-responses/${ids['text']}`, { title: 'Mine' }),
    },
    {
      route: 'DELETE /canned-responses/:id',
      call: (c, ids) => c.delete(`/canned-responses/${ids['text']}`),
    },
    {
      route: 'POST /canned-responses/:id/render',
      call: (c, ids, own) =>
        c.post(`/canned-responses/${ids['text']}/render`, { conversation_id: own['conversation'] }),
      seenByAll: true,
    },
    {
      route: 'POST /canned-responses/:id/render',
      call: (c, ids, own) =>
        c.post(`/canned-responses/${own['text']}/render`, { conversation_id: ids['conversation'] }),
    },
  ],
};
