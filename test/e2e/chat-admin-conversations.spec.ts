import type {
  AdminConversation,
  AdminConversationDetail,
  AdminConversationList,
} from '../../src/app-chat/admin-conversation.types';
import { ChatConversationsRepository } from '../../src/app-chat/chat-conversations.repository';
import { ChatUsersRepository } from '../../src/app-chat/chat-users.repository';
import { openChat } from '../support/chat';
import { appOf, type Customer, customer, IM, type Success, SUPPORT } from '../support/chat-admin';
import { conversationOf } from '../support/crm';
import { eventually } from '../support/eventually';
import { type Caller, TestSystem } from '../support/system';

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

async function listed(caller: Caller, query = ''): Promise<AdminConversationList> {
  const { status, body } = await caller.get<Success<AdminConversationList>>(`${IM}${query}`);
  expect([status, body]).toEqual([200, { status: 'success', data: expect.any(Object) }]);
  return body.data;
}

const idsOf = ({ conversations }: AdminConversationList): number[] => conversations.map(({ id }) => id);

async function give(id: number, to: Caller): Promise<void> {
  const { status } = await supervisor.put(`${IM}/${id}/assign`, { admin_id: to.user.id });
  expect(status).toBe(200);
}

describe('the list', () => {
  test('shows each conversation with every field of the contract', async () => {
    const jane = await customer(system, { account_name: 'Jane Doe', phone_number: '+1234567890' });
    await jane.says('Thank you for your help!');
    await supervisor.put(`/conversations/${jane.conversation}/tags`, { tags: ['billing', 'urgent'] });
    await give(jane.conversation, employer);
    const last = await jane.says('Are you there?');

    const { conversations, pagination } = await listed(employer, `?user_id=${jane.userId}`);

    const { id, username } = employer.user;
    expect(conversations).toEqual([
      {
        id: jane.conversation,
        user_id: jane.userId,
        user_info: { id: jane.userId, account_name: 'Jane Doe', phone_number: '+1234567890', status: 2 },
        admin_id: id,
        admin_info: { id, username, account_name: username },
        status: 'active',
        priority: 'normal',
        created_at: TIME,
        last_message_at: TIME,
        unread_count: 1,
        total_messages: 3,
        last_message: { id: last, content: 'Are you there?', sender_role: 'user', timestamp: TIME },
        tags: ['billing', 'urgent'],
      } satisfies AdminConversation,
    ]);
    expect(pagination).toEqual({ page: 1, limit: 20, total: 1, pages: 1 });
  });

  test('is filtered by status, by who has it, by user and by what is unread', async () => {
    const [waiting, taken, closed, archived] = await Promise.all([
      customer(system),
      customer(system),
      customer(system),
      customer(system),
    ]);
    const colleague = await system.signIn('employer');
    await give(taken.conversation, colleague);
    await supervisor.put(`${IM}/${closed.conversation}/status`, { status: 'closed' });
    await supervisor.put(`${IM}/${archived.conversation}/status`, { status: 'archived' });
    const all = [waiting, taken, closed, archived].map(({ conversation }) => conversation);
    const found = async (query: string): Promise<number[]> =>
      idsOf(await listed(supervisor, `?limit=100&${query}`)).filter((id) => all.includes(id));

    expect((await found('')).toSorted(ascending)).toEqual(all.toSorted(ascending));
    expect((await found('status=active')).toSorted(ascending)).toEqual([all[0], all[1]].toSorted(ascending));
    expect(await found('status=closed')).toEqual([all[2]]);
    expect(await found('status=archived')).toEqual([all[3]]);
    expect(await found(`assigned_admin=${colleague.user.id}`)).toEqual([all[1]]);
    expect(await found(`user_id=${archived.userId}`)).toEqual([all[3]]);
    expect(await found('user_id=999999999')).toEqual([]);
    // Whoever gives a conversation to somebody has read it.
    expect(await found('unread_only=true')).not.toContain(all[1]);
    expect(await found('unread_only=true&status=active')).toEqual([all[0]]);
    expect((await found('unread_only=false&status=active')).toSorted(ascending)).toEqual(
      [all[0], all[1]].toSorted(ascending),
    );
    expect(await found(`status=closed&user_id=${waiting.userId}`)).toEqual([]);
  });

  test('is sorted by age or by the newest message, in pages', async () => {
    const people = [await customer(system), await customer(system), await customer(system)];
    const [first, second, third] = people.map(({ conversation }) => conversation);
    await people[1]!.says('once more');
    const colleague = await system.signIn('employer');
    for (const { conversation } of people) await give(conversation, colleague);
    const page = async (query: string): Promise<AdminConversationList> =>
      await listed(supervisor, `?assigned_admin=${colleague.user.id}&${query}`);

    expect(idsOf(await page(''))).toEqual([third, second, first]);
    expect(idsOf(await page('sort=newest'))).toEqual([third, second, first]);
    expect(idsOf(await page('sort=oldest'))).toEqual([first, second, third]);
    expect(idsOf(await page('sort=last_activity'))).toEqual([second, third, first]);
    const last = await page('sort=oldest&limit=2&page=2');
    expect(idsOf(last)).toEqual([third]);
    expect(last.pagination).toEqual({ page: 2, limit: 2, total: 3, pages: 2 });
  });

  test.each([
    'page=0',
    'page=x',
    'limit=0',
    'limit=101',
    'status=open',
    'status=',
    'assigned_admin=me',
    'user_id=0',
    'user_id=1.5',
    'unread_only=1',
    'sort=priority',
    'order=asc',
    'status=active&status=closed',
  ])('refuses ?%s', async (query) => {
    expect(await employer.get(`${IM}?${query}`)).toMatchObject({
      status: 400,
      body: { status: 'error', error_code: 'VALIDATION_FAILED', message: expect.any(String) },
    });
  });

  test('counts what the caller may see', async () => {
    const { id } = await system.createWorkspace('counted');
    const boss = await system.signIn('supervisor', { workspaceId: id });
    const agent = await system.signIn('employer', { workspaceId: id });
    const app = await appOf(system, id);
    const people: Customer[] = [];
    for (let i = 0; i < 4; i++) people.push(await customer(system, {}, app));
    const assign = async (i: number, to: Caller): Promise<unknown> =>
      await boss.put(`${IM}/${people[i]!.conversation}/assign`, { admin_id: to.user.id });
    await assign(0, boss);
    await assign(1, agent);
    await boss.put(`${IM}/${people[2]!.conversation}/status`, { status: 'closed' });
    await eventually(async () => {
      expect((await listed(boss)).summary).toEqual({
        total_active: 3,
        total_unread: 1,
        assigned_to_me: 1,
        unassigned: 1,
      });
      expect((await listed(agent)).summary).toEqual({
        total_active: 2,
        total_unread: 1,
        assigned_to_me: 1,
        unassigned: 1,
      });
      return true;
    });
  });
});

