import { ConversationNotesService } from '../../src/conversations/conversation-notes.service';
import { ConversationsService } from '../../src/conversations/conversations.service';
import { UnitOfWork } from '../../src/platform/database/unit-of-work';
import type { StaffActor } from '../../src/common/actor';
import { giveToSomebodyElse, openConversation } from '../support/crm';
import { eventually } from '../support/eventually';
import { type Answer, type Caller, type Listener, TestSystem } from '../support/system';

interface Note {
  id: number;
  body: string;
}
interface Page {
  data: Note[];
  next_cursor: string | null;
  prev_cursor: string | null;
}

let system: TestSystem;
let admin: Caller;
let supervisor: Caller;
let ana: Caller;
let ben: Caller;

beforeAll(async () => {
  system = await TestSystem.start();
  admin = await system.signIn('admin');
  supervisor = await system.signIn('supervisor');
  ana = await system.signIn('employer', { username: 'ana' });
  ben = await system.signIn('employer', { username: 'ben' });
});
afterAll(() => system.stop());

const write = (caller: Caller, id: number, body: string): Promise<Answer<Note>> =>
  caller.post<Note>(`/conversations/${id}/notes`, { body });
const bodiesOf = (page: Answer<Page>): string[] => page.body.data.map(({ body }) => body);
const actorOf = ({ user }: Caller): StaffActor => ({
  kind: 'staff',
  workspaceId: 1,
  userId: user.id,
  username: user.username,
  name: user.username,
  role: 'employer',
  level: 'employer',
  sessionId: '',
});

async function heard(listener: Listener, event: string, id: number): Promise<Record<string, unknown>> {
  await eventually(() => listener.of(event).some((h) => h.payload['id'] === id), { what: event });
  return listener.of(event).find((h) => h.payload['id'] === id)!.payload;
}

