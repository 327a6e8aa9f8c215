import { customer, IM } from '../support/chat-admin';
import { eventually } from '../support/eventually';
import { type Answer, type Caller, TestSystem } from '../support/system';

const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string;

let system: TestSystem;
let supervisor: Caller;
let employer: Caller;
let colleague: Caller;

beforeAll(async () => {
  system = await TestSystem.start();
  supervisor = await system.signIn('supervisor');
  employer = await system.signIn('employer');
  colleague = await system.signIn('employer');
});
afterAll(() => system.stop());

const assign = async (caller: Caller, id: number, body: object): Promise<Answer> =>
  await caller.put(`${IM}/${id}/assign`, body);
const update = async (caller: Caller, id: number, body: object): Promise<Answer> =>
  await caller.put(`${IM}/${id}/status`, body);
const stored = async (id: number): Promise<Record<string, unknown>> =>
  (await supervisor.get(`/conversations/${id}`)).body;
const notesOf = async (id: number): Promise<Record<string, unknown>[]> =>
  (await supervisor.get<{ data: Record<string, unknown>[] }>(`/conversations/${id}/notes`)).body.data;
/** What was done with a conversation, the oldest first. */
const actionsOf = async (id: number): Promise<string[]> =>
  (
    await system.sql<{ action: string }>(
      `select action from audit_log where subject_type = 'conversation' and subject_id = $1 order by id`,
      [id],
    )
  ).map(({ action }) => action);
const refusal = (status: number, code: string, message: unknown = expect.any(String)): object => ({
  status,
  body: expect.objectContaining({ status: 'error', error_code: code, message }) as object,
});

describe('assigning', () => {
  test('answers as the contract says, and the notes are for staff', async () => {
    const jane = await customer(system);
    const notes = 'Customer billing issue - priority handling required';

    const answer = await assign(supervisor, jane.conversation, { admin_id: employer.user.id, notes });

    const { id, username } = employer.user;
    expect(answer).toMatchObject({ status: 200 });
    expect(answer.body).toEqual({
      status: 'success',
      data: {
        conversation_id: jane.conversation,
        assigned_admin: { id, username, account_name: username },
        notes,
      },
    });
    expect(await stored(jane.conversation)).toMatchObject({
      assigned_user: id,
      status: 'active',
      unread_count: 0,
    });
    expect(await notesOf(jane.conversation)).toMatchObject([
      { kind: 'assignment', body: notes, author_user: supervisor.user.id },
    ]);
    expect(await actionsOf(jane.conversation)).toEqual(['conversation.assign', 'conversation.note']);
  });

  test('works without notes, to oneself, and on to somebody else, who is told', async () => {
    const jane = await customer(system);
    const listener = await system.listen(colleague);
    expect(await assign(employer, jane.conversation, { admin_id: employer.user.id })).toMatchObject({
      status: 200,
      body: { data: { notes: null } },
    });
    expect(
      await assign(employer, jane.conversation, { admin_id: colleague.user.id, notes: null }),
    ).toMatchObject({
      status: 200,
    });
    expect(await stored(jane.conversation)).toMatchObject({
      assigned_user: colleague.user.id,
      status: 'transferred',
    });
    await eventually(() =>
      listener
        .of('conversation:assigned')
        .some(({ payload }) => payload['assigned_user'] === colleague.user.id),
    );
    expect(await notesOf(jane.conversation)).toEqual([]);
    // It is no longer theirs to give.
    expect(await assign(employer, jane.conversation, { admin_id: employer.user.id })).toEqual(
      expect.objectContaining(refusal(404, 'NOT_FOUND', 'Conversation not found')),
    );
  });

  test('is refused to nobody, to who has left, and where it is closed; then nothing is kept', async () => {
    const jane = await customer(system);
    const gone = await system.signIn('employer');
    await system.sql('update users set deactivated_at = now() where id = $1', [gone.user.id]);
    for (const admin_id of [999_999_999, gone.user.id])
      expect(await assign(supervisor, jane.conversation, { admin_id, notes: 'kept?' })).toEqual(
        expect.objectContaining(refusal(400, 'VALIDATION_FAILED', 'There is no such user.')),
      );
    await update(supervisor, jane.conversation, { status: 'closed' });
    expect(
      await assign(supervisor, jane.conversation, { admin_id: employer.user.id, notes: 'kept?' }),
    ).toEqual(expect.objectContaining(refusal(409, 'CONVERSATION_CLOSED')));
    expect(await notesOf(jane.conversation)).toEqual([]);
    expect(await actionsOf(jane.conversation)).toEqual(['conversation.status']);
  });

  test.each<[string, object | string]>([
    ['nobody', {}],
    ['null', { admin_id: null }],
    ['a name', { admin_id: 'admin_sarah' }],
    ['no id', { admin_id: 0 }],
    ['half an id', { admin_id: 1.5 }],
    ['a number beyond all ids', { admin_id: 2 ** 60 }],
    ['blank notes', { admin_id: 1, notes: '  ' }],
    ['notes that are too long', { admin_id: 1, notes: 'x'.repeat(5_001) }],
    ['notes with a NUL', { admin_id: 1, notes: 'a\0b' }],
    ['an unknown field', { admin_id: 1, status: 'closed' }],
    ['a list', []],
    ['no JSON', '{'],
  ])('with %s is a bad request', async (_, body) => {
    const jane = await customer(system);
    const answer = await system.call('PUT', `${IM}/${jane.conversation}/assign`, body, {
      authorization: `Bearer ${supervisor.token}`,
      'content-type': 'application/json',
    });
    expect(answer).toMatchObject({ status: 400, body: { status: 'error' } });
    expect(await actionsOf(jane.conversation)).toEqual([]);
  });
});