describe('one conversation', () => {
  async function shown(caller: Caller, id: number): Promise<AdminConversationDetail> {
    const { body } = await caller.get<Success<{ conversation: AdminConversationDetail }>>(`${IM}/${id}`);
    expect(body).toEqual({ status: 'success', data: { conversation: expect.any(Object) } });
    return body.data.conversation;
  }

  test('has what the list has, since when the user is there, and the notes of the last assignment', async () => {
    const jane = await customer(system, { account_name: 'Jane Doe' });
    expect((await shown(employer, jane.conversation)).notes).toBeNull();
    for (const notes of ['First', 'Customer having issues with premium subscription billing.'])
      await supervisor.put(`${IM}/${jane.conversation}/assign`, { admin_id: employer.user.id, notes });
    await employer.post(`/conversations/${jane.conversation}/notes`, { body: 'not of the assignment' });

    const conversation = await shown(employer, jane.conversation);

    const [inList] = (await listed(employer, `?user_id=${jane.userId}`)).conversations;
    expect(conversation).toEqual({
      ...inList,
      user_info: { ...inList!.user_info, created_at: TIME, last_login: TIME },
      notes: 'Customer having issues with premium subscription billing.',
    });
    expect(conversation.total_messages).toBe(1);
  });

  test('without an answer, a name or an admin says so', async () => {
    const unnamed = await customer(system, { account_name: '' });
    expect(await shown(admin, unnamed.conversation)).toMatchObject({
      admin_id: null,
      admin_info: null,
      tags: [],
      user_info: { account_name: '', phone_number: null },
    });
  });

  test('of a deleted message shows nothing any more', async () => {
    const jane = await customer(system);
    const { body } = await employer.post<Success<{ id: number }>>(`${IM}/${jane.conversation}/messages`, {
      message: 'a mistake',
    });
    await employer.delete(`/messages/${body.data.id}`);
    expect((await shown(employer, jane.conversation)).last_message).toMatchObject({
      id: body.data.id,
      content: '',
      sender_role: 'admin',
    });
  });

  test.each(['0', '-1', 'abc', '1.5', '9007199254740993', '0x10', '%00'])(
    'with the malformed id %s is a bad request on every route',
    async (id) => {
      for (const answer of [
        await employer.get(`${IM}/${id}`),
        await employer.put(`${IM}/${id}/assign`, { admin_id: 1 }),
        await employer.put(`${IM}/${id}/status`, { status: 'closed' }),
        await employer.post(`${IM}/${id}/messages`, { message: 'Hello' }),
      ])
        expect(answer).toMatchObject({
          status: 400,
          body: { status: 'error', message: 'Invalid conversation ID', error_code: 'VALIDATION_FAILED' },
        });
    },
  );
});

