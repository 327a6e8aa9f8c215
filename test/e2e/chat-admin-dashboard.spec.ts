import type { Dashboard } from '../../src/app-chat/admin-dashboard.service';
import { appOf, type Customer, customer, IM, type Success } from '../support/chat-admin';
import { conversationOf } from '../support/crm';
import { eventually } from '../support/eventually';
import { type Caller, TestSystem } from '../support/system';

const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string;
const DASHBOARD = '/admin/chat/dashboard';

let system: TestSystem;
let workspace: number;
let admin: Caller;
let supervisor: Caller;
let employer: Caller;
let app: Awaited<ReturnType<typeof appOf>>;

beforeAll(async () => {
  system = await TestSystem.start();
});
beforeEach(async () => {
  workspace = (await system.createWorkspace(`desk-${Math.random().toString(36).slice(2)}`)).id;
  admin = await system.signIn('admin', { workspaceId: workspace });
  supervisor = await system.signIn('supervisor', { workspaceId: workspace });
  employer = await system.signIn('employer', { workspaceId: workspace });
  app = await appOf(system, workspace);
});
afterAll(() => system.stop());

async function shown(caller: Caller, query = ''): Promise<Dashboard> {
  const { status, body } = await caller.get<Success<Dashboard>>(`${DASHBOARD}${query}`);
  expect([status, body]).toEqual([200, { status: 'success', data: expect.any(Object) }]);
  return body.data;
}

async function people(count: number): Promise<Customer[]> {
  const made: Customer[] = [];
  for (let i = 0; i < count; i++) made.push(await customer(system, { account_name: `Person ${i}` }, app));
  return made;
}

const assign = async (one: Customer, to: Caller): Promise<unknown> =>
  await admin.put(`${IM}/${one.conversation}/assign`, { admin_id: to.user.id });
const close = async (one: Customer): Promise<unknown> =>
  await admin.put(`${IM}/${one.conversation}/status`, { status: 'closed' });

test('of a desk where nothing has happened is empty', async () => {
  expect(await shown(admin)).toEqual({
    summary: {
      total_conversations: 0,
      active_conversations: 0,
      unread_conversations: 0,
      assigned_to_me: 0,
      unassigned: 0,
      closed_today: 0,
      avg_response_time: null,
    },
    recent_activity: [],
    my_assignments: [],
  });
});

test('has the summary, recent activity and assignments that the contract names', async () => {
  const [unread, mine, answered, done] = await people(4);
  await assign(mine!, supervisor);
  await assign(answered!, employer);
  await close(done!);
  await mine!.says('Two more', { conversationId: mine!.conversation });
  await mine!.says('questions', { conversationId: mine!.conversation });
  await supervisor.put(`${IM}/${mine!.conversation}/status`, { priority: 'high' });
  await employer.post(`${IM}/${answered!.conversation}/messages`, { message: 'Here I am' });
  // The other channel is another desk.
  await conversationOf(system, { id: workspace, admin });

  await eventually(async () => {
    const { summary } = await shown(supervisor);
    expect(summary).toEqual({
      total_conversations: 4,
      active_conversations: 3,
      unread_conversations: 2,
      assigned_to_me: 1,
      unassigned: 1,
      closed_today: 1,
      avg_response_time: expect.stringMatching(/^\d+\.\d minutes$/),
    });
    return true;
  });
  const { recent_activity, my_assignments } = await shown(supervisor);
  expect(recent_activity).toEqual([
    {
      conversation_id: answered!.conversation,
      user_name: 'Person 2',
      last_message: 'Here I am',
      timestamp: TIME,
      status: 'active',
    },
    expect.objectContaining({ conversation_id: mine!.conversation, last_message: 'questions' }),
    expect.objectContaining({ conversation_id: done!.conversation, status: 'closed' }),
    expect.objectContaining({ conversation_id: unread!.conversation, status: 'active' }),
  ]);
  expect(my_assignments).toEqual([
    {
      conversation_id: mine!.conversation,
      user_name: 'Person 1',
      priority: 'high',
      unread_count: 2,
      last_activity: TIME,
    },
  ]);
});

test('says how long answers took, in minutes', async () => {
  const [jane] = await people(1);
  // Once it is counted, the question was asked a while ago.
  const asked = 'select from analytics_conversation where conversation_id = $1 and asked_at is not null';
  await eventually(async () => (await system.sql(asked, [jane!.conversation])).length === 1);
  await system.sql(
    `update analytics_conversation set asked_at = asked_at - interval '252 seconds' where conversation_id = $1`,
    [jane!.conversation],
  );
  await employer.post(`${IM}/${jane!.conversation}/messages`, { message: 'Sorry for the wait' });
  await eventually(async () => (await shown(admin)).summary.avg_response_time === '4.2 minutes');
});

test('shows an employer what they may see, and a supervisor everything', async () => {
  const [theirs, nobodys, others] = await people(3);
  await assign(theirs!, employer);
  await assign(others!, supervisor);
  await eventually(async () => {
    expect((await shown(employer)).summary).toMatchObject({
      total_conversations: 2,
      assigned_to_me: 1,
      unassigned: 1,
    });
    expect((await shown(admin)).summary).toMatchObject({
      total_conversations: 3,
      assigned_to_me: 0,
      unassigned: 1,
    });
    return true;
  });
  const recent = async (caller: Caller): Promise<number[]> =>
    (await shown(caller)).recent_activity.map(({ conversation_id }) => conversation_id);
  expect(await recent(employer)).toEqual([nobodys!.conversation, theirs!.conversation]);
  expect(await recent(admin)).toEqual([others!, nobodys!, theirs!].map(({ conversation }) => conversation));
});

test('of another admin is for supervisors; one’s own may be named', async () => {
  const [one] = await people(1);
  await assign(one!, employer);
  await eventually(async () => {
    const of = await shown(supervisor, `?admin_id=${employer.user.id}`);
    expect(of.my_assignments.map(({ conversation_id }) => conversation_id)).toEqual([one!.conversation]);
    expect(of.summary.assigned_to_me).toBe(1);
    return true;
  });
  expect((await shown(supervisor)).my_assignments).toEqual([]);
  expect((await shown(employer, `?admin_id=${employer.user.id}`)).my_assignments).toHaveLength(1);
  expect(await employer.get(`${DASHBOARD}?admin_id=${supervisor.user.id}`)).toMatchObject({
    status: 403,
    body: { status: 'error', error_code: 'FORBIDDEN' },
  });
  const elsewhere = await system.signIn('employer');
  for (const id of [999_999_999, elsewhere.user.id])
    expect(await admin.get(`${DASHBOARD}?admin_id=${id}`)).toMatchObject({
      status: 404,
      body: { status: 'error', message: 'Admin not found', error_code: 'NOT_FOUND' },
    });
});

test('shows the 10 that moved last, and only open assignments', async () => {
  const all = await people(12);
  for (const one of all) await assign(one, admin);
  await close(all[0]!);
  const { recent_activity, my_assignments } = await shown(admin);
  expect(recent_activity).toHaveLength(10);
  expect(my_assignments.map(({ conversation_id }) => conversation_id)).toEqual(
    all
      .slice(1)
      .toReversed()
      .map(({ conversation }) => conversation),
  );
});

test.each(['admin_id=0', 'admin_id=me', 'admin_id=', 'page=1'])('refuses ?%s', async (query) => {
  expect(await admin.get(`${DASHBOARD}?${query}`)).toMatchObject({
    status: 400,
    body: { status: 'error', error_code: 'VALIDATION_FAILED' },
  });
});
