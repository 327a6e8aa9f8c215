import { setTimeout as delay } from 'node:timers/promises';
import { GRACE_MS, PresenceService } from '../../src/presence/presence.service';
import type { PresenceDto } from '../../src/presence/presence.types';
import { testFromInside } from '../support/cluster';
import { ask, closed, openConversation, secondWorkspace } from '../support/crm';
import { eventually } from '../support/eventually';
import { type Caller, type Listener, TestSystem } from '../support/system';

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
/** The grace of a page that is loaded anew, and the way to the listener. */
const GONE_WITHIN_MS = 8_000;

let system: TestSystem;
let other: TestSystem;
let admin: Caller;
/** Of an administrator, one at each server. */
let watchers: [Listener, Listener];

beforeAll(async () => {
  system = await TestSystem.start();
  other = await system.secondServer();
  admin = await system.signIn('admin');
  watchers = [await system.listen(admin), await other.listen(admin)];
});
afterAll(() => system.stop());

/** What a listener was told of a user. */
function toldOf(listener: Listener, { user }: Caller): PresenceDto[] {
  return listener
    .of('presence:changed')
    .map((h) => h.payload as unknown as PresenceDto)
    .filter((presence) => presence.user_id === user.id);
}

const statusesOf = (listener: Listener, caller: Caller): string[] =>
  toldOf(listener, caller).map((presence) => presence.status);

/** Both watchers were told exactly this of the user, from their first moment on. */
async function told(caller: Caller, statuses: string[], timeoutMs = GONE_WITHIN_MS): Promise<void> {
  await eventually(() => watchers.every((w) => statusesOf(w, caller).length >= statuses.length), {
    timeoutMs,
    what: statuses.join(', '),
  });
  for (const watcher of watchers) expect(statusesOf(watcher, caller)).toEqual(statuses);
}

async function presenceOf(caller: Caller): Promise<PresenceDto> {
  const { body } = await admin.get<{ data: PresenceDto[] }>('/presence');
  return body.data.find((presence) => presence.user_id === caller.user.id)!;
}

async function storedOf(caller: Caller): Promise<unknown> {
  const [row] = await system.sql('select online, status, last_seen_at from users where id = $1', [
    caller.user.id,
  ]);
  return row;
}

test('a user is online from their first socket until the grace after their last, at whatever server', async () => {
  const caller = await system.signIn('employer');
  expect(await presenceOf(caller)).toEqual({
    user_id: caller.user.id,
    status: 'offline',
    online: false,
    last_seen_at: null,
    version: 0,
  });

  const phone = await other.listen(caller);
  await told(caller, ['online']);
  const laptop = await system.listen(caller);
  expect(await presenceOf(caller)).toEqual({
    user_id: caller.user.id,
    status: 'online',
    online: true,
    last_seen_at: expect.stringMatching(TIME),
    version: 1,
  });
  expect(await storedOf(caller)).toMatchObject({ online: true, status: 'online' });

  phone.socket.disconnect();
  await delay(1_500); // its grace ends before the other's
  const left = Date.now();
  laptop.socket.disconnect();
  await told(caller, ['online', 'offline']);
  expect(Date.now() - left).toBeGreaterThan(4_000);
  expect(await storedOf(caller)).toEqual({
    online: false,
    status: 'offline',
    last_seen_at: expect.any(Date),
  });
  const { last_seen_at, version } = await presenceOf(caller);
  expect(version).toBe(2);
  expect(Math.abs(Date.parse(last_seen_at!) - left)).toBeLessThan(1_000); // not when the grace was over
  expect([toldOf(phone, caller), toldOf(laptop, caller)]).toEqual([[], []]);
});

test('whoever loads the page anew within the grace was never away, at whatever server they land and however often', async () => {
  const [calm, restless] = [await system.signIn('employer'), await system.signIn('employer')] as const;
  const first = await system.listen(calm);
  await told(calm, ['online']);
  first.socket.disconnect();
  const second = await other.listen(calm);
  second.socket.disconnect();
  const last = [await system.listen(calm)];

  const servers = [system, other];
  for (let round = 0; round < 3; round++) {
    const listeners = await Promise.all([0, 1, 2, 3].map((n) => servers[n % 2]!.listen(restless)));
    for (const listener of listeners) listener.socket.disconnect();
  }
  last.push(await system.listen(restless));

  await delay(GRACE_MS + 1_000);
  for (const caller of [calm, restless]) {
    await told(caller, ['online']);
    expect(await presenceOf(caller)).toMatchObject({ online: true, status: 'online', version: 1 });
  }
  for (const { socket } of last) expect(socket.connected).toBe(true);
});

