import type {
  AdminMessages,
  SupportConversation,
  SupportConversationList,
} from '../../src/app-chat/admin-conversation.types';
import { ChatConversationsService } from '../../src/app-chat/chat-conversations.service';
import { appOf, type Customer, customer, type Success, SUPPORT } from '../support/chat-admin';
import { conversationOf } from '../support/crm';
import { type Answer, type Caller, TestSystem } from '../support/system';

const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string;
const ascending = (a = 0, b = 0): number => a - b;

let system: TestSystem;
let admin: Caller;
let supervisor: Caller;
let employer: Caller;

beforeAll(async () => {
  system = await TestSystem.start();
  admin = await system.signIn('admin');
  supervisor = await system.signIn('supervisor');
  employer = await system.signIn('employer');
});
afterAll(() => system.stop());

async function listed(caller: Caller, query = ''): Promise<SupportConversationList> {
  const { status, body } = await caller.get<Success<SupportConversationList>>(`${SUPPORT}${query}`);
  expect([status, body]).toEqual([200, { status: 'success', data: expect.any(Object) }]);
  return body.data;
}

const idsOf = ({ conversations }: SupportConversationList): number[] => conversations.map(({ id }) => id);
const update = async (
  caller: Caller,
  id: number,
  body: object,
): Promise<Answer<Success<{ conversation: SupportConversation }>>> =>
  await caller.patch(`${SUPPORT}/${id}/status`, body);
const stored = async (id: number): Promise<Record<string, unknown>> =>
  (await supervisor.get(`/conversations/${id}`)).body;

describe('the list', () => {
  test('shows each conversation with the fields of both contracts', async () => {
    const jane = await customer(
      system,
      { username: 'user123', account_name: 'Jane Doe', phone_number: '+1234567890' },
      { subject: 'App Login Issue', message: "I can't log into the app with my credentials." },
    );
    await employer.post(`${SUPPORT}/${jane.conversation}/messages`, { message: "Hello! I'll help you." });
    const last = await jane.says('Thanks', { conversationId: jane.conversation });
    await employer.post(`${SUPPORT}/${jane.conversation}/messages`, { message: 'Which error do you see?' });

    const { conversations, pagination } = await listed(employer, '?username=USER123');

    expect(conversations).toEqual([
      {
        id: jane.conversation,
        user_id: jane.userId,
        username: 'user123',
        user_info: { id: jane.userId, account_name: 'Jane Doe', phone_number: '+1234567890', status: 2 },
        admin_id: null,
        admin_info: null,
        subject: 'App Login Issue',
        status: 'pending',
        priority: 'medium',
        created_at: TIME,
        updated_at: TIME,
        last_message_at: TIME,
        last_message_by: 'admin',
        last_message: {
          id: expect.any(Number),
          content: 'Which error do you see?',
          sender_role: 'admin',
          timestamp: TIME,
        },
        unread_count: 2,
        admin_unread_count: 2,
        user_unread_count: 2,
        total_messages: 4,
        tags: [],
        closed_at: null,
        closed_by: null,
      } satisfies SupportConversation,
    ]);
    expect(conversations[0]!.last_message!.id).toBeGreaterThan(last);
    expect(pagination).toEqual({ page: 1, limit: 20, total: 1, pages: 1 });
    await system.app.get(ChatConversationsService, { strict: false }).markRead(jane.actor, jane.conversation);
    expect((await listed(employer, '?username=user123')).conversations[0]!.user_unread_count).toBe(0);
  });

  test('is filtered by status, priority, user, username and words of the name', async () => {
    const [waiting, taken, closed, archived] = await Promise.all([
      customer(system, { account_name: 'Ångström Waiting', username: 'filter-w' }),
      customer(system, { account_name: 'Ångström Taken', username: 'filter-t' }),
      customer(system, { account_name: 'Ångström Closed' }),
      customer(system, { account_name: 'Ångström Archived' }),
    ]);
    await update(employer, taken.conversation, { status: 'open', priority: 'urgent' });
    await update(employer, closed.conversation, { status: 'closed', priority: 'low' });
    await update(supervisor, archived.conversation, { status: 'archived' });
    const all = [waiting, taken, closed, archived].map(({ conversation }) => conversation);
    const found = async (query: string): Promise<number[]> =>
      idsOf(await listed(supervisor, `?limit=100&${query}`))
        .filter((id) => all.includes(id))
        .toSorted(ascending);

    expect(await found('')).toEqual(all.toSorted(ascending));
    expect(await found('status=pending')).toEqual([all[0]]);
    expect(await found('status=open')).toEqual([all[1]]);
    expect(await found('status=closed')).toEqual([all[2]]);
    expect(await found('status=archived')).toEqual([all[3]]);
    expect(await found('priority=urgent')).toEqual([all[1]]);
    expect(await found('priority=low')).toEqual([all[2]]);
    expect(await found('priority=medium')).toEqual([all[0], all[3]].toSorted(ascending));
    expect(await found('priority=normal')).toEqual([all[0], all[3]].toSorted(ascending));
    expect(await found('priority=high')).toEqual([]);
    expect(await found(`user_id=${taken.userId}`)).toEqual([all[1]]);
    expect(await found('username=filter-w')).toEqual([all[0]]);
    expect(await found(`username=filter-w&user_id=${taken.userId}`)).toEqual([]);
    expect(await found('search=angstrom')).toEqual(all.toSorted(ascending));
    expect(await found('search=taken%20angstrom')).toEqual([all[1]]);
    expect(await found('search=%25')).toEqual([]);
    expect(await found('search=angstrom&status=closed')).toEqual([all[2]]);
  });

  test('has the newest message first, in pages', async () => {
    const people: Customer[] = [];
    for (let i = 0; i < 3; i++) people.push(await customer(system, { account_name: 'Paged Person' }));
    await people[0]!.says('again');
    const [first, second, third] = people.map(({ conversation }) => conversation);
    expect(idsOf(await listed(employer, '?search=paged'))).toEqual([first, third, second]);
    const page = await listed(employer, '?search=paged&limit=2&page=2');
    expect(idsOf(page)).toEqual([second]);
    expect(page.pagination).toEqual({ page: 2, limit: 2, total: 3, pages: 2 });
  });

  test.each([
    'page=0',
    'limit=101',
    'status=active',
    'priority=none',
    'search=',
    'search=%00',
    'user_id=x',
    'username=%20',
    `username=${'x'.repeat(151)}`,
    'assigned_admin=1',
  ])('refuses ?%s', async (query) => {
    expect(await employer.get(`${SUPPORT}?${query}`)).toMatchObject({
      status: 400,
      body: { status: 'error', error_code: 'VALIDATION_FAILED' },
    });
  });
});

