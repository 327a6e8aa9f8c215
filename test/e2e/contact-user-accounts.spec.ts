import { codeOf } from '../support/sending';
import { type Answer, type Caller, TestSystem } from '../support/system';

const PATH = '/contact-user-accounts';
const PASSWORD = 'swordfish-1234';

interface Account extends Record<string, unknown> {
  id: number;
  password_final_end: string | null;
}

interface List extends Record<string, unknown> {
  data: Account[];
}

let system: TestSystem;
let admin: Caller;
let stranger: Caller;
let contact: number;
let server: number;
let elsewhere: number;
let made = 0;

beforeAll(async () => {
  system = await TestSystem.start();
  admin = await system.signIn('admin', { username: 'boss' });
  elsewhere = (await system.createWorkspace('elsewhere')).id;
  stranger = await system.signIn('admin', { workspaceId: elsewhere });
  contact = await newContact();
  server = await newLookup('servers');
});
afterAll(() => system.stop());

async function newContact(workspaceId = 1): Promise<number> {
  const [row] = await system.sql<{ id: string }>(
    'insert into contact (workspace_id, external_id) values ($1, $2) returning id',
    [workspaceId, `contact ${++made}`],
  );
  return Number(row!.id);
}

const newLookup = async (path: string, who = admin): Promise<number> =>
  (await who.post<{ id: number }>(`/${path}`, { name: `${path} no. ${++made}` })).body.id;
const create = async (more: object = {}): Promise<Answer<Account>> =>
  await admin.post<Account>(PATH, {
    contact_id: contact,
    username_final: `user-${++made}`,
    password_final: PASSWORD,
    server_id: server,
    ...more,
  });
const created = async (more: object = {}): Promise<Account> => {
  const { status, body } = await create(more);
  expect([status, body]).toEqual([201, body]);
  return body;
};
const stored = async (id: number): Promise<string> =>
  (
    await system.sql<{ password_final: string }>(
      'select password_final from contact_user_account where id = $1',
      [id],
    )
  )[0]!.password_final;

test('an account is made, found, changed and removed, and the audit log tells by whom', async () => {
  const application = await newLookup('applications');
  const device = await newLookup('devices');
  const account = await created({
    username_final: 'ana.tv',
    id_line_server: 77,
    date_exp: '2031-05-06T07:08:09+02:00',
    application_id: application,
    device_id: device,
  });
  expect(account).toEqual({
    id: expect.any(Number),
    contact_id: contact,
    username_final: 'ana.tv',
    password_final_end: '1234',
    server_id: server,
    server: { id: server, name: expect.stringMatching(/^servers/) },
    id_line_server: 77,
    date_exp: '2031-05-06T05:08:09.000Z',
    expired: false,
    application_id: application,
    application: { id: application, name: expect.stringMatching(/^applications/) },
    device_id: device,
    device: { id: device, name: expect.stringMatching(/^devices/) },
    created_at: expect.any(String),
    updated_at: expect.any(String),
  });
  const one = `${PATH}/${account.id}`;
  expect((await admin.get(one)).body).toEqual(account);

  const other = { contact_id: await newContact(), server_id: await newLookup('servers') };
  const changed = await admin.patch<Account>(one, {
    ...other,
    username_final: 'ana.radio',
    password_final: 'another-word-5678',
    id_line_server: null,
    date_exp: '2020-01-31',
    application_id: null,
    device_id: null,
  });
  expect(changed).toMatchObject({
    status: 200,
    body: {
      ...other,
      username_final: 'ana.radio',
      password_final_end: '5678',
      server: { id: other.server_id },
      id_line_server: null,
      date_exp: '2020-01-31T00:00:00.000Z',
      expired: true,
      application: null,
      device: null,
    },
  });
  const partly = await admin.patch(one, { date_exp: null });
  expect(partly.body).toEqual({
    ...changed.body,
    date_exp: null,
    expired: false,
    updated_at: partly.body['updated_at'],
  });
  expect((await admin.get(one)).body).toEqual(partly.body);

  const gone = await admin.delete(one);

  expect([gone.status, gone.body]).toEqual([204, '']);
  for (const answer of [await admin.get(one), await admin.patch(one, {}), await admin.delete(one)])
    expect(answer).toMatchObject({ status: 404, body: { message: 'No such account.' } });
  const entries = await system.sql<{ action: string; user_name: string; details: object }>(
    `select action, user_name, details from audit_log
     where subject_type = 'contact_user_account' and subject_id = $1 order by id`,
    [account.id],
  );
  expect(entries.map(({ action, user_name }) => [action, user_name])).toEqual([
    ['contact_user_account.create', 'boss'],
    ['contact_user_account.update', 'boss'],
    ['contact_user_account.update', 'boss'],
    ['contact_user_account.delete', 'boss'],
  ]);
  expect(entries[1]!.details).toMatchObject({
    username_final: { from: 'ana.tv', to: 'ana.radio' },
    password_final: 'changed',
    device_id: { from: device, to: null },
  });
  expect(entries[2]!.details).toEqual({ date_exp: { from: '2020-01-31T00:00:00.000Z', to: null } });
});