describe('a chosen status', () => {
  test('is told to all, the user’s other devices too, and stays over reconnections until it is taken back', async () => {
    const caller = await system.signIn('employer');
    const [here, there] = [await system.listen(caller), await other.listen(caller)] as const;
    const answer = await ask(here, 'presence:set', { status: 'busy' });
    expect(answer).toEqual({
      user_id: caller.user.id,
      status: 'busy',
      online: true,
      last_seen_at: expect.stringMatching(TIME),
      version: 2,
    });
    await told(caller, ['online', 'busy']);
    await eventually(() => statusesOf(here, caller).length === 1 && statusesOf(there, caller).length === 1, {
      what: 'the own devices',
    });
    expect(toldOf(there, caller)).toEqual([answer]);

    const { status, body } = await caller.put('/presence/me', { status: 'away' });
    expect([status, body]).toEqual([200, expect.objectContaining({ status: 'away', online: true })]);
    here.socket.disconnect();
    there.socket.disconnect();
    await told(caller, ['online', 'busy', 'away', 'offline']);
    await system.listen(caller);
    await told(caller, ['online', 'busy', 'away', 'offline', 'away']);
    expect(await storedOf(caller)).toMatchObject({ online: true, status: 'away' });

    expect((await caller.put('/presence/me', { status: 'online' })).body).toMatchObject({ status: 'online' });
    await told(caller, ['online', 'busy', 'away', 'offline', 'away', 'online']);
    const versions = toldOf(watchers[0], caller).map((presence) => presence.version);
    expect(versions).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('of somebody who is not connected shows when they come, and choosing again what is chosen is no news', async () => {
    const caller = await system.signIn('employer');
    const { body } = await caller.put('/presence/me', { status: 'busy' });
    expect(body).toMatchObject({ status: 'offline', online: false });
    const listener = await system.listen(caller);
    await told(caller, ['busy']);
    await ask(listener, 'presence:set', { status: 'busy' });
    await caller.put('/presence/me', { status: 'busy' });
    await ask(listener, 'presence:set', { status: 'online' });
    await told(caller, ['busy', 'online']);
  });

  test.each([
    [{}],
    [{ status: 'offline' }],
    [{ status: 'gone' }],
    [{ status: null }],
    [{ status: ['busy'] }],
    [{ status: 1 }],
    [{ status: 'busy', user_id: 1 }],
    [null],
    ['busy'],
    [[]],
  ])('must be one: %j', async (input) => {
    const caller = await system.signIn('employer');
    const listener = await system.listen(caller);
    await told(caller, ['online']);
    expect((await ask(listener, 'presence:set', input)).error).toMatchObject({ code: 'VALIDATION_FAILED' });
    expect((await caller.put('/presence/me', input)).status).toBe(400);
    expect(await presenceOf(caller)).toMatchObject({ status: 'online', version: 1 });
  });
});

testFromInside('servers that write of one user at the same moment leave behind what is so', async () => {
  const { user } = await system.signIn('employer');
  const place = { workspaceId: 1, userId: user.id };
  const servers = [system, other].map((server) => server.app.get(PresenceService, { strict: false }));
  const written = (): Promise<unknown> =>
    Promise.all(servers.flatMap((server) => [...server['writing'].values()]));
  for (let round = 0; round < 40; round++) {
    const [comes, goes] = round % 2 === 0 ? servers : servers.toReversed();
    comes!.connected(place, 'a socket');
    goes!.disconnected(place, 'a socket', true);
    await written();
    const [row] = await system.sql('select online from users where id = $1', [user.id]);
    expect([round, row]).toEqual([round, { online: true }]);
  }
  for (const server of servers) server.disconnected(place, 'a socket', true);
  await written();
  expect(await system.sql('select online from users where id = $1', [user.id])).toEqual([{ online: false }]);
});

test('who has just come finds themselves in the list', async () => {
  for (let i = 0; i < 10; i++) {
    const caller = await system.signIn('employer');
    const { data } = await ask<{ data: PresenceDto[] }>(await system.listen(caller), 'presence:list');
    expect(data.find((presence) => presence.user_id === caller.user.id)).toMatchObject({ status: 'online' });
  }
});

test('the list is the same over the socket and over REST, and leaves out whose account is closed', async () => {
  const caller = await system.signIn('employer');
  await system.sql('update users set deactivated_at = now() where id = $1', [caller.user.id]);
  const listed = await ask<{ data: PresenceDto[] }>(watchers[1], 'presence:list');
  expect(listed).toEqual((await admin.get('/presence')).body);
  expect(listed.data.map((presence) => presence.user_id)).toContain(admin.user.id);
  expect(listed.data.map((presence) => presence.user_id)).not.toContain(caller.user.id);
});

test('of another workspace nobody hears or sees anything', async () => {
  const theirs = await secondWorkspace(system, 'rivals');
  const listener = await system.listen(theirs.supervisor);
  const caller = await system.signIn('employer');
  await other.listen(caller);
  await told(caller, ['online']);
  const neighbour = await other.listen(theirs.employer);
  await ask(neighbour, 'presence:set', { status: 'away' });
  await eventually(() => statusesOf(listener, theirs.employer).at(-1) === 'away', { what: 'their own' });
  const heard = listener.of('presence:changed').map((h) => h.payload['user_id']);
  expect(new Set(heard)).toEqual(new Set([theirs.employer.user.id]));
  expect(statusesOf(watchers[0], theirs.employer)).toEqual([]);
  const { body } = await theirs.employer.get<{ data: PresenceDto[] }>('/presence');
  expect(body.data.map((presence) => presence.user_id).toSorted((a, b) => a - b)).toEqual(
    [theirs.admin, theirs.supervisor, theirs.employer].map((one) => one.user.id).toSorted((a, b) => a - b),
  );
});

test('a session that ends takes its presence with it within 2 s, and leaves that of another one', async () => {
  const caller = await system.signIn('employer');
  const again = await system.call<{ access_token: string }>('POST', '/auth/login', {
    username: caller.user.username,
    password: 'a password',
  });
  const second = system.callerWith(again.body.access_token, caller.user);
  const listeners = [await system.listen(caller), await other.listen(caller)] as const;
  const kept = await other.listen(second);
  await told(caller, ['online']);

  await caller.post('/auth/logout');
  await Promise.all(listeners.map((listener) => closed(listener, 2_000)));
  await told(caller, ['online']);
  expect(kept.socket.connected).toBe(true);

  const ended = performance.now();
  await second.post('/auth/logout');
  await told(caller, ['online', 'offline'], 2_000);
  expect(performance.now() - ended).toBeLessThan(2_000);
});

describe('an account that ends while its user is connected', () => {
  test.each([
    ['closed', (id: number) => admin.patch(`/users/${id}`, { active: false }), 200],
    ['deleted', (id: number) => admin.delete(`/users/${id}`), 204],
  ] as const)('%s: is offline at once, to all within 2 s, and told once', async (_how, end, status) => {
    const caller = await system.signIn('employer');
    const listener = await other.listen(caller);
    await told(caller, ['online']);
    const answer = await end(caller.user.id);
    expect(answer.status).toBe(status);
    if (status === 200) expect(answer.body).toMatchObject({ online: false, status: 'offline' });
    await other.app.get(PresenceService, { strict: false })['beat'](); // before its sockets are closed
    await told(caller, ['online', 'offline'], 2_000);
    expect(toldOf(watchers[0], caller).at(-1)).toMatchObject({ online: false, version: 2 });
    await closed(listener);
    const fence = await system.signIn('employer');
    await other.listen(fence);
    await told(fence, ['online']);
    await told(caller, ['online', 'offline']);
  });

  test('deleted, but for what they said: is offline to all within 2 s', async () => {
    const caller = await system.signIn('employer');
    const conversation_id = await openConversation(system);
    expect((await caller.post('/messages', { conversation_id, body: 'I was here' })).status).toBe(201);
    await other.listen(caller);
    await told(caller, ['online']);
    expect((await admin.delete(`/users/${caller.user.id}`)).status).toBe(204);
    await told(caller, ['online', 'offline'], 2_000);
    expect(await storedOf(caller)).toMatchObject({ online: false, status: 'offline' });
  });

  test('and that is opened again comes back as anybody does', async () => {
    const caller = await system.signIn('employer');
    const listener = await other.listen(caller);
    await told(caller, ['online']);
    await admin.patch(`/users/${caller.user.id}`, { active: false });
    await closed(listener);
    await admin.patch(`/users/${caller.user.id}`, { active: true });
    await told(caller, ['online', 'offline'], 2_000);
    const { body } = await system.call<{ access_token: string }>('POST', '/auth/login', {
      username: caller.user.username,
      password: 'a password',
    });
    await other.listen(system.callerWith(body.access_token, caller.user));
    await told(caller, ['online', 'offline', 'online']);
    expect(await storedOf(caller)).toMatchObject({ online: true, status: 'online' });
  });
});

describe('servers that end', () => {
  test('in order: whoever finds another one at once was never away; the others are away soon', async () => {
    const server = await system.startAnother();
    const [stays, goes] = [await system.signIn('employer'), await system.signIn('employer')];
    await server.listen(stays);
    await server.listen(goes);
    await told(stays, ['online']);
    await told(goes, ['online']);
    await server.close();
    await system.listen(stays);
    await told(goes, ['online', 'offline'], 16_000);
    expect(statusesOf(watchers[0], stays)).toEqual(['online']);
  });

  test('taken for dead by mistake: its users are back with its next heartbeat', async () => {
    const caller = await system.signIn('employer');
    await other.listen(caller);
    await told(caller, ['online']);
    await system.sql('delete from user_connection where user_id = $1', [caller.user.id]);
    await system.sql(`update users set online = false, status = 'offline' where id = $1`, [caller.user.id]);
    await told(caller, ['online', 'online']);
    expect(await storedOf(caller)).toMatchObject({ online: true, status: 'online' });
  });

  test('with news lost on the way: after the gap all are told anew', async () => {
    const caller = await system.signIn('employer');
    await other.listen(caller);
    await told(caller, ['online']);
    await system.sql(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where application_name = 'apicechat wake-up' and datname = current_database()`,
    );
    // While nobody listens:
    await caller.put('/presence/me', { status: 'busy' });
    await eventually(() => watchers.every((w) => statusesOf(w, caller).at(-1) === 'busy'), {
      what: 'the change on both',
    });
  });
});