describe('what is deleted while it is being looked at', () => {
  type Rows = Pick<ChatUsersRepository, 'findMany'> | Pick<ChatConversationsRepository, 'findMany'>;
  const deletions: [string, (one: Customer) => string, () => Rows][] = [
    [
      'a conversation',
      ({ conversation }) => `/conversations/${conversation}`,
      () => system.app.get(ChatConversationsRepository, { strict: false }),
    ],
    [
      'its user',
      ({ actor }) => `/contacts/${actor.contactId}`,
      () => system.app.get(ChatUsersRepository, { strict: false }),
    ],
  ];
  const surfaces: [string, number][] = [
    [`${IM}?user_id=:user`, 200],
    [`${IM}/:conversation`, 404],
    ['/admin/chat/dashboard', 200],
    [`${SUPPORT}?user_id=:user`, 200],
    [`${SUPPORT}/:conversation/messages`, 404],
  ];

  test.each(deletions)('%s is left out of lists, and by itself it is missing', async (_, path, rowsOf) => {
    for (const [surface, status] of surfaces) {
      const one = await customer(system, { account_name: 'Vanishing' });
      const rows = rowsOf();
      const findMany = rows.findMany.bind(rows) as (ids: number[]) => Promise<never[]>;
      let isThere = true;
      // Between two statements of the request: after the one that found it, where there are several.
      const reading = jest.spyOn(rows, 'findMany').mockImplementation(async (ids) => {
        const found = await findMany(ids);
        const again = !surface.endsWith(':conversation') || reading.mock.calls.length > 1;
        if (!isThere || !(again || rows instanceof ChatUsersRepository)) return found;
        isThere = false;
        expect((await admin.delete(path(one))).status).toBe(204);
        return await findMany(ids);
      });
      const asked = surface.replace(':user', `${one.userId}`).replace(':conversation', `${one.conversation}`);
      const answer = await supervisor.get(asked);
      reading.mockRestore();
      expect([surface, isThere, answer.status, answer.body]).toEqual([surface, false, status, answer.body]);
      expect(JSON.stringify(answer.body)).not.toContain('Vanishing');
    }
  });
});

