import { openConversation } from '../support/crm';
import { eventually } from '../support/eventually';
import { codeOf } from '../support/sending';
import { type Answer, type Caller, TestSystem } from '../support/system';

interface User extends Record<string, unknown> {
  id: number;
  username: string;
  role_id: number;
  active: boolean;
}

interface List extends Record<string, unknown> {
  data: User[];
  meta: { total: number };
}

let system: TestSystem;
let admin: Caller;
let stranger: Caller;
let made = 0;
const roles = {} as Record<'admin' | 'supervisor' | 'employer', number>;

beforeAll(async () => {
  system = await TestSystem.start();
  admin = await system.signIn('admin', { username: 'boss' });
  const { id } = await system.createWorkspace('elsewhere');
  stranger = await system.signIn('admin', { workspaceId: id });
  for (const { id: role, name } of (await admin.get<{ data: { id: number; name: 'admin' }[] }>('/roles')).body
    .data)
    roles[name] = role;
});
afterAll(() => system.stop());

const newName = (): string => `person-${++made}`;
const create = async (more: object = {}, who = admin): Promise<Answer<User>> =>
  await who.post<User>('/users', {
    name: 'A Person',
    username: newName(),
    password: 'a password',
    role_id: roles.employer,
    ...more,
  });
const created = async (more: object = {}): Promise<User> => {
  const answer = await create(more);
  expect([answer.status, answer.body]).toEqual([201, answer.body]);
  return answer.body;
};
const logIn = (username: string, password = 'a password', workspace?: string): Promise<Answer> =>
  system.call('POST', '/auth/login', { username, password, workspace });
const signedIn = async (user: User, password = 'a password'): Promise<Caller> => {
  const { body } = await logIn(user.username, password);
  return system.callerWith(body['access_token'] as string, user);
};
const endsSoon = (caller: Caller): Promise<boolean> =>
  eventually(async () => (await caller.get('/users/me')).status === 401, {
    timeoutMs: 2_000,
    what: 'the end of the session',
  });
const audited = async (id: number): Promise<object[]> =>
  await system.sql(
    `select action, user_name, details from audit_log
     where workspace_id = 1 and subject_type = 'user' and subject_id = $1 order by id`,
    [id],
  );

