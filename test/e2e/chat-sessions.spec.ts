import { randomBytes } from 'node:crypto';
import { ChatUsersRepository } from '../../src/app-chat/chat-users.repository';
import { UnitOfWork } from '../../src/platform/database/unit-of-work';
import { CHAT_APP_SECRET, openChat, signatureHeaders, signedCall } from '../support/chat';
import { type Answer, TestSystem } from '../support/system';

let system: TestSystem;
let other: TestSystem;

beforeAll(async () => {
  system = await TestSystem.start();
  other = await system.secondServer();
});
afterAll(() => system.stop());

const SESSIONS = '/api/chat/sessions';
const CURRENT = '/api/chat/sessions/current';

describe('signed calls', () => {
  test('an app opens a session, whose token is good until it is ended', async () => {
    const opened = await signedCall(system, 'POST', SESSIONS, {
      user_id: 456,
      username: 'user123',
      account_name: 'Jane Doe',
    });
    expect(opened.status).toBe(201);
    expect(opened.body).toEqual({
      status: 'success',
      data: {
        token: expect.stringMatching(/^chat_1_[\w-]{43}$/),
        expires_at: expect.any(String),
        expires_in: 30 * 86_400,
        user: {
          user_id: 456,
          uuid: expect.any(String),
          username: 'user123',
          account_name: 'Jane Doe',
          visitor: false,
        },
      },
    });
    const { token } = (opened.body as { data: { token: string } }).data;
    const caller = system.callerWith(token);
    expect(await caller.get(CURRENT)).toMatchObject({ status: 200, body: { data: { user_id: 456 } } });

    expect((await caller.delete(CURRENT)).status).toBe(204);
    expect(await caller.get(CURRENT)).toMatchObject({
      status: 401,
      body: { status: 'error', error_code: 'UNAUTHENTICATED', message: expect.any(String) },
    });
  });

  test('the same user stays one person and one contact, by number and by name, whatever comes at once', async () => {
    const now = Date.now();
    const openings = await Promise.all(
      Array.from(
        { length: 20 },
        (_, i) =>
          signedCall<{ data: { user: object } }>(
            i % 2 === 0 ? system : other,
            'POST',
            SESSIONS,
            {
              user_id: 70,
              username: 'seventy',
            },
            { timestamp: now - i },
          ), // the same call of the same millisecond has the same signature
      ),
    );
    expect(openings.map(({ status }) => status)).toEqual(openings.map(() => 201));
    expect(new Set(openings.map(({ body }) => JSON.stringify(body.data.user))).size).toBe(1);
    const byName = await signedCall<{ data: { user: object } }>(system, 'POST', SESSIONS, {
      username: 'SEVENTY',
    });
    expect(byName.body.data.user).toMatchObject({ user_id: 70 });
    expect(
      await system.sql(`select count(*)::int as n from contact_identity where value = 'default:70'`),
    ).toEqual([{ n: 1 }]);
    expect(await system.sql(`select count(*)::int as n from chat_user where user_id = 70`)).toEqual([
      { n: 1 },
    ]);
  });

  test('a user who is deleted while they arrive is somebody new', async () => {
    const old = await openChat(system, { user_id: 95 });
    const users = system.app.get(ChatUsersRepository, { strict: false });
    const [stale] = await system.app
      .get(UnitOfWork, { strict: false })
      .read({ workspaceId: 1 }, () => users.findByUserId(95));
    const admin = await system.signIn('admin');
    expect((await admin.delete(`/contacts/${stale!.contactId}`)).status).toBe(204);
    jest.spyOn(users, 'findOf').mockResolvedValueOnce(stale!); // found, and then they were gone
    const again = await openChat(system, { user_id: 95 });
    expect(again.uuid).not.toBe(old.uuid);
    expect((await again.get(CURRENT)).status).toBe(200);
  });

  test.each([
    ['another method', { signed: { method: 'PUT' } }],
    ['another path', { signed: { path: '/api/chat/sessions?a=1' } }],
    ['another body', { signed: { body: '{"user_id":2}' } }],
    ['another time', { signed: { timestamp: '1672531200000' } }],
    ['another secret', { secret: 'not-the-secret-of-this-app' }],
    ['another app', { appId: 'somebody-else' }],
    ['a clock that is six minutes behind', { timestamp: Date.now() - 6 * 60_000 }],
    ['a clock that is six minutes ahead', { timestamp: Date.now() + 6 * 60_000 }],
    ['seconds for milliseconds', { timestamp: Math.floor(Date.now() / 1000) }],
    ['no time', { timestamp: 'soon' }],
  ])('a signature with %s is refused', async (_, options) => {
    const answer = await signedCall(system, 'POST', SESSIONS, { user_id: 1 }, options);
    expect(answer).toMatchObject({ status: 401, body: { status: 'error', error_code: 'INVALID_SIGNATURE' } });
    expect(await system.sql('select 1 from chat_user where user_id = 1')).toEqual([]);
  });

  test('a signature works once, also on another process, and however many ask at once', async () => {
    const body = JSON.stringify({ user_id: 88 });
    const headers = signatureHeaders('POST', SESSIONS, body);
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        (i % 2 === 0 ? system : other).call('POST', SESSIONS, body, headers),
      ),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(9);
  });

  test('the app may be left out where there is one, and must be named where there are more', async () => {
    const alone = await signedCall(system, 'POST', SESSIONS, { user_id: 90 }, { appId: null });
    expect(alone.status).toBe(201);
    const admin = await system.signIn('admin');
    const made = await admin.post<{ app_id: string; secret: string; id: number }>('/chat-apps', {
      name: 'Second',
    });
    expect(made.status).toBe(201);
    const { app_id: appId, secret } = made.body;
    expect((await signedCall(other, 'POST', SESSIONS, { user_id: 90 }, { appId: null })).status).toBe(401);
    const second = await openChat(system, { user_id: 90 }, { appId, secret });
    expect(
      await system.sql('select count(distinct contact_id)::int as n from chat_user where user_id = 90'),
    ).toEqual([{ n: 2 }]);
    expect((await second.get(CURRENT)).status).toBe(200);
    expect(
      (await signedCall(system, 'POST', SESSIONS, { user_id: 90 }, { appId, secret: CHAT_APP_SECRET }))
        .status,
    ).toBe(401);

    const shown = await admin.get<{ secret_hint: string }>(`/chat-apps/${made.body.id}`);
    expect(shown.body.secret_hint).toBe(secret.slice(-4));
    expect(JSON.stringify(shown.body)).not.toContain(secret);
  });

  test('a replaced secret is accepted only where that was asked for', async () => {
    const admin = await system.signIn('admin');
    const made = await admin.post<{ app_id: string; secret: string; id: number }>('/chat-apps', {
      name: 'Rotating',
    });
    const { app_id: appId, secret, id } = made.body;
    const kept = await admin.post<{ secret: string }>(`/chat-apps/${id}/secret`, { keep_previous: true });
    for (const current of [secret, kept.body.secret])
      expect(
        (await signedCall(other, 'POST', SESSIONS, { user_id: 5 }, { appId, secret: current })).status,
      ).toBe(201);
    const last = await admin.post<{ secret: string }>(`/chat-apps/${id}/secret`, {});
    const fresh = await system.startAnother(); // knows no app yet
    for (const old of [secret, kept.body.secret])
      expect((await signedCall(fresh, 'POST', SESSIONS, { user_id: 5 }, { appId, secret: old })).status).toBe(
        401,
      );
    expect(
      (await signedCall(fresh, 'POST', SESSIONS, { user_id: 5 }, { appId, secret: last.body.secret })).status,
    ).toBe(201);
  });
});