describe('the password', () => {
  test('is encrypted, and stands nowhere else', async () => {
    const account = await created();
    await admin.patch(`${PATH}/${account.id}`, { password_final: 'swordfish-5678' });
    const answers = [
      account,
      (await admin.get(PATH)).body,
      (await admin.get(`${PATH}/${account.id}`)).body,
      await system.sql('select * from contact_user_account'),
      await system.sql('select * from audit_log'),
      await system.sql('select * from event'),
    ];
    expect(JSON.stringify(answers)).not.toContain('swordfish');
    expect(
      (await stored(account.id))
        .split(':')
        .map((part) => Buffer.from(part, 'base64url').toString('latin1'))
        .join(),
    ).not.toContain('swordfish');
  });

  test.each([
    ['swordfish', 'fish'],
    ['12345678', '5678'],
    ['1234567', null],
    ['x', null],
    ['ñandú-ñandú', 'andú'],
    ['😀😁😂😃😄😅😆😇', '😄😅😆😇'],
    ['😀😁😂😃', null],
  ])('%s shows %s', async (password_final, end) => {
    const account = await created({ password_final });
    expect((await admin.get<Account>(`${PATH}/${account.id}`)).body.password_final_end).toBe(end);
  });

  test('of one account does not open in another, nor in another workspace', async () => {
    const [one, two] = [await created(), await created()];
    await system.sql('update contact_user_account set password_final = $2 where id = $1', [
      two.id,
      await stored(one.id),
    ]);
    expect((await admin.get(`${PATH}/${two.id}`)).body).toMatchObject({ password_final_end: null });
    expect((await admin.get(`${PATH}/${one.id}`)).body).toMatchObject({ password_final_end: '1234' });
    await admin.patch(`${PATH}/${two.id}`, { password_final: PASSWORD });
    expect((await admin.get(`${PATH}/${two.id}`)).body).toMatchObject({ password_final_end: '1234' });
  });

  test('stays when something else changes', async () => {
    const account = await created();
    const before = await stored(account.id);
    await admin.patch(`${PATH}/${account.id}`, { username_final: 'renamed' });
    expect(await stored(account.id)).toBe(before);
  });
});

test('the list is filtered, searched, sorted and paged', async () => {
  const mine = await newContact();
  const [first, second] = [await newLookup('servers'), await newLookup('servers')];
  const application = await newLookup('applications');
  const device = await newLookup('devices');
  const accounts = [
    await created({ contact_id: mine, server_id: first, username_final: 'z_100%', date_exp: '2020-01-01' }),
    await created({
      contact_id: mine,
      server_id: second,
      username_final: 'y-user',
      application_id: application,
    }),
    await created({
      contact_id: mine,
      server_id: second,
      username_final: 'x-USER',
      date_exp: '2999-01-01',
      device_id: device,
    }),
  ];
  const found = async (query: string): Promise<number[]> => {
    const { status, body } = await admin.get<List>(`${PATH}?contact_id=${mine}&${query}`);
    expect([status, body]).toEqual([200, body]);
    return body.data.map(({ id }) => accounts.findIndex((account) => account.id === id));
  };
  expect(await found('')).toEqual([0, 1, 2]);
  expect(await found(`server_id=${second}`)).toEqual([1, 2]);
  expect(await found(`application_id=${application}`)).toEqual([1]);
  expect(await found(`device_id=${device}`)).toEqual([2]);
  expect(await found('expired=true')).toEqual([0]);
  expect(await found('expired=false')).toEqual([1, 2]);
  expect(await found('search=user')).toEqual([1, 2]);
  expect(await found('search=0%25')).toEqual([0]);
  expect(await found('search=_')).toEqual([0]);
  expect(await found('sort=username_final')).toEqual([2, 1, 0]);
  expect(await found('sort=-username_final')).toEqual([0, 1, 2]);
  expect(await found('sort=date_exp')).toEqual([0, 2, 1]);
  expect(await found('sort=-date_exp')).toEqual([2, 0, 1]);
  expect(await found('sort=-id')).toEqual([2, 1, 0]);
  expect(await found('sort=created_at')).toEqual([0, 1, 2]);
  expect((await admin.get(`${PATH}?contact_id=${mine}&limit=2&page=2`)).body).toMatchObject({
    data: [{ id: accounts[2]!.id }],
    meta: { page: 2, limit: 2, total: 3, pages: 2 },
  });
  expect((await stranger.get<List>(PATH)).body.data).toEqual([]);
});