describe('status, priority, tags and resolution', () => {
  test('all at once answers as the contract says', async () => {
    const jane = await customer(system);

    const answer = await update(employer, jane.conversation, {
      status: 'closed',
      priority: 'high',
      tags: ['billing', 'resolved'],
      resolution_notes: 'Issue resolved - refund processed',
    });

    expect(answer).toMatchObject({ status: 200 });
    expect(answer.body).toEqual({
      status: 'success',
      data: {
        conversation_id: jane.conversation,
        status: 'closed',
        priority: 'high',
        tags: ['billing', 'resolved'],
        resolution_notes: 'Issue resolved - refund processed',
        updated_by: employer.user.username,
        updated_at: TIME,
      },
    });
    expect(await stored(jane.conversation)).toMatchObject({
      status: 'closed',
      priority: 'high',
      tags: ['billing', 'resolved'],
      updated_at: (answer.body['data'] as { updated_at: string }).updated_at,
    });
    expect(await notesOf(jane.conversation)).toMatchObject([
      { kind: 'resolution', body: 'Issue resolved - refund processed', author_user: employer.user.id },
    ]);
    expect((await actionsOf(jane.conversation)).toSorted()).toEqual([
      'conversation.note',
      'conversation.priority',
      'conversation.status',
      'conversation.tags',
    ]);
  });

  test('what is left out stays as it is, and what is so already changes nothing', async () => {
    const jane = await customer(system);
    await update(employer, jane.conversation, { priority: 'urgent', tags: ['billing'] });
    const before = await stored(jane.conversation);
    for (const body of [{}, { status: 'active' }, { priority: 'urgent' }, { tags: ['BILLING'] }])
      expect(await update(employer, jane.conversation, body)).toMatchObject({
        status: 200,
        body: {
          data: { status: 'active', priority: 'urgent', tags: ['billing'], resolution_notes: null },
        },
      });
    expect(await stored(jane.conversation)).toEqual(before);
    expect(await update(employer, jane.conversation, { tags: [] })).toMatchObject({
      body: { data: { priority: 'urgent', tags: [] } },
    });
  });

  test('all or nothing: what one part is refused for, no part does', async () => {
    const jane = await customer(system);
    // Archiving is for supervisors.
    const answer = await update(employer, jane.conversation, {
      status: 'archived',
      priority: 'urgent',
      tags: ['billing'],
      resolution_notes: 'done',
    });
    expect(answer).toEqual(expect.objectContaining(refusal(403, 'FORBIDDEN')));
    expect(await stored(jane.conversation)).toMatchObject({ status: 'queue', priority: 'normal', tags: [] });
    expect(await notesOf(jane.conversation)).toEqual([]);
    expect(await actionsOf(jane.conversation)).toEqual([]);
  });

  test('closed and opened again, it is whose it was; or waits, where it was nobody’s or they have left', async () => {
    const [theirs, nobodys, leavers] = [
      await customer(system),
      await customer(system),
      await customer(system),
    ];
    const leaver = await system.signIn('employer');
    await assign(employer, theirs.conversation, { admin_id: employer.user.id });
    await assign(supervisor, leavers.conversation, { admin_id: leaver.user.id });
    for (const { conversation } of [theirs, nobodys, leavers])
      expect(await update(supervisor, conversation, { status: 'closed' })).toMatchObject({ status: 200 });
    await system.sql('update users set deactivated_at = now() where id = $1', [leaver.user.id]);
    for (const { conversation } of [theirs, nobodys, leavers])
      expect(await update(supervisor, conversation, { status: 'active' })).toMatchObject({
        status: 200,
        body: { data: { status: 'active' } },
      });
    expect(await stored(theirs.conversation)).toMatchObject({
      status: 'active',
      assigned_user: employer.user.id,
    });
    expect(await stored(nobodys.conversation)).toMatchObject({ status: 'queue', assigned_user: null });
    expect(await stored(leavers.conversation)).toMatchObject({ status: 'queue', assigned_user: null });
  });

  test('every status leads to every other, for who may', async () => {
    const jane = await customer(system);
    const way = ['archived', 'closed', 'archived', 'active', 'closed', 'active', 'archived', 'active'];
    for (const status of way)
      expect(await update(supervisor, jane.conversation, { status })).toMatchObject({
        status: 200,
        body: { data: { status } },
      });
    await update(supervisor, jane.conversation, { status: 'archived' });
    for (const status of ['closed', 'active'])
      expect(await update(employer, jane.conversation, { status })).toEqual(
        expect.objectContaining(refusal(403, 'FORBIDDEN')),
      );
  });

  test('a closed conversation takes tags, a priority and how it ended, but no message', async () => {
    const jane = await customer(system);
    await update(employer, jane.conversation, { status: 'closed' });
    expect(
      await update(employer, jane.conversation, {
        tags: ['late'],
        priority: 'low',
        resolution_notes: 'late',
      }),
    ).toMatchObject({ status: 200, body: { data: { status: 'closed', tags: ['late'], priority: 'low' } } });
    expect(await employer.post(`${IM}/${jane.conversation}/messages`, { message: 'Hello?' })).toEqual(
      expect.objectContaining(refusal(409, 'CONVERSATION_CLOSED')),
    );
  });

  test.each<[string, object]>([
    ['a status that is none', { status: 'open' }],
    ['null as status', { status: null }],
    ['a priority that is none', { priority: 'medium' }],
    ['null as priority', { priority: null }],
    ['tags that are no list', { tags: 'billing' }],
    ['null as tags', { tags: null }],
    ['a blank tag', { tags: [' '] }],
    ['a tag that is no text', { tags: [1] }],
    ['a tag that is too long', { tags: ['x'.repeat(101)] }],
    ['too many tags', { tags: Array.from({ length: 21 }, (_, i) => `tag ${i}`) }],
    ['blank notes', { resolution_notes: '' }],
    ['notes with half a character', { resolution_notes: '\ud800' }],
    ['an unknown field', { admin_id: 1 }],
  ])('%s is a bad request', async (_, body) => {
    const jane = await customer(system);
    expect(await update(employer, jane.conversation, { priority: 'high', ...body })).toEqual(
      expect.objectContaining(refusal(400, 'VALIDATION_FAILED')),
    );
    expect(await stored(jane.conversation)).toMatchObject({ status: 'queue', priority: 'normal', tags: [] });
  });

  test('of many at the same moment, all are as if one came after the other', async () => {
    const jane = await customer(system);
    const answers = await Promise.all([
      ...Array.from({ length: 6 }, (_, i) =>
        update(supervisor, jane.conversation, { tags: [`tag ${i}`], resolution_notes: `note ${i}` }),
      ),
      ...Array.from({ length: 4 }, (_, i) =>
        assign(supervisor, jane.conversation, {
          admin_id: i % 2 === 0 ? employer.user.id : colleague.user.id,
          notes: `for you ${i}`,
        }),
      ),
    ]);
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200));
    expect(await notesOf(jane.conversation)).toHaveLength(10);
    expect((await stored(jane.conversation))['tags']).toHaveLength(1);
    expect(
      (await actionsOf(jane.conversation)).filter((action) => action === 'conversation.note'),
    ).toHaveLength(10);
  });
});