describe('who is spoken for', () => {
  test('a signed call names a user, who needs a live session', async () => {
    const user = await openChat(system, { user_id: 300, username: 'threehundred' });
    expect((await signedCall(system, 'GET', `${CURRENT}?user_id=300`)).body).toMatchObject({
      data: { user_id: 300 },
    });
    expect((await signedCall(system, 'GET', `${CURRENT}?username=threehundred`)).status).toBe(200);
    expect((await signedCall(system, 'GET', `${CURRENT}?user_id=301`)).status).toBe(401);
    expect((await signedCall(system, 'GET', CURRENT)).status).toBe(401);
    await user.delete(CURRENT);
    expect((await signedCall(system, 'GET', `${CURRENT}?user_id=300`)).status).toBe(401);
  });

  test('a token that contradicts the user who is named is refused', async () => {
    const user = await openChat(system, { user_id: 310 });
    expect((await user.get(`${CURRENT}?user_id=310`)).status).toBe(200);
    expect(await user.get(`${CURRENT}?user_id=311`)).toMatchObject({
      status: 403,
      body: { error_code: 'FORBIDDEN' },
    });
    expect((await user.get(`${CURRENT}?username=somebody`)).status).toBe(403);
  });

  test('all sessions of a user end at once', async () => {
    const [first, second] = [
      await openChat(system, { user_id: 320 }),
      await openChat(system, { user_id: 320 }),
    ];
    expect((await signedCall(system, 'DELETE', SESSIONS, { user_id: 320 })).body).toEqual({
      status: 'success',
      data: { ended: 2 },
    });
    expect((await first.get(CURRENT)).status).toBe(401);
    expect((await second.get(CURRENT)).status).toBe(401);
  });

  test('a user has 20 sessions: a further one ends the oldest', async () => {
    const sessions = [];
    for (let i = 0; i < 21; i++) sessions.push(await openChat(system, { user_id: 330 }));
    const answers = await Promise.all(sessions.map((one) => other.callerWith(one.token).get(CURRENT)));
    expect(answers.map(({ status }) => status)).toEqual([401, ...Array.from({ length: 20 }, () => 200)]);
  });

  test('a session is over at its time', async () => {
    const user = await openChat(system, { user_id: 340 });
    await system.sql(
      'update chat_session set expires_at = now() where chat_user_id = (select id from chat_user where user_id = 340)',
    );
    expect((await other.callerWith(user.token).get(CURRENT)).status).toBe(401);
    expect((await signedCall(system, 'GET', `${CURRENT}?user_id=340`)).status).toBe(401);
  });

  test.each([
    ['none', undefined],
    ['a made-up one', `chat_1_${randomBytes(32).toString('base64url')}`],
    ['one of a workspace that does not exist', `chat_zzz_${randomBytes(32).toString('base64url')}`],
    ['nonsense', 'nonsense'],
  ])('a token: %s: is refused', async (_, token) => {
    const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
    expect(await system.call('GET', CURRENT, undefined, headers)).toMatchObject({
      status: 401,
      body: { status: 'error' },
    });
  });

  test("a member of staff is no chat user, and a chat user's token opens nothing of the staff's", async () => {
    const admin = await system.signIn('admin');
    expect((await admin.get(CURRENT)).status).toBe(401);
    const user = await openChat(system);
    expect((await user.get('/conversations')).status).toBe(401);
  });
});