describe('what an account refers to', () => {
  test.each([
    ['contact_id', 'contact'],
    ['server_id', 'server'],
    ['application_id', 'application'],
    ['device_id', 'device'],
  ])('%s names one of this workspace', async (field, what) => {
    const theirs = what === 'contact' ? await newContact(elsewhere) : await newLookup(`${what}s`, stranger);
    const account = await created();
    for (const id of [888_888, theirs]) {
      for (const answer of [
        await create({ [field]: id }),
        await admin.patch(`${PATH}/${account.id}`, { [field]: id }),
      ])
        expect(answer).toMatchObject({
          status: 400,
          body: { code: 'VALIDATION_FAILED', message: `There is no such ${what}.` },
        });
    }
    expect((await admin.get(`${PATH}/${account.id}`)).body).toEqual(account);
  });

  test.each(['server', 'application', 'device'])('a %s is not deleted under it', async (what) => {
    const id = await newLookup(`${what}s`);
    const account = await created({ [`${what}_id`]: id });
    const refused = await admin.delete(`/${what}s/${id}`);
    expect(refused).toMatchObject({
      status: 409,
      body: { code: 'CONFLICT', message: expect.stringContaining(`?${what}_id=${id}`) },
    });
    expect((await admin.get(`${PATH}/${account.id}`)).body).toEqual(account);
    await admin.delete(`${PATH}/${account.id}`);
    expect((await admin.delete(`/${what}s/${id}`)).status).toBe(204);
  });

  test('it follows its contact into another one, password and all', async () => {
    const [kept, other] = [await newContact(), await newContact()];
    const account = await created({ contact_id: other });
    expect((await admin.post(`/contacts/${kept}/merge`, { contact_id: other })).status).toBe(200);
    expect((await admin.get(`${PATH}/${account.id}`)).body).toMatchObject({
      contact_id: kept,
      password_final_end: '1234',
    });
  });

  test('it goes with its contact', async () => {
    const contact_id = await newContact();
    const account = await created({ contact_id });
    await system.sql('delete from contact where id = $1', [contact_id]);
    expect((await admin.get(`${PATH}/${account.id}`)).status).toBe(404);
  });
});

describe('what is refused with a 400', () => {
  test.each([
    ['an empty username', { username_final: '' }],
    ['a username of blanks', { username_final: ' ' }],
    ['a username that is too long', { username_final: 'x'.repeat(151) }],
    ['a username of null', { username_final: null }],
    ['an empty password', { password_final: '' }],
    ['a password that is too long', { password_final: 'x'.repeat(256) }],
    ['a password with NUL', { password_final: 'a\u0000' }],
    ['a password of null', { password_final: null }],
    ['a contact of null', { contact_id: null }],
    ['a contact by name', { contact_id: 'Ana' }],
    ['a server of null', { server_id: null }],
    ['a server of 0', { server_id: 0 }],
    ['a line that is negative', { id_line_server: -1 }],
    ['a line that is too large', { id_line_server: 2 ** 53 }],
    ['a line that is a text', { id_line_server: '7' }],
    ['a day that there is not', { date_exp: '2026-02-30' }],
    ['a moment without a time zone', { date_exp: '2026-02-03T04:05:06' }],
    ['a moment with a time that there is not', { date_exp: '2026-02-03T24:30:00Z' }],
    ['a moment with a zone that there is not', { date_exp: '2026-02-03T04:05:06+99:99' }],
    ['a moment as a number', { date_exp: 1_790_000_000 }],
    ['an empty moment', { date_exp: '' }],
    ['an unknown field', { password: 'x' }],
    ['another workspace', { workspace_id: 2 }],
  ])('%s', async (_, more) => {
    const account = await created();
    const before = await system.sql('select count(*) from contact_user_account');
    for (const answer of [await create(more), await admin.patch(`${PATH}/${account.id}`, more)])
      expect([answer.status, codeOf(answer)]).toEqual([400, 'VALIDATION_FAILED']);
    expect(await system.sql('select count(*) from contact_user_account')).toEqual(before);
    expect((await admin.get(`${PATH}/${account.id}`)).body).toEqual(account);
  });

  test('an account without one of its fields', async () => {
    for (const field of ['contact_id', 'username_final', 'password_final', 'server_id'])
      expect((await create({ [field]: undefined })).status).toBe(400);
  });

  test.each(['expired=1', 'contact_id=x', 'server_id=0', 'sort=password_final', 'search=', 'limit=1000'])(
    'the list with ?%s',
    async (query) => {
      expect((await admin.get(`${PATH}?${query}`)).status).toBe(400);
    },
  );
});

test('accounts are for admins only', async () => {
  const { id } = await created();
  for (const level of ['supervisor', 'employer'] as const) {
    const caller = await system.signIn(level);
    for (const answer of [
      await caller.get(PATH),
      await caller.get(`${PATH}/${id}`),
      await caller.post(PATH, {}),
      await caller.patch(`${PATH}/${id}`, {}),
      await caller.delete(`${PATH}/${id}`),
    ])
      expect([answer.status, codeOf(answer)]).toEqual([403, 'FORBIDDEN']);
  }
});