describe('a note', () => {
  test('is shown to who sees the conversation, told to them, and in the audit log without its text', async () => {
    const id = await openConversation(system);
    const listener = await system.listen(ben);
    const made = await write(ana, id, 'Asks for a refund; see invoice 12.');
    expect(made).toMatchObject({
      status: 201,
      body: {
        conversation_id: id,
        kind: 'note',
        body: 'Asks for a refund; see invoice 12.',
        message_id: null,
        author_user: ana.user.id,
        author_name: 'ana',
        created_at: expect.stringMatching(/Z$/),
      },
    });
    expect((await ben.get<Page>(`/conversations/${id}/notes`)).body).toEqual({
      data: [made.body],
      next_cursor: null,
      prev_cursor: null,
    });
    expect(await heard(listener, 'conversation:note', made.body.id)).toEqual(made.body);
    const { body: log } = await admin.get<{ data: object[] }>(`/conversations/${id}/audit`);
    expect(log.data[0]).toMatchObject({
      action: 'conversation.note',
      user_id: ana.user.id,
      details: { note_id: made.body.id, kind: 'note' },
    });
    expect(JSON.stringify(log)).not.toContain('refund');
  });

  test('is neither a message nor anything that goes to the customer', async () => {
    const id = await openConversation(system);
    const before = (await ana.get<{ meta: { total: number } }>(`/messages/conversation/${id}`)).body;
    const sent = system.meta.requests.length;
    await write(ana, id, 'Only for us');
    expect((await ana.get(`/messages/conversation/${id}`)).body).toEqual(before);
    expect((await ana.get<{ data: [] }>('/messages/search?q=Only')).body.data).toEqual([]);
    expect(system.meta.requests).toHaveLength(sent);
  });

  test('of a conversation that is somebody else’s is neither seen, written, deleted nor heard of', async () => {
    const id = await openConversation(system);
    const { body: note } = await write(ana, id, 'secret');
    await giveToSomebodyElse(system, id);
    const listener = await system.listen(ana);
    for (const answer of [
      await ana.get(`/conversations/${id}/notes`),
      await write(ana, id, 'more'),
      await ana.delete(`/conversations/${id}/notes/${note.id}`),
    ])
      expect(answer).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
    const { body: hidden } = await write(supervisor, id, 'also secret');
    const seen = await openConversation(system);
    const { body: witness } = await write(supervisor, seen, 'witness');
    await heard(listener, 'conversation:note', witness.id);
    expect(listener.of('conversation:note').some((h) => h.payload['id'] === hidden.id)).toBe(false);
    expect(bodiesOf(await supervisor.get<Page>(`/conversations/${id}/notes`))).toEqual([
      'also secret',
      'secret',
    ]);
  });

  test('is deleted by who wrote it or a supervisor, once, and that is told', async () => {
    const id = await openConversation(system);
    const listener = await system.listen(ben);
    const { body: own } = await write(ana, id, 'mine');
    const { body: other } = await write(ana, id, 'mine too');
    expect(await ben.delete(`/conversations/${id}/notes/${own.id}`)).toMatchObject({
      status: 403,
      body: { code: 'FORBIDDEN' },
    });
    expect((await ana.delete(`/conversations/${id}/notes/${own.id}`)).status).toBe(204);
    expect((await supervisor.delete(`/conversations/${id}/notes/${other.id}`)).status).toBe(204);
    expect((await ana.delete(`/conversations/${id}/notes/${own.id}`)).status).toBe(404);
    expect((await ana.get<Page>(`/conversations/${id}/notes`)).body.data).toEqual([]);
    expect(await heard(listener, 'conversation:note_deleted', other.id)).toEqual({
      id: other.id,
      conversation_id: id,
    });
    const { body: log } = await admin.get<{ data: object[] }>(`/conversations/${id}/audit`);
    expect(log.data[0]).toMatchObject({
      action: 'conversation.note_delete',
      user_id: supervisor.user.id,
      details: { note_id: other.id, author_user: ana.user.id },
    });
  });

  test('is found under its own conversation only', async () => {
    const [id, other] = [await openConversation(system), await openConversation(system)];
    const { body: note } = await write(ana, id, 'here');
    expect((await ana.delete(`/conversations/${other}/notes/${note.id}`)).status).toBe(404);
    expect(bodiesOf(await ana.get<Page>(`/conversations/${id}/notes`))).toEqual(['here']);
  });

  test('goes with its conversation', async () => {
    const id = await openConversation(system);
    const { body: note } = await write(ana, id, 'short-lived');
    expect((await admin.delete(`/conversations/${id}`)).status).toBe(204);
    expect(await system.sql('select 1 from conversation_note where id = $1', [note.id])).toEqual([]);
  });

  test('may be written in a closed conversation and leaves it closed', async () => {
    const id = await openConversation(system);
    await ana.patch(`/conversations/${id}`, { status: 'closed' });
    expect((await write(ana, id, 'afterwards')).status).toBe(201);
    expect((await ana.get(`/conversations/${id}`)).body).toMatchObject({ status: 'closed' });
  });
});

