import { collectEntrances } from '../../scripts/access-table';
import type { ActivityList } from '../../src/app-chat/admin-activity.service';
import { AppModule } from '../../src/app.module';
import { UnitOfWork } from '../../src/platform/database/unit-of-work';
import { appOf, type Customer, customer, IM, type Success, SUPPORT } from '../support/chat-admin';
import { type Caller, TestSystem } from '../support/system';

const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string;
const ACTIVITY = '/admin/chat/activity';

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

async function found(query: string, caller = admin): Promise<ActivityList> {
  const { status, body } = await caller.get<Success<ActivityList>>(`${ACTIVITY}${query}`);
  expect([status, body]).toEqual([200, { status: 'success', data: expect.any(Object) }]);
  return body.data;
}
const of = async (one: Customer, more = ''): Promise<ActivityList['activities']> =>
  (await found(`?conversation_id=${one.conversation}${more}`)).activities;

const ACTS: Record<string, (id: number) => Promise<{ status: number }>> = {
  'PUT /admin/chat/conversations/:id/assign': (id) =>
    employer.put(`${IM}/${id}/assign`, { admin_id: employer.user.id }),
  'PUT /admin/chat/conversations/:id/status': (id) =>
    employer.put(`${IM}/${id}/status`, { priority: 'high' }),
  'POST /admin/chat/conversations/:id/messages': (id) =>
    employer.post(`${IM}/${id}/messages`, { message: 'Hello' }),
  'POST /api/chat/admin/conversations/:id/messages': (id) =>
    employer.post(`${SUPPORT}/${id}/messages`, { message: 'Hello' }),
  'PATCH /api/chat/admin/conversations/:id/status': (id) =>
    employer.patch(`${SUPPORT}/${id}/status`, { status: 'closed' }),
};

test('every admin route that changes something is tried here', async () => {
  const routes = (await collectEntrances(AppModule))
    .filter(
      ({ kind, scope, name }) =>
        kind === 'route' && scope !== 'GET' && /^\/(admin\/chat|api\/chat\/admin)\//.test(name),
    )
    .map(({ scope, name }) => `${scope} ${name}`);
  expect(routes.toSorted()).toEqual(Object.keys(ACTS).toSorted());
});

test.each(Object.keys(ACTS))('%s leaves an entry of who did what', async (route) => {
  const jane = await customer(system);
  expect((await ACTS[route]!(jane.conversation)).status).toBeLessThan(300);
  const [entry, ...more] = await of(jane);
  expect(more).toEqual([]);
  expect(entry).toEqual({
    id: expect.any(Number),
    admin_id: employer.user.id,
    admin_username: employer.user.username,
    action: expect.stringMatching(/^conversation\.(assign|priority|message|status)$/),
    target_type: 'conversation',
    target_id: jane.conversation,
    details: expect.any(Object),
    created_at: TIME,
  });
  expect(Object.keys(entry!.details)).not.toEqual([]);
});

test('what is refused or changes nothing leaves none', async () => {
  const jane = await customer(system);
  await employer.put(`${IM}/${jane.conversation}/assign`, { admin_id: 999_999_999 });
  await employer.put(`${IM}/${jane.conversation}/status`, { status: 'active', priority: 'normal' });
  await employer.put(`${IM}/${jane.conversation}/status`, { status: 'archived', tags: ['x'] });
  await employer.post(`${IM}/${jane.conversation}/messages`, { message: ' ' });
  await employer.get(`${IM}/${jane.conversation}`);
  expect(await of(jane)).toEqual([]);
});

test('no entry holds what notes say: they can be deleted, and entries cannot', async () => {
  const jane = await customer(system);
  await employer.put(`${IM}/${jane.conversation}/assign`, { admin_id: employer.user.id, notes: 'psst' });
  await employer.post(`${IM}/${jane.conversation}/messages`, { message: 'psst', internal_note: 'psst' });
  await employer.put(`${IM}/${jane.conversation}/status`, { resolution_notes: 'psst' });
  const entries = await of(jane);
  expect(entries).toHaveLength(5);
  expect(JSON.stringify(entries)).not.toContain('psst');
});