describe('the messages of a conversation', () => {
  test('come oldest first, page by page from the newest, each with the fields of every contract', async () => {
    const jane = await customer(system, { account_name: 'Jane Doe' });
    const { body: sent } = await employer.post<Success<{ id: number }>>(
      `${SUPPORT}/${jane.conversation}/messages`,
      { message: 'How can I help you?' },
    );
    const third = await jane.says('My account');

    const { body } = await employer.get<Success<AdminMessages>>(`${SUPPORT}/${jane.conversation}/messages`);

    const { messages, ...rest } = body.data;
    expect(rest).toEqual({
      conversation_id: jane.conversation,
      pagination: { page: 1, limit: 20, total: 3, pages: 1 },
    });
    expect(messages.map(({ message }) => message)).toEqual([
      'Hello, I need help',
      'How can I help you?',
      'My account',
    ]);
    expect(messages[0]).toMatchObject({
      sender_role: 'user',
      sender_identifier: jane.uuid,
      sender_id: jane.userId,
    });
    expect(messages[1]).toMatchObject({
      id: sent.data.id,
      sender_role: 'admin',
      sender_type: 'admin',
      sender_id: employer.user.id,
      sender_identifier: employer.user.username,
    });
    const page = await employer.get<Success<AdminMessages>>(
      `${SUPPORT}/${jane.conversation}/messages?limit=2`,
    );
    expect(page.body.data.messages.map(({ id }) => id)).toEqual([sent.data.id, third]);
    expect(page.body.data.pagination).toEqual({ page: 1, limit: 2, total: 3, pages: 2 });
  });

  test.each(['page=0', 'limit=101', 'limit=x', 'before=1'])('refuse ?%s', async (query) => {
    const jane = await customer(system);
    expect((await employer.get(`${SUPPORT}/${jane.conversation}/messages?${query}`)).status).toBe(400);
  });
});

test('a message of staff is answered with the fields of every contract', async () => {
  const jane = await customer(system);
  const message = "Hello! I'll help you with your login issue.";
  const { status, body } = await employer.post<Success<object>>(`${SUPPORT}/${jane.conversation}/messages`, {
    message,
  });
  expect(status).toBe(201);
  expect(body).toEqual({
    status: 'success',
    data: expect.objectContaining({
      conversation_id: jane.conversation,
      message,
      content: message,
      message_type: 'text',
      sender_role: 'admin',
      sender_type: 'admin',
      sender_id: employer.user.id,
      sender_identifier: employer.user.username,
      status: 'sent',
      is_read: false,
      is_edited: false,
      reply_to_id: null,
      timestamp: TIME,
      created_at: TIME,
    }) as object,
  });
});

