import { CHAT_APP_ID, CHAT_APP_SECRET, openChat, signedCall } from '../support/chat';
import { type Caller, TestSystem } from '../support/system';

const APPS = '/chat-apps';

interface App {
  id: number;
  app_id: string;
  name: string;
  secret: string;
  secret_hint: string;
  previous_secret_accepted: boolean;
  visitors: boolean;
  origins: string[];
}

let system: TestSystem;
let admin: Caller;

beforeAll(async () => {
  system = await TestSystem.start();
  admin = await system.signIn('admin');
});
afterAll(() => system.stop());

const make = async (input: object = {}): Promise<App> => {
  const { status, body } = await admin.post<App>(APPS, { name: 'Shop', ...input });
  expect(status).toBe(201);
  return body;
};
const refused = (status: number, code: string): object => ({ status, body: { code } });

test('an app is made with what is given, and shows its secret in that answer only', async () => {
  const made = await make({
    name: 'My shop',
    app_id: 'my.shop',
    visitors: true,
    origins: ['https://shop.example'],
  });
  const { secret, ...shown } = made;
  expect(shown).toEqual({
    id: expect.any(Number),
    app_id: 'my.shop',
    name: 'My shop',
    secret_hint: secret.slice(-4),
    previous_secret_accepted: false,
    visitors: true,
    origins: ['https://shop.example'],
    created_at: expect.any(String),
    updated_at: expect.any(String),
  });
  expect((await admin.get(`${APPS}/${made.id}`)).body).toEqual(shown);
  const [stored] = await system.sql('select secret from chat_app where id = $1', [made.id]);
  expect(JSON.stringify(stored)).not.toContain(secret);
});

test('left out, the app id is made up, visitors are not taken, and any website may', async () => {
  expect(await make()).toMatchObject({
    app_id: expect.stringMatching(/^app-[0-9a-f]{16}$/),
    visitors: false,
    origins: [],
  });
});

test('they are listed by pages, by name or by age', async () => {
  for (const name of ['list b', 'list a', 'list c']) await make({ name });
  const namesOf = async (query: string): Promise<string[]> => {
    const { body } = await admin.get<{ data: App[] }>(`${APPS}?limit=100${query}`);
    expect(JSON.stringify(body)).not.toContain('"secret"');
    return body.data.map(({ name }) => name).filter((name) => name.startsWith('list'));
  };
  expect(await namesOf('')).toEqual(['list a', 'list b', 'list c']);
  expect(await namesOf('&sort=-name')).toEqual(['list c', 'list b', 'list a']);
  expect(await namesOf('&sort=created_at')).toEqual(['list b', 'list a', 'list c']);
  const { body } = await admin.get<{ data: App[]; meta: { total: number } }>(`${APPS}?limit=2&page=2`);
  const [{ count } = { count: 0 }] = await system.sql<{ count: number }>(
    'select count(*)::int as count from chat_app where workspace_id = 1',
  );
  expect([body.data.length, body.meta]).toMatchObject([2, { page: 2, limit: 2, total: count }]);
});

test('an app id is taken once in the installation, also by another workspace', async () => {
  const { id } = await system.createWorkspace('rivals');
  const theirs = await system.signIn('admin', { workspaceId: id });
  expect((await theirs.post(APPS, { name: 'Theirs', app_id: 'only-one' })).status).toBe(201);
  expect(await admin.post(APPS, { name: 'Ours', app_id: 'only-one' })).toMatchObject(
    refused(409, 'CONFLICT'),
  );
});

test.each([
  ['no name', { name: undefined }],
  ['an empty name', { name: '' }],
  ['a name of 101 characters', { name: 'x'.repeat(101) }],
  ['an app id with a blank', { app_id: 'a b' }],
  ['an app id of 65 characters', { app_id: 'x'.repeat(65) }],
  ['an origin with a path', { origins: ['https://a.example/shop'] }],
  ['an origin without scheme', { origins: ['a.example'] }],
  ['21 origins', { origins: Array.from({ length: 21 }, (_, i) => `https://${i}.example`) }],
  ['visitors that are no yes or no', { visitors: 'yes' }],
  ['a secret of its own', { secret: 'x'.repeat(32) }],
])('%s is refused', async (_, input) => {
  expect(await admin.post(APPS, { name: 'Shop', ...input })).toMatchObject(refused(400, 'VALIDATION_FAILED'));
});

