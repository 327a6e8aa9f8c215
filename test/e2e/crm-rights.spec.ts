import { SessionWatch } from '../../src/crm-gateway/session-watch';
import { ask, closed, membersOf, openConversation, streamed } from '../support/crm';
import { eventually } from '../support/eventually';
import { type Answer, type Caller, type Listener, TestSystem } from '../support/system';

let system: TestSystem;
let other: TestSystem;
let admin: Caller;

beforeAll(async () => {
  system = await TestSystem.start();
  other = await system.secondServer();
  admin = await system.signIn('admin');
});
afterAll(() => system.stop());

const setRole = (user: { id: number }, role: string): Promise<unknown> =>
  system.sql(
    'update users set role_id = (select id from roles where name = $2 and workspace_id = 1) where id = $1',
    [user.id, role],
  );

/** Whether a listener of a server hears what is said in a conversation that is the admin's. */
async function hearsOfTheAdmins(server: TestSystem, listener: Listener): Promise<boolean> {
  const id = await adminsConversation();
  const witness = await server.listen(admin);
  await admin.post('/messages', { conversation_id: id, body: 'between us' });
  const said = (l: Listener): boolean =>
    l
      .of('message:new')
      .some((h) => h.payload['conversation_id'] === id && h.payload['sender_type'] === 'user');
  await eventually(() => said(witness), { what: 'the witness' });
  witness.socket.disconnect();
  // Its copy would have left in the same step as the witness's: before this answer.
  await ask(listener, 'leave:conversation', { conversation_id: id });
  return said(listener);
}

/** Repeats a request until it is refused; how many ms from now the last one began that was still let in. */
async function lastLetIn(request: () => Promise<Answer>, refused: number): Promise<number> {
  const start = performance.now();
  let last = 0;
  await eventually(
    async () => {
      const began = performance.now() - start;
      const { status } = await request();
      if (status !== refused) last = began;
      return status === refused;
    },
    { timeoutMs: 5_000, what: `${refused}` },
  );
  return last;
}

async function adminsConversation(): Promise<number> {
  const id = await openConversation(system);
  await admin.patch(`/conversations/${id}/assign`);
  return id;
}

const askedToFetchAnew = (listener: Listener): Promise<unknown> =>
  eventually(() => listener.of('resync_required').length === 1, {
    timeoutMs: 2_000,
    what: 'the call to fetch anew',
  });

test('a supervisor who becomes an employer hears no more of others and is out of their rooms within 2 s', async () => {
  const supervisor = await system.signIn('supervisor');
  const listener = await system.listen(supervisor);
  const id = await adminsConversation();
  await ask(listener, 'join:conversation', { conversation_id: id });
  expect(await hearsOfTheAdmins(system, listener)).toBe(true);

  await setRole(supervisor.user, 'employer');
  await askedToFetchAnew(listener);

  expect(await hearsOfTheAdmins(system, listener)).toBe(false);
  expect(membersOf(system, id)).toEqual([]);
});

test('a lost role that a message of theirs brings to light first counts as well', async () => {
  const unwatched = await system.startAnother();
  unwatched.app.get(SessionWatch, { strict: false }).stop();
  const supervisor = await system.signIn('supervisor');
  const listener = await unwatched.listen(supervisor);
  const id = await adminsConversation();
  expect(await hearsOfTheAdmins(unwatched, listener)).toBe(true);

  await setRole(supervisor.user, 'employer');
  const there = unwatched.callerWith(supervisor.token);
  expect(await lastLetIn(() => there.get(`/conversations/${id}`), 404)).toBeLessThan(1_000);
  expect((await ask(listener, 'join:conversation', { conversation_id: id })).error?.code).toBe('NOT_FOUND');

  await askedToFetchAnew(listener);
  expect(await hearsOfTheAdmins(unwatched, listener)).toBe(false);
});

test('an employer who becomes a supervisor hears of others within 2 s', async () => {
  const employer = await system.signIn('employer');
  const listener = await system.listen(employer);
  expect(await hearsOfTheAdmins(system, listener)).toBe(false);

  await setRole(employer.user, 'supervisor');
  await askedToFetchAnew(listener);

  expect(await hearsOfTheAdmins(system, listener)).toBe(true);
});

describe.each([
  [
    'signed out',
    async (caller: Caller) => {
      await caller.post('/auth/logout');
    },
  ],
  [
    'deactivated',
    async (caller: Caller) => {
      await system.sql('update users set deactivated_at = now() where id = $1', [caller.user.id]);
    },
  ],
  [
    'deleted',
    async (caller: Caller) => {
      await system.sql('delete from users where id = $1', [caller.user.id]);
    },
  ],
])('somebody who is %s', (_what, end) => {
  test('is out of REST within 1 s and of their sockets within 2 s, on every server', async () => {
    const caller = await system.signIn('employer');
    const listeners = [
      await system.listen(caller),
      await system.listen(caller),
      await other.listen(caller),
    ] as const;
    const remote = other.callerWith(caller.token, caller.user);
    expect((await caller.get('/conversations')).status).toBe(200);
    expect((await remote.get('/conversations')).status).toBe(200);

    await end(caller);

    const letIn = [caller, remote].map((there) => lastLetIn(() => there.get('/conversations'), 401));
    await Promise.all(listeners.map((listener) => closed(listener, 2_000)));
    for (const ms of await Promise.all(letIn)) expect(ms).toBeLessThan(1_000);
    for (const listener of listeners)
      expect(listener.of('system:error').map((h) => h.payload['code'])).toEqual(['UNAUTHENTICATED']);
    expect(listeners.flatMap((l) => streamed(l)).filter((h) => h.event === 'message:new')).toEqual([]);
  });
});

test('signing out ends one session and leaves the others of the same user', async () => {
  const caller = await system.signIn('employer');
  const again = await system.call<{ access_token: string }>('POST', '/auth/login', {
    username: caller.user.username,
    password: 'a password',
  });
  const second = system.callerWith(again.body.access_token);

  expect((await caller.post('/auth/logout')).status).toBe(200);

  expect((await caller.get('/conversations')).status).toBe(401);
  expect((await second.get('/conversations')).status).toBe(200);
});

test('a lost role ends what it allowed within 1 s, on every server', async () => {
  const caller = await system.signIn('admin');
  const remote = other.callerWith(caller.token, caller.user);
  for (const there of [caller, remote])
    expect((await there.get('/whatsapp-integration-config')).status).toBe(200);

  await setRole(caller.user, 'supervisor');

  const letIn = [caller, remote].map((there) =>
    lastLetIn(() => there.get('/whatsapp-integration-config'), 403),
  );
  for (const ms of await Promise.all(letIn)) expect(ms).toBeLessThan(1_000);
});