describe('searching', () => {
  test('finds by who, what, which conversation and when, the newest first', async () => {
    const [jane, john] = [await customer(system), await customer(system)];
    for (const { conversation } of [jane, john]) {
      await supervisor.put(`${IM}/${conversation}/assign`, { admin_id: employer.user.id });
      await employer.put(`${IM}/${conversation}/status`, { status: 'closed', tags: ['done'] });
    }
    const actions = async (query: string): Promise<string[]> =>
      (await of(jane, query)).map(({ action }) => action);
    expect(await actions('')).toEqual(['conversation.tags', 'conversation.status', 'conversation.assign']);
    expect(await actions(`&admin_id=${employer.user.id}`)).toEqual([
      'conversation.tags',
      'conversation.status',
    ]);
    expect(await actions('&action=conversation.assign')).toEqual(['conversation.assign']);
    expect(await actions('&action=conversation')).toEqual([]);
    const [newest, , oldest] = await of(jane);
    expect(await actions(`&to=${newest!.created_at}`)).toContain('conversation.assign');
    expect(await actions(`&from=${new Date(Date.now() + 60_000).toISOString()}`)).toEqual([]);
    expect(await actions('&to=2026-01-01')).toEqual([]);
    expect(await actions(`&from=${oldest!.created_at}`)).toHaveLength(3);
    const assigned = await found(`?action=conversation.assign&admin_id=${supervisor.user.id}&limit=100`);
    expect(assigned.activities.slice(0, 2).map(({ target_id }) => target_id)).toEqual([
      john.conversation,
      jane.conversation,
    ]);
  });

  test('goes in pages', async () => {
    const jane = await customer(system);
    for (const priority of ['high', 'low', 'urgent'])
      await employer.put(`${IM}/${jane.conversation}/status`, { priority });
    const all = await of(jane);
    const page = await found(`?conversation_id=${jane.conversation}&limit=2&page=2`);
    expect(page).toEqual({ activities: [all[2]], pagination: { page: 2, limit: 2, total: 3, pages: 2 } });
  });

  test.each([
    'admin_id=x',
    'conversation_id=0',
    'from=yesterday',
    'to=2026-13-01',
    'limit=101',
    'action=',
    'who=me',
  ])('refuses ?%s', async (query) => {
    expect(await admin.get(`${ACTIVITY}?${query}`)).toMatchObject({
      status: 400,
      body: { status: 'error', error_code: 'VALIDATION_FAILED' },
    });
  });

  test('is for admins', async () => {
    for (const caller of [employer, supervisor])
      expect(await caller.get(ACTIVITY)).toMatchObject({
        status: 403,
        body: { status: 'error', error_code: 'FORBIDDEN' },
      });
  });

  test('finds nothing of another workspace', async () => {
    const { id } = await system.createWorkspace('logged');
    const theirs = await customer(system, {}, await appOf(system, id));
    const boss = await system.signIn('admin', { workspaceId: id });
    await boss.put(`${IM}/${theirs.conversation}/assign`, { admin_id: boss.user.id });
    expect(await of(theirs)).toEqual([]);
    const { activities } = await found('?action=conversation.assign&limit=100', boss);
    expect(activities.map(({ target_id }) => target_id)).toEqual([theirs.conversation]);
  });
});

describe('admin_activity_log', () => {
  let work: UnitOfWork;
  beforeAll(() => {
    work = system.app.get(UnitOfWork, { strict: false });
  });
  const as = async (workspaceId: number, sql: string): Promise<object[]> =>
    await work.run({ workspaceId }, async (tx) => await tx.query(sql));

  test('is what the audit log is, for the workspace that asks, and for none nothing', async () => {
    const jane = await customer(system);
    await employer.put(`${IM}/${jane.conversation}/status`, { priority: 'high' });
    const names = await as(
      1,
      `select admin_id, admin_username, action, target_type, target_id, details, created_at from admin_activity_log
       where target_id = ${jane.conversation}`,
    );
    expect(names).toEqual([
      {
        admin_id: employer.user.id,
        admin_username: employer.user.username,
        action: 'conversation.priority',
        target_type: 'conversation',
        target_id: jane.conversation,
        details: { from: 'normal', to: 'high' },
        created_at: expect.any(Date),
      },
    ]);
    const { id } = await system.createWorkspace('quiet');
    expect(await as(id, 'select id from admin_activity_log')).toEqual([]);
    expect(await as(999_999, 'select id from admin_activity_log')).toEqual([]);
  });

  test.each([
    ['admin_activity_log', `update admin_activity_log set action = 'nothing'`],
    ['admin_activity_log', 'delete from admin_activity_log'],
    ['admin_activity_log', `insert into admin_activity_log (action) values ('made.up')`],
    ['audit_log', `update audit_log set action = 'nothing'`],
    ['audit_log', 'delete from audit_log'],
    ['audit_log', 'truncate audit_log'],
  ])('nobody who works through the server changes %s: %s', async (_, sql) => {
    const jane = await customer(system);
    await employer.put(`${IM}/${jane.conversation}/status`, { priority: 'high' });
    const before = await system.sql('select * from audit_log order by workspace_id, id');
    await expect(as(1, sql)).rejects.toMatchObject({ code: '42501' });
    expect(await system.sql('select * from audit_log order by workspace_id, id')).toEqual(before);
  });
});
