import { SOCKET_DOCUMENT } from '../support/asyncapi';
import { ask, openConversation, secondWorkspace, streamed } from '../support/crm';
import { eventually } from '../support/eventually';
import { type Caller, type Listener, TestSystem } from '../support/system';

let system: TestSystem;
let other: TestSystem;
let admin: Caller;

beforeAll(async () => {
  system = await TestSystem.start();
  other = await system.secondServer();
  admin = await system.signIn('admin');
});
afterAll(() => system.stop());

/** The names of what was heard of one conversation, in order. */
const namesOf = (listener: Listener, conversationId: number): string[] =>
  streamed(listener)
    .filter((h) =>
      [h.payload['conversation_id'], h.event.startsWith('conversation:') && h.payload['id']].includes(
        conversationId,
      ),
    )
    .map((h) => h.event);

async function heardNames(listener: Listener, conversationId: number, names: string[]): Promise<void> {
  await eventually(() => namesOf(listener, conversationId).length >= names.length, {
    what: names.join(', '),
  });
  expect(namesOf(listener, conversationId)).toEqual(names);
}

/** Everything that the server may say, without what only a failing or ending server says. */
describe('a long day, on two servers', () => {
  test('brings each event under the name that was agreed, and nothing that is not documented', async () => {
    const [ana, ben] = [await system.signIn('employer'), await system.signIn('employer')] as const;
    const watcher = await other.listen(admin);
    const [anas, bens] = [await system.listen(ana), await other.listen(ben)] as const;

    const id = await openConversation(system);
    await heardNames(watcher, id, ['conversation:new', 'message:new']);

    await ask(anas, 'join:conversation', { conversation_id: id });
    await ana.patch(`/conversations/${id}/assign`);
    await heardNames(anas, id, [
      'conversation:new',
      'message:new',
      'conversation:assigned',
      'conversation:unread_reset',
    ]);
    await ask(anas, 'typing:start', { conversation_id: id });
    await ana.post('/messages', { conversation_id: id, body: 'Hola' });
    await ask(anas, 'typing:stop', { conversation_id: id });
    await eventually(
      () => watcher.of('message:status_changed').some((h) => h.payload['whatsapp_status'] === 'read'),
      {
        what: 'read by the customer',
      },
    );
    await ana.patch(`/conversations/${id}/unread`);
    await ana.patch(`/conversations/${id}/read`);
    await ask(anas, 'presence:set', { status: 'busy' });
    await ana.patch(`/conversations/${id}/assign`, { assigned_user: ben.user.id });
    await ask(anas, 'leave:conversation', { conversation_id: id });
    const { body: note } = await ben.post(`/conversations/${id}/notes`, { body: 'Wants a refund' });
    expect((await ben.delete(`/conversations/${id}/notes/${String(note['id'])}`)).status).toBe(204);
    await ben.patch(`/conversations/${id}`, { priority: 'high' });
    await ben.patch(`/conversations/${id}`, { status: 'closed' });
    await ben.patch(`/conversations/${id}`, { status: 'active' });
    await ben.patch(`/conversations/${id}/unassign`);
    const { body: said } = await ben.post('/messages', { conversation_id: id, body: 'One moment' });
    expect((await ben.delete(`/messages/${String(said['id'])}`)).status).toBe(204);
    const { body: seen } = await admin.get(`/conversations/${id}`);
    expect((await admin.delete(`/contacts/${String(seen['contact_id'])}`)).status).toBe(204);
    await admin.post('/notifications', { title: 'Tonight', body: 'We close at 22 h.' });
    anas.socket.emit('join:conversation', { conversation_id: 'none' });

    const cursor = String(bens.of('stream:ready')[0]!.payload['cursor']);
    expect(await ask(bens, 'resume', { after: cursor })).toMatchObject({ sent: expect.any(Number) });
    await eventually(() => [anas, bens, watcher].every((l) => l.of('system:notification').length > 0), {
      what: 'the notification',
    });
    await eventually(() => anas.of('system:error').length === 1, { what: 'system:error' });

    const heard = new Set([anas, bens, watcher].flatMap((l) => l.heard.map((h) => h.event)));
    for (const event of [
      'message:new',
      'message:status_changed',
      'message:deleted',
      'conversation:new',
      'conversation:assigned',
      'conversation:status_changed',
      'conversation:updated',
      'conversation:note',
      'conversation:note_deleted',
      'conversation:deleted',
      'contact:deleted',
      'conversation:read',
      'conversation:unread',
      'conversation:unread_reset',
      'presence:changed',
      'typing',
      'system:notification',
      'system:error',
      'stream:ready',
      'joined_conversation',
      'left_conversation',
    ])
      expect([event, heard.has(event)]).toEqual([event, true]);
    const problems = [anas, bens, watcher].flatMap((l) =>
      l.heard.flatMap((h) => SOCKET_DOCUMENT.problemsOf(h.event, h.payload, h.meta)),
    );
    expect(problems).toEqual([]);
  });

  test('who was away while a conversation left their sight is told without its content', async () => {
    const [ana, ben] = [await system.signIn('employer'), await system.signIn('employer')] as const;
    const id = await openConversation(system);
    const listener = await system.listen(ana);
    const cursor = String(listener.of('stream:ready')[0]!.payload['cursor']);
    listener.socket.disconnect();
    await admin.patch(`/conversations/${id}/assign`, { assigned_user: ana.user.id });
    await admin.patch(`/conversations/${id}/assign`, { assigned_user: ben.user.id });
    const back = await other.listen(ana, { after: cursor });
    const told = back.of('conversation:assigned').map((h) => h.payload);
    expect(told).toHaveLength(2);
    for (const payload of told) expect(payload).not.toHaveProperty('contact');
    expect(back.heard.flatMap((h) => SOCKET_DOCUMENT.problemsOf(h.event, h.payload, h.meta))).toEqual([]);
  });
});