describe('notes', () => {
  test('come newest first, page by page, to the end and back, whatever is written meanwhile', async () => {
    const id = await openConversation(system);
    for (const body of ['1', '2', '3', '4', '5']) await write(ana, id, body);
    const first = await ana.get<Page>(`/conversations/${id}/notes?limit=2`);
    expect([bodiesOf(first), first.body.prev_cursor]).toEqual([['5', '4'], null]);
    await write(ana, id, '6');
    const second = await ana.get<Page>(`/conversations/${id}/notes?limit=2&cursor=${first.body.next_cursor}`);
    const third = await ana.get<Page>(`/conversations/${id}/notes?limit=2&cursor=${second.body.next_cursor}`);
    expect([bodiesOf(second), bodiesOf(third), third.body.next_cursor]).toEqual([['3', '2'], ['1'], null]);
    const back = await ana.get<Page>(`/conversations/${id}/notes?limit=3&cursor=${third.body.prev_cursor}`);
    expect(bodiesOf(back)).toEqual(['4', '3', '2']);
    const top = await ana.get<Page>(`/conversations/${id}/notes?limit=3&cursor=${back.body.prev_cursor}`);
    expect([bodiesOf(top), top.body.prev_cursor]).toEqual([['6', '5'], null]);
  });

  test('of several conversations: the latest of a kind, with the message it was written with', async () => {
    const [one, two, none] = [
      await openConversation(system),
      await openConversation(system),
      await openConversation(system),
    ];
    const notes = system.app.get(ConversationNotesService, { strict: false });
    const conversations = system.app.get(ConversationsService, { strict: false });
    const work = system.app.get(UnitOfWork, { strict: false });
    const [message] = await system.sql<{ id: string }>(
      'select min(id) as id from message where conversation_id = $1',
      [one],
    );
    const actor = actorOf(ana);
    const add = (id: number, kind: 'assignment' | 'resolution', body: string, messageId?: number) =>
      work.run(actor, async () =>
        notes.add(actor, await conversations.lockVisible(actor, id), { kind, body, messageId }),
      );
    await add(one, 'assignment', 'for ben');
    await add(one, 'assignment', 'for carla', Number(message!.id));
    await add(one, 'resolution', 'refunded');
    await add(two, 'assignment', 'for dora');
    const latest = await work.read(actor, () => notes.latest([one, two, none, one], 'assignment'));
    expect([...latest].map(([id, note]) => [id, note.body, note.message_id])).toEqual([
      [one, 'for carla', Number(message!.id)],
      [two, 'for dora', null],
    ]);
    expect(await work.read(actor, () => notes.latest([], 'resolution'))).toEqual(new Map());
  });

  test('are nothing without the unit of work that they were written in', async () => {
    const id = await openConversation(system);
    const listener = await system.listen(ana);
    const notes = system.app.get(ConversationNotesService, { strict: false });
    const conversations = system.app.get(ConversationsService, { strict: false });
    const actor = actorOf(ana);
    const failed = system.app.get(UnitOfWork, { strict: false }).run(actor, async () => {
      await notes.add(actor, await conversations.lockVisible(actor, id), { kind: 'note', body: 'undone' });
      throw new Error('undo');
    });
    await expect(failed).rejects.toThrow('undo');
    const { body: witness } = await write(ana, id, 'kept');
    await heard(listener, 'conversation:note', witness.id);
    expect(listener.of('conversation:note')).toHaveLength(1);
    expect(bodiesOf(await ana.get<Page>(`/conversations/${id}/notes`))).toEqual(['kept']);
  });
});

describe('bad input', () => {
  test.each([
    ['no body', {}],
    ['an empty text', { body: '' }],
    ['blanks', { body: ' \n ' }],
    ['too much', { body: 'x'.repeat(5_001) }],
    ['a NUL', { body: 'a\0b' }],
    ['half a character', { body: '\ud83d' }],
    ['a number', { body: 7 }],
    ['a kind', { body: 'x', kind: 'resolution' }],
    ['a message', { body: 'x', message_id: 1 }],
  ])('%s is refused and nothing written', async (_, input) => {
    const id = await openConversation(system);
    expect(await ana.post(`/conversations/${id}/notes`, input)).toMatchObject({
      status: 400,
      body: { code: 'VALIDATION_FAILED' },
    });
    expect((await ana.get<Page>(`/conversations/${id}/notes`)).body.data).toEqual([]);
  });

  test('5,000 characters are not too many', async () => {
    const id = await openConversation(system);
    expect((await write(ana, id, '🙂'.repeat(5_000))).status).toBe(201);
  });

  test.each([
    ['limit=0', 'VALIDATION_FAILED'],
    ['limit=101', 'VALIDATION_FAILED'],
    ['page=2', 'VALIDATION_FAILED'],
    ['cursor=nonsense', 'CURSOR_INVALID'],
    [`cursor=${Buffer.from('["older",0,5]').toString('base64url')}`, 'CURSOR_INVALID'],
  ])('%s: %s', async (query, code) => {
    const id = await openConversation(system);
    expect(await ana.get(`/conversations/${id}/notes?${query}`)).toMatchObject({
      status: 400,
      body: { code },
    });
  });

  test('a cursor of another conversation is none of this one', async () => {
    const [id, other] = [await openConversation(system), await openConversation(system)];
    for (const body of ['1', '2']) await write(ana, id, body);
    const { body: page } = await ana.get<Page>(`/conversations/${id}/notes?limit=1`);
    expect(await ana.get(`/conversations/${other}/notes?cursor=${page.next_cursor}`)).toMatchObject({
      status: 400,
      body: { code: 'CURSOR_INVALID' },
    });
  });
});