describe('the status', () => {
  test('closed says when and by whom', async () => {
    const jane = await customer(system);
    const { status, body } = await update(employer, jane.conversation, { status: 'closed' });
    expect(status).toBe(200);
    expect(body.data.conversation).toMatchObject({
      id: jane.conversation,
      status: 'closed',
      closed_at: TIME,
      closed_by: employer.user.id,
    });
    await update(supervisor, jane.conversation, { status: 'open' });
    const again = await update(supervisor, jane.conversation, { status: 'closed' });
    expect(again.body.data.conversation.closed_by).toBe(supervisor.user.id);
    expect(again.body.data.conversation.closed_at! > body.data.conversation.closed_at!).toBe(true);
  });

  test('open takes what waits, pending gives it back', async () => {
    const jane = await customer(system);
    const open = await update(employer, jane.conversation, { status: 'open' });
    expect(open.body.data.conversation).toMatchObject({ status: 'open', admin_id: employer.user.id });
    const pending = await update(employer, jane.conversation, { status: 'pending' });
    expect(pending.body.data.conversation).toMatchObject({ status: 'pending', admin_id: null });
    expect(await stored(jane.conversation)).toMatchObject({ status: 'queue', assigned_user: null });
  });

  test('open leaves it with whoever has it', async () => {
    const jane = await customer(system);
    await update(employer, jane.conversation, { status: 'open' });
    const { body } = await update(supervisor, jane.conversation, { status: 'open' });
    expect(body.data.conversation).toMatchObject({ status: 'open', admin_id: employer.user.id });
  });

  test('every status leads to every other, and is then what was asked for', async () => {
    const jane = await customer(system);
    const statuses = ['open', 'pending', 'closed', 'archived'] as const;
    for (const from of statuses)
      for (const to of statuses) {
        await update(supervisor, jane.conversation, { status: from });
        const { status, body } = await update(supervisor, jane.conversation, { status: to });
        expect([from, to, status, body.data.conversation.status]).toEqual([from, to, 200, to]);
        if (to === 'open') expect(body.data.conversation.admin_id).not.toBeNull();
        if (to === 'pending') expect(body.data.conversation.admin_id).toBeNull();
      }
  });

  test('and the priority, of which medium is the ordinary one', async () => {
    const jane = await customer(system);
    for (const [asked, shown, kept] of [
      ['urgent', 'urgent', 'urgent'],
      ['medium', 'medium', 'normal'],
      ['low', 'low', 'low'],
      ['normal', 'medium', 'normal'],
    ]) {
      const { body } = await update(employer, jane.conversation, { status: 'pending', priority: asked });
      expect(body.data.conversation).toMatchObject({ status: 'pending', priority: shown });
      expect(await stored(jane.conversation)).toMatchObject({ priority: kept });
    }
  });

  test('archived is for supervisors, and refused it changes nothing', async () => {
    const jane = await customer(system);
    const body = { status: 'archived', priority: 'urgent' };
    expect(await update(employer, jane.conversation, body)).toMatchObject({
      status: 403,
      body: { status: 'error', error_code: 'FORBIDDEN' },
    });
    expect(await stored(jane.conversation)).toMatchObject({ status: 'queue', priority: 'normal' });
  });

  test.each([
    {},
    { status: 'active' },
    { status: null },
    { status: ['open'] },
    { status: 'open', priority: 'none' },
    { status: 'open', priority: null },
    { status: 'open', tags: ['x'] },
  ])('refuses %j', async (body) => {
    const jane = await customer(system);
    expect(await update(employer, jane.conversation, body)).toMatchObject({
      status: 400,
      body: { status: 'error', error_code: 'VALIDATION_FAILED' },
    });
    expect(await stored(jane.conversation)).toMatchObject({ status: 'queue' });
  });
});

describe('who may', () => {
  const everyRoute = async (caller: Caller, id: number | string): Promise<Answer[]> => [
    await caller.get(`${SUPPORT}/${id}/messages`),
    await caller.post(`${SUPPORT}/${id}/messages`, { message: 'Hello' }),
    await caller.patch(`${SUPPORT}/${id}/status`, { status: 'closed' }),
  ];

  test('an employer is told nothing of what is a colleague’s, nor anybody of what is elsewhere', async () => {
    const jane = await customer(system, { username: 'hidden-one' });
    const colleague = await system.signIn('employer');
    await update(colleague, jane.conversation, { status: 'open' });
    expect(idsOf(await listed(employer, '?username=hidden-one'))).toEqual([]);
    expect(idsOf(await listed(supervisor, '?username=hidden-one'))).toEqual([jane.conversation]);
    const { id } = await system.createWorkspace('anume-elsewhere');
    const theirs = await customer(system, {}, await appOf(system, id));
    const onWhatsapp = await conversationOf(system, { id: 1, admin });
    const unseen: [Caller, number][] = [
      [employer, jane.conversation],
      [admin, 999_999_999],
      [admin, theirs.conversation],
      [admin, onWhatsapp],
    ];
    for (const [caller, conversation] of unseen)
      for (const answer of await everyRoute(caller, conversation))
        expect(answer).toMatchObject({
          status: 404,
          body: { status: 'error', message: 'Conversation not found', error_code: 'NOT_FOUND' },
        });
    expect(await stored(jane.conversation)).toMatchObject({ status: 'active' });
    for (const answer of await everyRoute(colleague, jane.conversation))
      expect(answer.status).toBeLessThan(300);
  });

  test('a malformed id is a bad request', async () => {
    for (const id of ['abc', '0', '1e3', '9007199254740993'])
      for (const answer of await everyRoute(employer, id))
        expect(answer).toMatchObject({ status: 400, body: { message: 'Invalid conversation ID' } });
  });
});