describe('the document', () => {
  const good = {
    user_id: 1,
    status: 'online',
    online: true,
    last_seen_at: null,
    version: 1,
  };

  test('knows every event of the contract', () => {
    expect(SOCKET_DOCUMENT.events).toEqual(
      expect.arrayContaining([
        'message:new',
        'conversation:new',
        'conversation:assigned',
        'conversation:status_changed',
        'conversation:updated',
        'conversation:unread_reset',
        'conversation:read',
        'conversation:unread',
        'system:notification',
        'system:error',
        'joined_conversation',
        'left_conversation',
      ]),
    );
    expect(SOCKET_DOCUMENT.problemsOf('presence:changed', good, undefined)).toEqual([]);
  });

  test.each([
    ['another event', 'message:newer', good, undefined],
    ['a field too many', 'presence:changed', { ...good, password: 'x' }, undefined],
    ['a field too few', 'presence:changed', { ...good, online: undefined }, undefined],
    ['another type', 'presence:changed', { ...good, user_id: '1' }, undefined],
    ['another word', 'presence:changed', { ...good, status: 'sleeping' }, undefined],
    ['a second argument where there is none', 'presence:changed', good, { id: 1 }],
    ['a meta without a cursor', 'conversation:read', {}, { id: 1, occurred_at: '' }],
    [
      'something deep inside',
      'joined_conversation',
      { conversation_id: 1, timestamp: '', typing: [{ user_id: 1 }] },
      undefined,
    ],
  ])('does not let %s pass', (_, event, payload, meta) => {
    expect(SOCKET_DOCUMENT.problemsOf(event, payload, meta)).not.toEqual([]);
  });

  test('gives examples that are as it says, and refers to nothing that is not there', () => {
    const { messages, schemas } = SOCKET_DOCUMENT.json.components;
    for (const message of Object.values(messages))
      for (const { payload, headers } of message.examples)
        if (SOCKET_DOCUMENT.events.includes(message.name))
          expect(SOCKET_DOCUMENT.problemsOf(message.name, payload, headers)).toEqual([]);
    for (const [, name] of JSON.stringify(SOCKET_DOCUMENT.json).matchAll(/#\/components\/schemas\/(\w+)/g))
      expect(Object.keys(schemas)).toContain(name);
    for (const [, name] of JSON.stringify(SOCKET_DOCUMENT.json).matchAll(/#\/components\/messages\/(\w+)"/g))
      expect(Object.keys(messages)).toContain(name);
  });

  test('is served', async () => {
    const { status, body } = await system.call('GET', '/docs/asyncapi.json');
    expect([status, body]).toEqual([200, SOCKET_DOCUMENT.json]);
  });
});

describe('a notification', () => {
  const listen = async (level: 'admin' | 'supervisor' | 'employer'): Promise<Listener> =>
    (level === 'employer' ? other : system).listen(await system.signIn(level));
  const saidTo = (listener: Listener): unknown[] =>
    listener.of('system:notification').map((h) => h.payload['title']);

  test('reaches all staff of the workspace on every server, is listed, and audited', async () => {
    const theirs = await secondWorkspace(system, 'rivals');
    const rival = await system.listen(theirs.employer);
    const listeners = await Promise.all((['admin', 'supervisor', 'employer'] as const).map(listen));
    const sent = await admin.post('/notifications', {
      level: 'warning',
      title: 'Power',
      body: 'Cut at 15 h.',
    });
    expect([sent.status, sent.body]).toEqual([
      201,
      {
        id: expect.any(Number),
        level: 'warning',
        title: 'Power',
        body: 'Cut at 15 h.',
        created_by: admin.user.id,
        created_at: expect.stringMatching(/^\d{4}-.*Z$/),
      },
    ]);
    await eventually(() => listeners.every((l) => saidTo(l).length > 0), { what: 'all staff' });
    for (const listener of listeners) {
      const [heard] = listener.of('system:notification');
      expect(heard!.payload).toEqual({ kind: 'announcement', ...sent.body });
      expect(heard!.meta).toMatchObject({ id: expect.any(Number), cursor: expect.any(String) });
    }
    const employer = await system.signIn('employer');
    const { body } = await employer.get<{ data: unknown[]; meta: object }>('/notifications?limit=1');
    expect(body).toEqual({ data: [sent.body], meta: expect.objectContaining({ page: 1, limit: 1 }) });
    const audited = await system.sql(
      `select user_id::int, action, details from audit_log where subject_type = 'notification' and subject_id = $1`,
      [sent.body['id']],
    );
    expect(audited).toEqual([
      { user_id: admin.user.id, action: 'notification.send', details: { level: 'warning', title: 'Power' } },
    ]);

    await theirs.admin.post('/notifications', { title: 'Theirs', body: 'Only' });
    await eventually(() => saidTo(rival).length > 0, { what: 'the other workspace' });
    expect(saidTo(rival)).toEqual(['Theirs']);
    expect((await theirs.employer.get<{ data: unknown[] }>('/notifications')).body.data).toHaveLength(1);
  });

  test('is heard by who was away, in its place', async () => {
    const caller = await system.signIn('employer');
    const listener = await system.listen(caller);
    const cursor = String(listener.of('stream:ready')[0]!.payload['cursor']);
    listener.socket.disconnect();
    await admin.post('/notifications', { title: 'Missed', body: 'And told afterwards.' });
    const back = await other.listen(caller, { after: cursor });
    expect(saidTo(back)).toEqual(['Missed']);
    expect(back.heard.map((h) => h.event).indexOf('system:notification')).toBeLessThan(
      back.heard.map((h) => h.event).indexOf('stream:ready'),
    );
  });

  test.each(['supervisor', 'employer'] as const)('is not for a %s to send', async (level) => {
    const answer = await (await system.signIn(level)).post('/notifications', { title: 'No', body: 'No' });
    expect([answer.status, answer.body['code']]).toEqual([403, 'FORBIDDEN']);
  });

  test.each<[string, unknown]>([
    ['nothing', {}],
    ['no body', { title: 'x' }],
    ['no title', { body: 'x' }],
    ['an empty title', { title: '', body: 'x' }],
    ['blanks', { title: 'x', body: '  \n ' }],
    ['a title of 151 characters', { title: 'x'.repeat(151), body: 'x' }],
    ['a body of 4001 characters', { title: 'x', body: 'x'.repeat(4_001) }],
    ['NUL', { title: 'x\0', body: 'x' }],
    ['half a character', { title: 'x', body: '\ud83d' }],
    ['another level', { level: 'loud', title: 'x', body: 'x' }],
    ['null as the level', { level: null, title: 'x', body: 'x' }],
    ['a number', { title: 1, body: 'x' }],
    ['a field too many', { title: 'x', body: 'x', workspace_id: 2 }],
    ['an array', []],
  ])('is refused with %s, and nothing is stored', async (_, input) => {
    const count = (): Promise<unknown> => system.sql('select count(*)::int from notification');
    const before = await count();
    const { status, body } = await admin.post('/notifications', input);
    expect([status, body['code']]).toEqual([400, 'VALIDATION_FAILED']);
    expect(await count()).toEqual(before);
  });

  test.each(['page=0', 'limit=101', 'limit=x', 'sort=id'])('its list refuses ?%s', async (query) => {
    expect((await admin.get(`/notifications?${query}`)).status).toBe(400);
  });
});
