import { eventually } from '../support/eventually';
import { codeOf } from '../support/sending';
import { type Answer, type Caller, TestSystem } from '../support/system';

interface Role extends Record<string, unknown> {
  id: number;
  name: string;
  access_level: string;
  users_count: number;
}

interface List<Row> extends Record<string, unknown> {
  data: Row[];
}

let system: TestSystem;
let admin: Caller;
let made = 0;
const builtIn = {} as Record<string, Role>;

beforeAll(async () => {
  system = await TestSystem.start();
  admin = await system.signIn('admin', { username: 'boss' });
  for (const role of (await admin.get<List<Role>>('/roles')).body.data) builtIn[role.name] = role;
});
afterAll(() => system.stop());

const newName = (): string => `role no. ${++made}`;
const create = async (more: object = {}): Promise<Answer<Role>> =>
  await admin.post<Role>('/roles', { name: newName(), access_level: 'employer', ...more });
const created = async (more: object = {}): Promise<Role> => {
  const { status, body } = await create(more);
  expect([status, body]).toEqual([201, body]);
  return body;
};
/** A new user who holds this role, signed in. */
async function holderOf(role: Role): Promise<Caller> {
  const username = `holder-${++made}`;
  const user = await admin.post<{ id: number }>('/users', {
    name: username,
    username,
    password: 'a password',
    role_id: role.id,
  });
  expect(user.status).toBe(201);
  const { body } = await system.call('POST', '/auth/login', { username, password: 'a password' });
  return system.callerWith(body['access_token'] as string, { id: user.body.id, username });
}

test('a role is made, found, changed and removed, and the audit log tells by whom', async () => {
  const role = await created({ name: 'Shift lead', access_level: 'supervisor' });
  expect(role).toEqual({
    id: expect.any(Number),
    name: 'Shift lead',
    access_level: 'supervisor',
    built_in: false,
    users_count: 0,
    created_at: expect.any(String),
    updated_at: expect.any(String),
  });
  const one = `/roles/${role.id}`;
  expect((await admin.get(one)).body).toEqual(role);
  const changed = await admin.patch(one, { name: 'Night lead', access_level: 'employer' });
  expect(changed).toMatchObject({ status: 200, body: { name: 'Night lead', access_level: 'employer' } });
  expect((await admin.get(one)).body).toEqual(changed.body);
  expect((await admin.patch(one, {})).body).toEqual(changed.body);

  const gone = await admin.delete(one);

  expect([gone.status, gone.body]).toEqual([204, '']);
  for (const answer of [
    await admin.get(one),
    await admin.patch(one, { name: 'x' }),
    await admin.delete(one),
    await admin.get(`${one}/users`),
  ])
    expect(answer).toMatchObject({ status: 404, body: { message: 'No such role.' } });
  expect(
    await system.sql(
      `select action, user_name, details from audit_log where subject_type = 'role' and subject_id = $1 order by id`,
      [role.id],
    ),
  ).toEqual([
    { action: 'role.create', user_name: 'boss', details: { name: 'Shift lead', access_level: 'supervisor' } },
    {
      action: 'role.update',
      user_name: 'boss',
      details: {
        name: { from: 'Shift lead', to: 'Night lead' },
        access_level: { from: 'supervisor', to: 'employer' },
      },
    },
    { action: 'role.delete', user_name: 'boss', details: { name: 'Night lead', access_level: 'employer' } },
  ]);
});

test('the three built-in roles are there from the start and stay as they are', async () => {
  expect(Object.keys(builtIn).sort()).toEqual(['admin', 'employer', 'supervisor']);
  for (const [name, role] of Object.entries(builtIn)) {
    expect(role).toMatchObject({ built_in: true, access_level: name });
    const other = name === 'employer' ? 'admin' : 'employer';
    for (const answer of [
      await admin.patch(`/roles/${role.id}`, { name: newName() }),
      await admin.patch(`/roles/${role.id}`, { access_level: other }),
      await admin.delete(`/roles/${role.id}`),
    ])
      expect(answer).toMatchObject({
        status: 409,
        body: { code: 'CONFLICT', message: `The role "${name}" is built in and stays as it is.` },
      });
    expect((await admin.patch(`/roles/${role.id}`, { name, access_level: name })).status).toBe(200);
    expect((await create({ name })).status).toBe(409);
  }
});