describe('an account', () => {
  test('is made, found, changed, and signs in by its new name and password', async () => {
    const username = newName();
    const { status, body } = await create({ name: 'Ana María', username });
    expect([status, body]).toEqual([
      201,
      {
        id: expect.any(Number),
        uuid: expect.any(String),
        name: 'Ana María',
        username,
        role_id: roles.employer,
        role: { id: roles.employer, name: 'employer', access_level: 'employer' },
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
      role_id: roles.supervisor,
    });
    expect(changed).toMatchObject({
      status: 200,
      body: { name: 'Ana', username: `${username}-anew`, role: { access_level: 'supervisor' } },
    });
    expect((await logIn(username)).status).toBe(401);
    expect((await logIn(`${username}-anew`)).status).toBe(401);
    expect((await logIn(`${username}-anew`, 'another password')).status).toBe(200);
    expect(await audited(body.id)).toEqual([
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
    const user = await created({ password: 'very secret words' });
    const answers = [
      user,
      (await admin.patch(`/users/${user.id}`, { password: 'more secret words' })).body,
      (await admin.get(`/users/${user.id}?includeRole=true`)).body,
      (await admin.get('/users?limit=100&includeRole=true')).body,
      (await logIn(user.username, 'more secret words')).body['user'],
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
    const username = newName();
    const both = await Promise.all([create({ username }), create({ username })]);
    expect(both.map(({ status }) => status).sort((a, b) => a - b)).toEqual([201, 409]);
    const other = await created();
    const taken = await admin.patch(`/users/${other.id}`, { username });
    expect([taken.status, taken.body['message']]).toEqual([409, `The username "${username}" is taken.`]);
    const lookalike = username.toUpperCase();
    expect((await create({ username: lookalike })).status).toBe(409);
    expect((await admin.patch(`/users/${other.id}`, { username: lookalike })).status).toBe(409);
    const respelled = await admin.patch(`/users/${other.id}`, { username: other.username.toUpperCase() });
    expect([respelled.status, respelled.body['username']]).toEqual([200, other.username.toUpperCase()]);
    const [theirRole] = await system.sql<{ id: string }>(
      `select r.id from roles r join workspace w on w.id = r.workspace_id where w.slug = 'elsewhere' and r.name = 'employer'`,
    );
    expect((await create({ username, role_id: Number(theirRole!.id) }, stranger)).status).toBe(201);
  });

  test('is not given a role of another workspace, nor one that does not exist', async () => {
    const [theirs] = await system.sql<{ id: string }>(
      `select r.id from roles r join workspace w on w.id = r.workspace_id where w.slug = 'elsewhere' and r.name = 'employer'`,
    );
    const user = await created();
    for (const role_id of [Number(theirs!.id), 888_888]) {
      for (const answer of [await create({ role_id }), await admin.patch(`/users/${user.id}`, { role_id })])
        expect(answer).toMatchObject({
          status: 400,
          body: { code: 'VALIDATION_FAILED', message: 'There is no such role.' },
        });
    }
  });
});

test('the list is paged, searched, filtered and sorted', async () => {
  const people = [
    await created({ name: 'Zoe 100%', username: 'listed_a' }),
    await created({ name: 'Yan', username: 'listedXb', role_id: roles.supervisor }),
    await created({ name: 'Xia LISTED_C', username: newName() }),
    await created({ name: 'gone listed', username: newName() }),
  ];
  await admin.patch(`/users/${people[3]!.id}`, { active: false });
  await system.sql(`update users set online = true, status = 'online' where id = $1`, [people[1]!.id]);
  const found = async (query: string): Promise<number[]> => {
    const { status, body } = await admin.get<List>(`/users?limit=100&${query}`);
    expect([status, body]).toEqual([200, body]);
    return body.data.map(({ id }) => people.findIndex((one) => one.id === id));
  };
  expect(await found('search=listed')).toEqual([0, 1, 2]);
  expect(await found('search=listed_')).toEqual([0, 2]);
  expect(await found('search=0%25')).toEqual([0]);
  expect(await found('search=listed&include_deactivated=true')).toEqual([0, 1, 2, 3]);
  expect(await found('search=listed&role=supervisor')).toEqual([1]);
  expect(await found(`search=listed&role_id=${roles.employer}`)).toEqual([0, 2]);
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
  const plain = (await admin.get<List>('/users?search=listed')).body.data[0]!;
  const whole = (await admin.get<List>('/users?search=listed&includeRole=true')).body.data[0]!;
  expect([plain['role'], whole['role']]).toEqual([undefined, expect.objectContaining({ name: 'employer' })]);
  expect((await stranger.get<List>('/users?search=listed&include_deactivated=true')).body.data).toEqual([]);
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
    const user = await created();
    for (const answer of [await create(more), await admin.patch(`/users/${user.id}`, more)])
      expect([answer.status, codeOf(answer)]).toEqual([400, 'VALIDATION_FAILED']);
    expect((await admin.get(`/users/${user.id}?includeRole=true`)).body).toEqual(user);
  });

  test('a new account without one of its fields, or one that begins deactivated', async () => {
    for (const field of ['name', 'username', 'password', 'role_id'])
      expect((await create({ [field]: undefined })).status).toBe(400);
    expect((await create({ active: false })).status).toBe(400);
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
      const user = await created({ password });
      expect((await logIn(user.username, password)).status).toBe(200);
    }
  });
});

describe('sessions end', () => {
  test.each([
    ['a new password', { password: 'another password' }],
    ['another role', () => ({ role_id: roles.supervisor })],
    ['deactivation', { active: false }],
  ])('with %s, over REST and on sockets', async (_, change) => {
    const user = await created();
    const caller = await signedIn(user);
    const listener = await system.listen(caller);
    const answer = await admin.patch(`/users/${user.id}`, typeof change === 'function' ? change() : change);
    expect(answer.status).toBe(200);
    await endsSoon(caller);
    await eventually(() => listener.socket.disconnected, { timeoutMs: 3_000, what: 'the end of the socket' });
  });

  test('not with another name', async () => {
    const user = await created();
    const caller = await signedIn(user);
    await admin.patch(`/users/${user.id}`, { name: 'Somebody Else', role_id: roles.employer, active: true });
    const sessions = await system.sql('select ended_at from user_session where user_id = $1', [user.id]);
    expect(sessions).toEqual([{ ended_at: null }]);
    expect((await caller.get('/users/me')).body).toMatchObject({ name: 'Somebody Else' });
  });

  test('one that was begun with the old password while it changed is none', async () => {
    const user = await created();
    const changing = admin.patch(`/users/${user.id}`, { password: 'another password' });
    const logins = await Promise.all(Array.from({ length: 6 }, () => logIn(user.username)));
    expect((await changing).status).toBe(200);
    for (const { status, body } of logins)
      if (status === 200) await endsSoon(system.callerWith(body['access_token'] as string));
  });
});

describe('a deactivated user', () => {
  test('cannot sign in, loses no name, and can come back', async () => {
    const user = await created();
    expect((await admin.patch(`/users/${user.id}`, { active: false })).body).toMatchObject({ active: false });
    expect((await logIn(user.username)).status).toBe(401);
    expect((await create({ username: user.username })).status).toBe(409);
    expect((await admin.get(`/users/${user.id}`)).body).toMatchObject({ active: false, deleted_at: null });
    expect((await admin.patch(`/users/${user.id}`, { active: true })).body).toMatchObject({ active: true });
    expect((await logIn(user.username)).status).toBe(200);
  });

  test('leaves the open conversations to the queue, and everybody hears it', async () => {
    const user = await created();
    const agent = await signedIn(user);
    const [open, closed] = [await openConversation(system), await openConversation(system)];
    for (const id of [open, closed])
      expect((await agent.patch(`/conversations/${id}/assign`)).status).toBe(200);
    await system.sql(`update conversation set status = 'closed' where id = $1`, [closed]);
    const witness = await system.listen(await system.signIn('employer'));

    await admin.patch(`/users/${user.id}`, { active: false });

    expect((await admin.get(`/conversations/${open}`)).body).toMatchObject({
      assigned_user: null,
      status: 'queue',
    });
    expect((await admin.get(`/conversations/${closed}`)).body).toMatchObject({ assigned_user: user.id });
    await eventually(
      () =>
        witness
          .of('conversation:assigned')
          .some((h) => h.payload['id'] === open && h.payload['assigned_user'] === null),
      { what: 'the event' },
    );
    expect(await audited(user.id)).toContainEqual({
      action: 'user.update',
      user_name: 'boss',
      details: { active: { from: true, to: false }, released: 1 },
    });
  });
});

describe('a deleted user', () => {
  test('to whom nothing refers is gone without a trace but in the audit log', async () => {
    const user = await created();
    const caller = await signedIn(user);
    const gone = await admin.delete(`/users/${user.id}`);
    expect([gone.status, gone.body]).toEqual([204, '']);
    expect(await system.sql('select 1 from users where id = $1', [user.id])).toEqual([]);
    for (const answer of [
      await admin.get(`/users/${user.id}?include_deactivated=true`),
      await admin.patch(`/users/${user.id}`, { name: 'x' }),
      await admin.delete(`/users/${user.id}`),
    ])
      expect(answer).toMatchObject({ status: 404, body: { message: 'No such user.' } });
    await endsSoon(caller);
    expect((await audited(user.id)).at(-1)).toEqual({
      action: 'user.delete',
      user_name: 'boss',
      details: { name: 'A Person', username: user.username, role: 'employer', released: 0 },
    });
  });

  test('who said something stays as the name of what was said, and nothing more', async () => {
    const user = await created({ role_id: roles.supervisor });
    const agent = await signedIn(user);
    const id = await openConversation(system);
    await agent.patch(`/conversations/${id}/assign`);
    const said = await agent.post<{ id: number }>('/messages', { conversation_id: id, body: 'I am here' });
    expect(said.status).toBe(201);

    expect((await admin.delete(`/users/${user.id}`)).status).toBe(204);

    expect((await admin.get(`/messages/${said.body.id}`)).body).toMatchObject({ sender_user: user.id });
    expect((await admin.get(`/conversations/${id}`)).body).toMatchObject({ assigned_user: null });
    await endsSoon(agent);
    expect((await logIn(user.username)).status).toBe(401);
    for (const answer of [
      await admin.get(`/users/${user.id}`),
      await admin.patch(`/users/${user.id}`, { active: true }),
      await admin.delete(`/users/${user.id}`),
    ])
      expect(answer).toMatchObject({ status: 404, body: { message: 'No such user.' } });
    expect((await admin.get(`/users/${user.id}?include_deactivated=true`)).body).toMatchObject({
      name: 'A Person',
      active: false,
      deleted_at: expect.any(String),
    });
    const listed = async (query: string): Promise<number[]> =>
      (await admin.get<List>(`/users?limit=100&search=${user.username}${query}`)).body.data.map((u) => u.id);
    expect(await listed('')).toEqual([]);
    expect(await listed('&include_deactivated=true')).toEqual([user.id]);
    expect(await system.sql('select password from users where id = $1', [user.id])).toEqual([
      { password: '' },
    ]);

    const successor = await created({ username: user.username });
    expect((await logIn(user.username)).body).toMatchObject({ user: { id: successor.id } });
  });
});

describe('a workspace keeps an admin', () => {
  test('nobody lowers or ends their own account', async () => {
    const me = `/users/${admin.user.id}`;
    for (const answer of [
      await admin.delete(me),
      await admin.patch(me, { active: false }),
      await admin.patch(me, { role_id: roles.supervisor }),
    ])
      expect([answer.status, codeOf(answer)]).toEqual([403, 'FORBIDDEN']);
    expect((await admin.patch(me, { name: 'The Boss', active: true, role_id: roles.admin })).status).toBe(
      200,
    );
  });

  test.each([
    ['demoting', (by: Caller, whom: number) => by.patch(`/users/${whom}`, { role_id: roles.employer })],
    ['deactivating', (by: Caller, whom: number) => by.patch(`/users/${whom}`, { active: false })],
    ['deleting', (by: Caller, whom: number) => by.delete(`/users/${whom}`)],
  ])('when its last two admins are %s each other at once', async (_, act) => {
    for (let round = 0; round < 5; round++) {
      const { id } = await system.createWorkspace(`duel-${++made}`);
      const duel = [
        await system.signIn('admin', { workspaceId: id }),
        await system.signIn('admin', { workspaceId: id }),
      ] as const;
      const [role] = await system.sql<{ id: string }>(
        `select id from roles where workspace_id = $1 and name = 'employer'`,
        [id],
      );
      const before = roles.employer;
      roles.employer = Number(role!.id);
      const answers = await Promise.all([act(duel[0], duel[1].user.id), act(duel[1], duel[0].user.id)]);
      roles.employer = before;
      const [left] = await system.sql<{ count: string }>(
        `select count(*) from users u join roles r on r.workspace_id = u.workspace_id and r.id = u.role_id
         where u.workspace_id = $1 and u.deactivated_at is null and r.access_level = 'admin'`,
        [id],
      );
      expect([Number(left!.count), answers.filter(({ status }) => status < 300).length]).toEqual([1, 1]);
    }
  });
});

describe('/users/me', () => {
  test('shows oneself with role, to everybody', async () => {
    const user = await created();
    const caller = await signedIn(user);
    expect(await caller.get('/users/me')).toMatchObject({ status: 200, body: user });
  });

  test('changes the own name, and the own password against the current one', async () => {
    const user = await created();
    const [here, there] = [await signedIn(user), await signedIn(user)];
    expect((await here.patch('/users/me', { name: 'Myself' })).body).toMatchObject({ name: 'Myself' });

    for (const current_password of ['not this one', 'a password '])
      expect(await here.patch('/users/me', { password: 'my new password', current_password })).toMatchObject({
        status: 403,
        body: { code: 'FORBIDDEN' },
      });
    const changed = await here.patch('/users/me', {
      password: 'my new password',
      current_password: 'a password',
    });

    expect(changed.status).toBe(200);
    await endsSoon(there);
    expect((await here.get('/users/me')).status).toBe(200);
    expect((await logIn(user.username)).status).toBe(401);
    expect((await logIn(user.username, 'my new password')).status).toBe(200);
    expect((await audited(user.id)).map((entry) => (entry as { details: object }).details).slice(1)).toEqual([
      { name: { from: 'A Person', to: 'Myself' } },
      { password: 'changed' },
    ]);
  });

  test.each([
    ['a password without the current one', { password: 'my new password' }],
    ['a password that is too short', { password: 'short', current_password: 'a password' }],
    ['another role', { role_id: 1 }],
    ['another username', { username: 'boss' }],
    ['deactivation', { active: false }],
    ['an empty name', { name: '' }],
    ['a name of null', { name: null }],
  ])('does not take %s', async (_, body) => {
    const caller = await signedIn(await created());
    const answer = await caller.patch('/users/me', body);
    expect([answer.status, codeOf(answer)]).toEqual([400, 'VALIDATION_FAILED']);
  });

  test('of two changes of the password at once, one holds', async () => {
    const user = await created();
    const caller = await signedIn(user);
    const answers = await Promise.all(
      ['first password', 'second password'].map((password) =>
        caller.patch('/users/me', { password, current_password: 'a password' }),
      ),
    );
    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([200, 409]);
  });
});

test('the staff is managed by admins only', async () => {
  const user = await created();
  for (const role of ['supervisor', 'employer'] as const) {
    const caller = await system.signIn(role);
    for (const answer of [
      await caller.get('/users'),
      await caller.get(`/users/${user.id}`),
      await create({}, caller),
      await caller.patch(`/users/${user.id}`, { name: 'mine' }),
      await caller.delete(`/users/${user.id}`),
    ])
      expect([answer.status, codeOf(answer)]).toEqual([403, 'FORBIDDEN']);
  }
});

test('who is deleted while signed in is told so, and not that something broke', async () => {
  const gone = await system.signIn('employer');
  expect((await gone.get('/users/me')).status).toBe(200); // from now on the session is known for a second
  await system.sql('delete from users where id = $1', [gone.user.id]);
  for (const answer of [await gone.get('/users/me'), await gone.patch('/users/me', { name: 'Still me' })])
    expect(answer).toMatchObject({ status: 401, body: { code: 'UNAUTHENTICATED' } });
});