describe('who may', () => {
  const everyRoute = async (caller: Caller, id: number): Promise<unknown[]> => [
    await caller.get(`${IM}/${id}`),
    await caller.put(`${IM}/${id}/assign`, { admin_id: caller.user.id, notes: 'x' }),
    await caller.put(`${IM}/${id}/status`, { status: 'closed', tags: ['x'], resolution_notes: 'x' }),
    await caller.post(`${IM}/${id}/messages`, { message: 'Hello', internal_note: 'x' }),
  ];
  const missing = {
    status: 404,
    body: { status: 'error', message: 'Conversation not found', error_code: 'NOT_FOUND' },
  };

  test('an employer sees and does what is theirs, nobody’s or a bot’s; a supervisor everything', async () => {
    const jane = await customer(system);
    const colleague = await system.signIn('employer');
    await give(jane.conversation, colleague);
    const query = `?user_id=${jane.userId}`;
    expect(idsOf(await listed(employer, query))).toEqual([]);
    expect(idsOf(await listed(employer, `?assigned_admin=${colleague.user.id}`))).toEqual([]);
    const answers = await everyRoute(employer, jane.conversation);
    for (const answer of answers) expect(answer).toMatchObject(missing);
    expect(answers).toHaveLength(4);
    const before = await supervisor.get<Success<{ conversation: object }>>(`${IM}/${jane.conversation}`);
    expect(before.body.data.conversation).toMatchObject({ status: 'active', tags: [], total_messages: 1 });

    for (const caller of [colleague, supervisor, admin])
      expect(idsOf(await listed(caller, query))).toEqual([jane.conversation]);
    for (const answer of await everyRoute(supervisor, jane.conversation))
      expect([200, 409]).toContain((answer as { status: number }).status);
  });

  test('a bot’s conversation is there for everybody, without an admin', async () => {
    const jane = await customer(system);
    const [bot] = await system.sql<{ id: string }>(
      `insert into bot (workspace_id, name) values (1, 'Helper') returning id`,
    );
    await supervisor.patch(`/conversations/${jane.conversation}/assign`, { assigned_bot: Number(bot!.id) });
    const { body } = await employer.get<Success<{ conversation: object }>>(`${IM}/${jane.conversation}`);
    expect(body.data.conversation).toMatchObject({ admin_id: null, admin_info: null, status: 'active' });
    // Who speaks in it takes it over.
    await employer.post(`${IM}/${jane.conversation}/messages`, { message: 'Hello' });
    const after = await employer.get<Success<{ conversation: object }>>(`${IM}/${jane.conversation}`);
    expect(after.body.data.conversation).toMatchObject({ admin_id: employer.user.id });
  });

  test('what is missing, of another channel or of another workspace is the same', async () => {
    const onWhatsapp = await conversationOf(system, { id: 1, admin });
    const { id } = await system.createWorkspace('elsewhere');
    const theirs = await customer(system, {}, await appOf(system, id));
    for (const unseen of [999_999_999, onWhatsapp, theirs.conversation])
      for (const answer of await everyRoute(admin, unseen))
        expect(answer).toEqual({ ...missing, headers: expect.anything() });
    expect(idsOf(await listed(admin, '?limit=100'))).not.toContain(onWhatsapp);
    expect(idsOf(await listed(admin, '?limit=100'))).not.toContain(theirs.conversation);
    const boss = await system.signIn('admin', { workspaceId: id });
    expect(idsOf(await listed(boss))).toEqual([theirs.conversation]);
  });

  test('a user of the live chat is told that this is for admins, and whoever is nobody to sign in', async () => {
    const user = await openChat(system);
    const ended = await openChat(system);
    await ended.delete('/api/chat/sessions/current');
    const routes: [string, string][] = [
      ['GET', '/admin/chat/dashboard'],
      ['GET', '/admin/chat/activity'],
      ['GET', IM],
      ['GET', `${IM}/1`],
      ['PUT', `${IM}/1/assign`],
      ['PUT', `${IM}/1/status`],
      ['POST', `${IM}/1/messages`],
      ['GET', '/api/chat/admin/conversations'],
      ['GET', '/api/chat/admin/conversations/1/messages'],
      ['POST', '/api/chat/admin/conversations/1/messages'],
      ['PATCH', '/api/chat/admin/conversations/1/status'],
    ];
    for (const [method, path] of routes) {
      const as = async (token: string): Promise<unknown> =>
        await system.call(method, path, method === 'GET' ? undefined : {}, {
          authorization: `Bearer ${token}`,
        });
      expect(await as(user.token)).toMatchObject({
        status: 403,
        body: { status: 'error', message: 'Admin access required', error_code: 'FORBIDDEN' },
      });
      for (const token of [ended.token, 'x.y.z', `${user.token}x`])
        expect(await as(token)).toMatchObject({
          status: 401,
          body: { status: 'error', error_code: 'UNAUTHENTICATED' },
        });
    }
    // Elsewhere the token is as worthless as any other.
    expect((await user.get('/conversations')).status).toBe(401);
  });

  test('more than the allowed requests a minute are refused, with when to come back', async () => {
    const perMinute = 100;
    const other = await system.startAnother({ throttle: { ...system.config.throttle, limit: perMinute } });
    const caller = other.callerWith((await system.signIn('employer')).token);
    const answers = await Promise.all(
      Array.from({ length: perMinute + 3 }, () => caller.get(`${IM}?limit=1`)),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(perMinute);
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused).toHaveLength(3);
    expect(refused[0]!.body).toEqual({
      status: 'error',
      message: 'Rate limit exceeded',
      error_code: 'RATE_LIMITED',
    });
    expect(Number(refused[0]!.headers.get('retry-after'))).toBeGreaterThan(0);
  });
});