test('a name is given once, also by two at the same moment', async () => {
  const name = newName();
  const both = await Promise.all([create({ name }), create({ name })]);
  expect(both.map(({ status }) => status).sort((a, b) => a - b)).toEqual([201, 409]);
  const other = await created();
  const taken = await admin.patch(`/roles/${other.id}`, { name });
  expect([taken.status, taken.body['message']]).toEqual([409, `There is a role named "${name}" already.`]);
});

describe('the users of a role', () => {
  test('are counted and listed, deactivated ones too, deleted ones not', async () => {
    const role = await created();
    const holders: Caller[] = [];
    for (let i = 0; i < 3; i++) holders.push(await holderOf(role));
    const users = async (query = ''): Promise<Answer<List<{ id: number }>>> =>
      await admin.get(`/roles/${role.id}/users?${query}`);
    const count = async (): Promise<number> =>
      (await admin.get<List<Role>>(`/roles?limit=100`)).body.data.find(({ id }) => id === role.id)!
        .users_count;
    await admin.patch(`/users/${holders[1]!.user.id}`, { active: false });
    expect([await count(), (await admin.get(`/roles/${role.id}`)).body['users_count']]).toEqual([3, 3]);
    expect((await users()).body.data.map(({ id }) => id)).toEqual(holders.map(({ user }) => user.id));
    expect((await users('limit=2&page=2')).body).toMatchObject({
      data: [{ id: holders[2]!.user.id }],
      meta: { total: 3, pages: 2 },
    });
    expect((await users(`search=${holders[0]!.user.username}`)).body.data).toHaveLength(1);
    expect((await users('sort=-id')).body.data[0]).toMatchObject({ id: holders[2]!.user.id });
    expect((await users('role_id=1')).status).toBe(400);

    // One who is named by a message of theirs, and so stays as a name.
    const [contact] = await system.sql<{ id: string }>(
      `insert into contact (workspace_id, external_id) values (1, $1) returning id`,
      [newName()],
    );
    await system.sql(
      `with thread as (insert into conversation (workspace_id, contact_id, channel, status) values (1, $1, 'app', 'closed') returning id)
       insert into message (workspace_id, conversation_id, sender_type, sender_user, body) select 1, id, 'user', $2, 'hi' from thread`,
      [contact!.id, holders[0]!.user.id],
    );
    for (const { user } of holders) expect((await admin.delete(`/users/${user.id}`)).status).toBe(204);
    expect([await count(), (await users()).body.data]).toEqual([0, []]);
    expect((await admin.delete(`/roles/${role.id}`)).status).toBe(204);
  });

  test('keep it from being deleted, also one who gets it at that moment', async () => {
    const role = await created();
    await holderOf(role);
    expect(await admin.delete(`/roles/${role.id}`)).toMatchObject({
      status: 409,
      body: { code: 'CONFLICT', message: expect.stringContaining(`GET /roles/${role.id}/users`) },
    });
    for (let round = 0; round < 5; round++) {
      const { id } = await created();
      const somebody = await holderOf(role);
      const [given, gone] = await Promise.all([
        admin.patch(`/users/${somebody.user.id}`, { role_id: id }),
        admin.delete(`/roles/${id}`),
      ]);
      expect([`${given.status} ${gone.status}`, given.body]).toEqual([
        expect.stringMatching(/^(200 409|400 204)$/),
        given.body,
      ]);
    }
  });

  test('have its new level within the second', async () => {
    const role = await created({ access_level: 'employer' });
    const caller = await holderOf(role);
    const reaches = async (status: number): Promise<void> =>
      void (await eventually(async () => (await caller.get('/users')).status === status, {
        timeoutMs: 1_500,
        what: `a ${status}`,
      }));
    await reaches(403);
    await admin.patch(`/roles/${role.id}`, { access_level: 'admin' });
    await reaches(200);
    await admin.patch(`/roles/${role.id}`, { access_level: 'supervisor' });
    await reaches(403);
    expect((await caller.get('/servers')).status).toBe(200);
  });
});