describe('visitors', () => {
  test('get a session where the app takes them, from its websites only', async () => {
    const admin = await system.signIn('admin');
    const made = await admin.post<{ id: number; app_id: string }>('/chat-apps', {
      name: 'Website',
      visitors: true,
      origins: ['https://www.example.com'],
    });
    const open = (
      origin?: string,
      server = system, // remembers the app for a moment
    ): Promise<Answer<{ data: { user: { user_id: number } } }>> =>
      server.call(
        'POST',
        '/api/chat/visitors',
        { app_id: made.body.app_id, name: 'Ana' },
        origin ? { origin } : {},
      );
    const opened = await open('https://www.example.com');
    expect(opened).toMatchObject({
      status: 201,
      body: { data: { user: { visitor: true, account_name: 'Ana' } } },
    });
    expect(opened.body.data.user.user_id).toBeGreaterThanOrEqual(2 ** 52);
    expect((await open('https://www.example.org')).status).toBe(403);
    expect((await open()).status).toBe(403);
    // An origin may be written in other ways than browsers write it.
    await admin.patch(`/chat-apps/${made.body.id}`, { origins: ['https://Shop.Example.com:443'] });
    expect((await open('https://shop.example.com', other)).status).toBe(201);
    expect((await open('https://www.example.com', other)).status).toBe(403);
    await admin.patch(`/chat-apps/${made.body.id}`, { visitors: false });
    const fresh = await system.startAnother();
    const refused = await fresh.call(
      'POST',
      '/api/chat/visitors',
      { app_id: made.body.app_id },
      { origin: 'https://www.example.com' },
    );
    expect(refused.status).toBe(403);
  });
});

test('an app that was deleted a moment ago is refused like one that never was', async () => {
  const admin = await system.signIn('admin');
  const made = await admin.post<{ id: number; app_id: string; secret: string }>('/chat-apps', {
    name: 'Short-lived',
    visitors: true,
  });
  const { id, app_id: appId, secret } = made.body;
  const signOut = (): Promise<Answer> =>
    signedCall(system, 'DELETE', SESSIONS, { user_id: 1 }, { appId, secret });
  expect((await signOut()).status).toBe(200); // its secret is remembered from here on
  expect((await admin.delete(`/chat-apps/${id}`)).status).toBe(204);
  expect(await signOut()).toMatchObject({ status: 401, body: { error_code: 'INVALID_SIGNATURE' } });
  expect(await system.call('POST', '/api/chat/visitors', { app_id: appId })).toMatchObject({
    status: 403,
    body: { error_code: 'FORBIDDEN' },
  });
});
