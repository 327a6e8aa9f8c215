import { codeOf } from '../support/sending';
import { type ListedUsers, Staff } from '../support/staff';
import { type Caller, TestSystem } from '../support/system';

let system: TestSystem;
let admin: Caller;
let stranger: Caller;
let staff: Staff;

beforeAll(async () => {
  system = await TestSystem.start();
  admin = await system.signIn('admin', { username: 'boss' });
  staff = await Staff.of(system, admin);
  const { id } = await system.createWorkspace('elsewhere');
  stranger = await system.signIn('admin', { workspaceId: id });
});
afterAll(() => system.stop());

describe('an account', () => {
  test('is made, found, changed, and signs in by its new name and password', async () => {
    const username = staff.newName();
    const { status, body } = await staff.create({ name: 'Ana María', username });
    expect([status, body]).toEqual([
      201,
      {
        id: expect.any(Number),
        uuid: expect.any(String),
        name: 'Ana María',
        username,
        role_id: staff.roles.employer,
        role: { id: staff.roles.employer, name: 'employer', access_level: 'employer' },
        online: false,
        status: 'offline',
        active: true,
        deleted_at: null,
        created_at: expect.any(String),
        updated_at: expect.any(String),
      },
    ]);
    const { role, ...plain } = body;
    expect((await admin.get(`/users/${body.id}`)).body).toEqual(plain);
    expect((await admin.get(`/users/${body.id}?includeRole=false`)).body).toEqual(plain);
    expect((await admin.get(`/users/${body.id}?includeRole=true`)).body).toEqual({ ...plain, role });

    const changed = await admin.patch(`/users/${body.id}`, {
      name: 'Ana',
      username: `${username}-anew`,
      password: 'another password',
      role_id: staff.roles.supervisor,
    });
    expect(changed).toMatchObject({
      status: 200,
      body: { name: 'Ana', username: `${username}-anew`, role: { access_level: 'supervisor' } },
    });
    expect((await staff.logIn(username)).status).toBe(401);
    expect((await staff.logIn(`${username}-anew`)).status).toBe(401);
    expect((await staff.logIn(`${username}-anew`, 'another password')).status).toBe(200);
    expect(await staff.audited(body.id)).toEqual([
      { action: 'user.create', user_name: 'boss', details: { username, role: 'employer' } },
      {
        action: 'user.update',
        user_name: 'boss',
        details: {
          name: { from: 'Ana María', to: 'Ana' },
          username: { from: username, to: `${username}-anew` },
          role: { from: 'employer', to: 'supervisor' },
          password: 'changed',
        },
      },
    ]);
  });

  test('never shows a password, in any answer, event or audit entry', async () => {
    const user = await staff.created({ password: 'very secret words' });
    const answers = [
      user,
      (await admin.patch(`/users/${user.id}`, { password: 'more secret words' })).body,
      (await admin.get(`/users/${user.id}?includeRole=true`)).body,
      (await admin.get('/users?limit=100&includeRole=true')).body,
      (await staff.logIn(user.username, 'more secret words')).body['user'],
      await system.sql('select * from audit_log'),
      await system.sql('select * from event'),
    ];
    expect(JSON.stringify(answers)).not.toMatch(/secret words|\$2[aby]\$|"password":"(?!changed)/);
    const [stored] = await system.sql<{ password: string }>('select password from users where id = $1', [
      user.id,
    ]);
    expect(stored!.password).toMatch(/^\$2[aby]\$/);
  });

  test('has a name of its own in its workspace, also when two come at once', async () => {
    const username = staff.newName();
    const both = await Promise.all([staff.create({ username }), staff.create({ username })]);
    expect(both.map(({ status }) => status).sort((a, b) => a - b)).toEqual([201, 409]);
    const other = await staff.created();
    const taken = await admin.patch(`/users/${other.id}`, { username });
    expect([taken.status, taken.body['message']]).toEqual([409, `The username "${username}" is taken.`]);
    const lookalike = username.toUpperCase();
    expect((await staff.create({ username: lookalike })).status).toBe(409);
    expect((await admin.patch(`/users/${other.id}`, { username: lookalike })).status).toBe(409);
    const respelled = await admin.patch(`/users/${other.id}`, { username: other.username.toUpperCase() });
    expect([respelled.status, respelled.body['username']]).toEqual([200, other.username.toUpperCase()]);
    const [theirRole] = await system.sql<{ id: string }>(
      `select r.id from roles r join workspace w on w.id = r.workspace_id where w.slug = 'elsewhere' and r.name = 'employer'`,
    );
    expect((await staff.create({ username, role_id: Number(theirRole!.id) }, stranger)).status).toBe(201);
  });

  test('is not given a role of another workspace, nor one that does not exist', async () => {
    const [theirs] = await system.sql<{ id: string }>(
      `select r.id from roles r join workspace w on w.id = r.workspace_id where w.slug = 'elsewhere' and r.name = 'employer'`,
    );
    const user = await staff.created();
    for (const role_id of [Number(theirs!.id), 888_888]) {
      for (const answer of [
        await staff.create({ role_id }),
        await admin.patch(`/users/${user.id}`, { role_id }),
      ])
        expect(answer).toMatchObject({
          status: 400,
          body: { code: 'VALIDATION_FAILED', message: 'There is no such role.' },
        });
    }
  });
});

test('the list is paged, searched, filtered and sorted', async () => {
  const people = [
    await staff.created({ name: 'Zoe 100%', username: 'listed_a' }),
    await staff.created({ name: 'Yan', username: 'listedXb', role_id: staff.roles.supervisor }),
    await staff.created({ name: 'Xia LISTED_C', username: staff.newName() }),
    await staff.created({ name: 'gone listed', username: staff.newName() }),
  ];
  await admin.patch(`/users/${people[3]!.id}`, { active: false });
  await system.sql(`update users set online = true, status = 'online' where id = $1`, [people[1]!.id]);
  const found = async (query: string): Promise<number[]> => {
    const { status, body } = await admin.get<ListedUsers>(`/users?limit=100&${query}`);
    expect([status, body]).toEqual([200, body]);
    return body.data.map(({ id }) => people.findIndex((one) => one.id === id));
  };
  expect(await found('search=listed')).toEqual([0, 1, 2]);
  expect(await found('search=listed_')).toEqual([0, 2]);
  expect(await found('search=0%25')).toEqual([0]);
  expect(await found('search=listed&include_deactivated=true')).toEqual([0, 1, 2, 3]);
  expect(await found('search=listed&role=supervisor')).toEqual([1]);
  expect(await found(`search=listed&role_id=${staff.roles.employer}`)).toEqual([0, 2]);
  expect(await found('search=listed&online=true')).toEqual([1]);
  expect(await found('search=listed&online=false')).toEqual([0, 2]);
  expect(await found('search=listed&sort=name')).toEqual([2, 1, 0]);
  expect(await found('search=listed&sort=-name')).toEqual([0, 1, 2]);
  expect(await found('search=listed&sort=-id')).toEqual([2, 1, 0]);
  expect((await found('search=listed&sort=username'))[2]).toBe(2);
  expect((await admin.get('/users?search=listed&limit=2&page=2')).body).toMatchObject({
    data: [{ id: people[2]!.id }],
    meta: { page: 2, limit: 2, total: 3, pages: 2 },
  });
  const plain = (await admin.get<ListedUsers>('/users?search=listed')).body.data[0]!;
  const whole = (await admin.get<ListedUsers>('/users?search=listed&includeRole=true')).body.data[0]!;
  expect([plain['role'], whole['role']]).toEqual([undefined, expect.objectContaining({ name: 'employer' })]);
  expect(
    (await stranger.get<ListedUsers>('/users?search=listed&include_deactivated=true')).body.data,
  ).toEqual([]);
});

describe('what is refused with a 400', () => {
  test.each([
    ['a password of 7 characters', { password: 'seven77' }],
    ['a password of 73 bytes', { password: 'é'.repeat(36) + 'x' }],
    ['a password with NUL', { password: 'a password\u0000' }],
    ['a password that is a number', { password: 12345678 }],
    ['an empty name', { name: '' }],
    ['a name of blanks', { name: '   ' }],
    ['a name that is too long', { name: 'x'.repeat(101) }],
    ['a name of null', { name: null }],
    ['a username that is too long', { username: 'x'.repeat(151) }],
    ['a username with a blank at its end', { username: 'ana ' }],
    ['a username that is null', { username: null }],
    ['a role by name', { role_id: 'admin' }],
    ['a role of null', { role_id: null }],
    ['an unknown field', { online: true }],
    ['another workspace', { workspace_id: 2 }],
  ])('%s', async (_, more) => {
    const user = await staff.created();
    for (const answer of [await staff.create(more), await admin.patch(`/users/${user.id}`, more)])
      expect([answer.status, codeOf(answer)]).toEqual([400, 'VALIDATION_FAILED']);
    expect((await admin.get(`/users/${user.id}?includeRole=true`)).body).toEqual(user);
  });

  test('a new account without one of its fields, or one that begins deactivated', async () => {
    for (const field of ['name', 'username', 'password', 'role_id'])
      expect((await staff.create({ [field]: undefined })).status).toBe(400);
    expect((await staff.create({ active: false })).status).toBe(400);
  });

  test.each([
    'active=1',
    'online=yes',
    'includeRole=1',
    'role_id=x',
    'role_id=0',
    'sort=password',
    'limit=0',
  ])('the list with ?%s', async (query) => {
    expect((await admin.get(`/users?${query}`)).status).toBe(400);
  });

  test('a password of exactly 8 characters or 72 bytes is fine', async () => {
    for (const password of ['eight888', 'é'.repeat(36)]) {
      const user = await staff.created({ password });
      expect((await staff.logIn(user.username, password)).status).toBe(200);
    }
  });
});

test('the staff is managed by admins only', async () => {
  const user = await staff.created();
  for (const role of ['supervisor', 'employer'] as const) {
    const caller = await system.signIn(role);
    for (const answer of [
      await caller.get('/users'),
      await caller.get(`/users/${user.id}`),
      await staff.create({}, caller),
      await caller.patch(`/users/${user.id}`, { name: 'mine' }),
      await caller.delete(`/users/${user.id}`),
    ])
      expect([answer.status, codeOf(answer)]).toEqual([403, 'FORBIDDEN']);
  }
});