describe('a workspace keeps an admin', () => {
  test('nobody lowers the role that they hold', async () => {
    const role = await created({ access_level: 'admin' });
    const caller = await holderOf(role);
    expect(await caller.patch(`/roles/${role.id}`, { access_level: 'supervisor' })).toMatchObject({
      status: 403,
      body: { code: 'FORBIDDEN' },
    });
    expect((await caller.patch(`/roles/${role.id}`, { name: newName() })).status).toBe(200);
  });

  test('when one admin lowers the other’s role while that one deactivates them', async () => {
    for (let round = 0; round < 5; round++) {
      const { id } = await system.createWorkspace(`duel-${++made}`);
      const first = await system.signIn('admin', { workspaceId: id });
      const second = await system.signIn('admin', { workspaceId: id });
      const role = (await first.post<Role>('/roles', { name: 'deputy', access_level: 'admin' })).body;
      await first.patch(`/users/${second.user.id}`, { role_id: role.id });
      const login = await system.call('POST', '/auth/login', {
        username: second.user.username,
        password: 'a password',
        workspace: `duel-${made}`,
      });
      const deputy = system.callerWith(login.body['access_token'] as string);
      const answers = await Promise.all([
        first.patch(`/roles/${role.id}`, { access_level: 'employer' }),
        deputy.patch(`/users/${first.user.id}`, { active: false }),
      ]);
      const [left] = await system.sql<{ count: string }>(
        `select count(*) from users u join roles r on r.workspace_id = u.workspace_id and r.id = u.role_id
         where u.workspace_id = $1 and u.deactivated_at is null and r.access_level = 'admin'`,
        [id],
      );
      expect([Number(left!.count), answers.filter(({ status }) => status < 300).length]).toEqual([1, 1]);
    }
  });
});

test('the list is searched, filtered and sorted', async () => {
  const roles = [
    await created({ name: 'listed z', access_level: 'admin' }),
    await created({ name: 'listed_y' }),
    await created({ name: 'Listed x', access_level: 'supervisor' }),
  ];
  const found = async (query: string): Promise<number[]> =>
    (await admin.get<List<Role>>(`/roles?limit=100&${query}`)).body.data.map(({ id }) =>
      roles.findIndex((role) => role.id === id),
    );
  expect(await found('search=listed')).toEqual([0, 1, 2]);
  expect(await found('search=d_')).toEqual([1]);
  expect(await found('search=listed&sort=-id')).toEqual([2, 1, 0]);
  expect(await found('search=listed&access_level=supervisor')).toEqual([2]);
  expect((await admin.get('/roles?search=listed&limit=2&page=2')).body).toMatchObject({
    meta: { page: 2, limit: 2, total: 3, pages: 2 },
  });
});

test.each([
  ['an empty name', { name: '' }],
  ['a name of blanks', { name: '  ' }],
  ['a name that is too long', { name: 'x'.repeat(51) }],
  ['a name with NUL', { name: 'a\u0000' }],
  ['a name of null', { name: null }],
  ['a level that there is not', { access_level: 'owner' }],
  ['a level of null', { access_level: null }],
  ['an unknown field', { built_in: true }],
])('%s is refused', async (_, more) => {
  const role = await created();
  for (const answer of [await create(more), await admin.patch(`/roles/${role.id}`, more)])
    expect([answer.status, codeOf(answer)]).toEqual([400, 'VALIDATION_FAILED']);
  expect((await admin.get(`/roles/${role.id}`)).body).toEqual(role);
});

test.each(['access_level=owner', 'sort=level', 'search=', 'page=x'])(
  'the list does not take ?%s',
  async (query) => {
    expect((await admin.get(`/roles?${query}`)).status).toBe(400);
  },
);

test('roles are for admins only', async () => {
  for (const level of ['supervisor', 'employer'] as const) {
    const caller = await system.signIn(level);
    const { id } = builtIn['employer']!;
    for (const answer of [
      await caller.get('/roles'),
      await caller.get(`/roles/${id}`),
      await caller.get(`/roles/${id}/users`),
      await caller.post('/roles', { name: newName(), access_level: 'admin' }),
      await caller.patch(`/roles/${id}`, { access_level: 'admin' }),
      await caller.delete(`/roles/${id}`),
    ])
      expect([answer.status, codeOf(answer)]).toEqual([403, 'FORBIDDEN']);
  }
});