test('of what is changed the rest stays', async () => {
  const { id, secret: _, ...made } = await make({ origins: ['https://a.example'] });
  const changed = await admin.patch<App>(`${APPS}/${id}`, { visitors: true });
  expect(changed).toMatchObject({
    status: 200,
    body: { app_id: made.app_id, name: made.name, visitors: true, origins: ['https://a.example'] },
  });
  for (const input of [{ name: null }, { app_id: 'other' }, { visitors: null }, { origins: null }])
    expect(await admin.patch(`${APPS}/${id}`, input)).toMatchObject(refused(400, 'VALIDATION_FAILED'));
  expect((await admin.get(`${APPS}/${id}`)).body).toEqual(changed.body);
  expect(await admin.patch(`${APPS}/999999`, { visitors: true })).toMatchObject(refused(404, 'NOT_FOUND'));
});

test('an app through which somebody wrote stays; any other goes', async () => {
  const { id, app_id: appId, secret } = await make();
  await openChat(system, {}, { appId, secret });
  expect(await admin.delete(`${APPS}/${id}`)).toMatchObject(refused(409, 'CONFLICT'));
  expect((await admin.get(`${APPS}/${id}`)).status).toBe(200);
  const unused = await make();
  expect((await admin.delete(`${APPS}/${unused.id}`)).status).toBe(204);
  expect(await admin.get(`${APPS}/${unused.id}`)).toMatchObject(refused(404, 'NOT_FOUND'));
  expect(await admin.delete(`${APPS}/${unused.id}`)).toMatchObject(refused(404, 'NOT_FOUND'));
});

test('what admins do with an app is audited, without its secrets', async () => {
  const { id, secret } = await make();
  await admin.patch(`${APPS}/${id}`, { visitors: true });
  const { body } = await admin.post<App>(`${APPS}/${id}/secret`, { keep_previous: true });
  expect(body).toMatchObject({ previous_secret_accepted: true, secret_hint: body.secret.slice(-4) });
  await admin.delete(`${APPS}/${id}`);
  const rows = await system.sql<{ action: string }>(
    `select action, details from audit_log where subject_type = 'chat_app' and subject_id = $1 order by id`,
    [id],
  );
  expect(rows.map(({ action }) => action)).toEqual([
    'chat_app.create',
    'chat_app.update',
    'chat_app.rotate_secret',
    'chat_app.delete',
  ]);
  for (const one of [secret, body.secret]) expect(JSON.stringify(rows)).not.toContain(one);
});

describe('the app of the environment', () => {
  const find = async (): Promise<App> => {
    const { body } = await admin.get<{ data: App[] }>(`${APPS}?limit=100`);
    return body.data.find(({ app_id: appId }) => appId === CHAT_APP_ID)!;
  };

  test('has its secret there, so it is not replaced here', async () => {
    const { id } = await find();
    expect(await admin.post(`${APPS}/${id}/secret`, {})).toMatchObject(refused(409, 'CONFLICT'));
    expect(await admin.post(`${APPS}/999999/secret`, {})).toMatchObject(refused(404, 'NOT_FOUND'));
  });

  test('keeps what admins have set when a server starts, and takes the secret that is there now', async () => {
    const { id } = await find();
    await admin.patch(`${APPS}/${id}`, { name: 'Named by us', visitors: false });
    const secret = 'another-secret-of-the-environment';
    const later = await system.startAnother({ chat: { app: { appId: CHAT_APP_ID, secret } } });
    expect(await find()).toMatchObject({ id, name: 'Named by us', visitors: false });
    const open = async (signedWith: string): Promise<number> =>
      (await signedCall(later, 'POST', '/api/chat/sessions', { user_id: 7 }, { secret: signedWith })).status;
    expect([await open(CHAT_APP_SECRET), await open(secret)]).toEqual([401, 201]);
  });

  test('cannot be one of another workspace: the server does not start', async () => {
    const { id } = await system.createWorkspace('owners');
    const theirs = await system.signIn('admin', { workspaceId: id });
    await theirs.post(APPS, { name: 'Theirs', app_id: 'theirs-already' });
    const app = { appId: 'theirs-already', secret: CHAT_APP_SECRET };
    await expect(system.startAnother({ chat: { app } })).rejects.toThrow('an app of another workspace');
  });
});
