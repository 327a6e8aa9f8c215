import { openConversation } from '../support/crm';
import { eventually } from '../support/eventually';
import { codeOf } from '../support/sending';
import { type ListedUsers, Staff } from '../support/staff';
import { type Caller, TestSystem } from '../support/system';

let system: TestSystem;
let admin: Caller;
let staff: Staff;
let made = 0;

beforeAll(async () => {
  system = await TestSystem.start();
  admin = await system.signIn('admin', { username: 'boss' });
  staff = await Staff.of(system, admin);
});
afterAll(() => system.stop());

describe('sessions end', () => {
  test.each([
    ['a new password', { password: 'another password' }],
    ['another role', () => ({ role_id: staff.roles.supervisor })],
    ['deactivation', { active: false }],
  ])('with %s, over REST and on sockets', async (_, change) => {
    const user = await staff.created();
    const caller = await staff.signedIn(user);
    const listener = await system.listen(caller);
    const answer = await admin.patch(`/users/${user.id}`, typeof change === 'function' ? change() : change);
    expect(answer.status).toBe(200);
    await staff.endsSoon(caller);
    await eventually(() => listener.socket.disconnected, { timeoutMs: 3_000, what: 'the end of the socket' });
  });

  test('not with another name', async () => {
    const user = await staff.created();
    const caller = await staff.signedIn(user);
    await admin.patch(`/users/${user.id}`, {
      name: 'Somebody Else',
      role_id: staff.roles.employer,
      active: true,
    });
    const sessions = await system.sql('select ended_at from user_session where user_id = $1', [user.id]);
    expect(sessions).toEqual([{ ended_at: null }]);
    expect((await caller.get('/users/me')).body).toMatchObject({ name: 'Somebody Else' });
  });

  test('one that was begun with the old password while it changed is none', async () => {
    const user = await staff.created();
    const changing = admin.patch(`/users/${user.id}`, { password: 'another password' });
    const logins = await Promise.all(Array.from({ length: 6 }, () => staff.logIn(user.username)));
    expect((await changing).status).toBe(200);
    for (const { status, body } of logins)
      if (status === 200) await staff.endsSoon(system.callerWith(body['access_token'] as string));
  });
});

describe('a deactivated user', () => {
  test('cannot sign in, loses no name, and can come back', async () => {
    const user = await staff.created();
    expect((await admin.patch(`/users/${user.id}`, { active: false })).body).toMatchObject({ active: false });
    expect((await staff.logIn(user.username)).status).toBe(401);
    expect((await staff.create({ username: user.username })).status).toBe(409);
    expect((await admin.get(`/users/${user.id}`)).body).toMatchObject({ active: false, deleted_at: null });
    expect((await admin.patch(`/users/${user.id}`, { active: true })).body).toMatchObject({ active: true });
    expect((await staff.logIn(user.username)).status).toBe(200);
  });

  test('leaves the open conversations to the queue, and everybody hears it', async () => {
    const user = await staff.created();
    const agent = await staff.signedIn(user);
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
    expect(await staff.audited(user.id)).toContainEqual({
      action: 'user.update',
      user_name: 'boss',
      details: { active: { from: true, to: false }, released: 1 },
    });
  });
});

describe('a deleted user', () => {
  test('to whom nothing refers is gone without a trace but in the audit log', async () => {
    const user = await staff.created();
    const caller = await staff.signedIn(user);
    const gone = await admin.delete(`/users/${user.id}`);
    expect([gone.status, gone.body]).toEqual([204, '']);
    expect(await system.sql('select 1 from users where id = $1', [user.id])).toEqual([]);
    for (const answer of [
      await admin.get(`/users/${user.id}?include_deactivated=true`),
      await admin.patch(`/users/${user.id}`, { name: 'x' }),
      await admin.delete(`/users/${user.id}`),
    ])
      expect(answer).toMatchObject({ status: 404, body: { message: 'No such user.' } });
    await staff.endsSoon(caller);
    expect((await staff.audited(user.id)).at(-1)).toEqual({
      action: 'user.delete',
      user_name: 'boss',
      details: { name: 'A Person', username: user.username, role: 'employer', released: 0 },
    });
  });

  test('who said something stays as the name of what was said, and nothing more', async () => {
    const user = await staff.created({ role_id: staff.roles.supervisor });
    const agent = await staff.signedIn(user);
    const id = await openConversation(system);
    await agent.patch(`/conversations/${id}/assign`);
    const said = await agent.post<{ id: number }>('/messages', { conversation_id: id, body: 'I am here' });
    expect(said.status).toBe(201);

    expect((await admin.delete(`/users/${user.id}`)).status).toBe(204);

    expect((await admin.get(`/messages/${said.body.id}`)).body).toMatchObject({ sender_user: user.id });
    expect((await admin.get(`/conversations/${id}`)).body).toMatchObject({ assigned_user: null });
    await staff.endsSoon(agent);
    expect((await staff.logIn(user.username)).status).toBe(401);
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
      (await admin.get<ListedUsers>(`/users?limit=100&search=${user.username}${query}`)).body.data.map(
        (u) => u.id,
      );
    expect(await listed('')).toEqual([]);
    expect(await listed('&include_deactivated=true')).toEqual([user.id]);
    expect(await system.sql('select password from users where id = $1', [user.id])).toEqual([
      { password: '' },
    ]);

    const successor = await staff.created({ username: user.username });
    expect((await staff.logIn(user.username)).body).toMatchObject({ user: { id: successor.id } });
  });
});

describe('a workspace keeps an admin', () => {
  test('nobody lowers or ends their own account', async () => {
    const me = `/users/${admin.user.id}`;
    for (const answer of [
      await admin.delete(me),
      await admin.patch(me, { active: false }),
      await admin.patch(me, { role_id: staff.roles.supervisor }),
    ])
      expect([answer.status, codeOf(answer)]).toEqual([403, 'FORBIDDEN']);
    expect(
      (await admin.patch(me, { name: 'The Boss', active: true, role_id: staff.roles.admin })).status,
    ).toBe(200);
  });

  test.each([
    ['demoting', (by: Caller, whom: number) => by.patch(`/users/${whom}`, { role_id: staff.roles.employer })],
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
      const before = staff.roles.employer;
      staff.roles.employer = Number(role!.id);
      const answers = await Promise.all([act(duel[0], duel[1].user.id), act(duel[1], duel[0].user.id)]);
      staff.roles.employer = before;
      const [left] = await system.sql<{ count: string }>(
        `select count(*) from users u join roles r on r.workspace_id = u.workspace_id and r.id = u.role_id
         where u.workspace_id = $1 and u.deactivated_at is null and r.access_level = 'admin'`,
        [id],
      );
      expect([Number(left!.count), answers.filter(({ status }) => status < 300).length]).toEqual([1, 1]);
    }
  });
});

test('who is deleted while signed in is told so, and not that something broke', async () => {
  const gone = await system.signIn('employer');
  expect((await gone.get('/users/me')).status).toBe(200); // from now on the session is known for a second
  await system.sql('delete from users where id = $1', [gone.user.id]);
  for (const answer of [await gone.get('/users/me'), await gone.patch('/users/me', { name: 'Still me' })])
    expect(answer).toMatchObject({ status: 401, body: { code: 'UNAUTHENTICATED' } });
});
