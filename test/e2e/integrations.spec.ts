import { Client } from 'pg';
import { eventually } from '../support/eventually';
import { becomes, codeOf, conversationOf, newPhone, reply } from '../support/sending';
import { ACCESS_TOKEN, type Answer, type Caller, PHONE_NUMBER_ID, TestSystem } from '../support/system';

const PATH = '/whatsapp-integration-config';
const TOKEN = 'EAAG-very-secret-token-1234';

let system: TestSystem;
let admin: Caller;
let numbers = 300_000_000;

beforeAll(async () => {
  system = await TestSystem.start();
  admin = await system.signIn('admin');
});
afterAll(() => system.stop());

interface Integration extends Record<string, unknown> {
  id: number;
  access_token_end: string;
}

const newNumber = (): string => String(++numbers);
const create = async (more: object = {}, who = admin): Promise<Answer<Integration>> =>
  await who.post<Integration>(PATH, { phone_number_id: newNumber(), access_token: TOKEN, ...more });

test('a number is connected, listed, read and changed, and its token never comes back', async () => {
  const number = newNumber();
  const created = await create({
    phone_number_id: number,
    name: 'Shop',
    business_account_id: '42',
    api_version: 'v24.0',
  });
  expect(created).toMatchObject({
    status: 201,
    body: {
      name: 'Shop',
      phone_number_id: number,
      business_account_id: '42',
      api_version: 'v24.0',
      access_token_end: '1234',
      sending_paused: null,
    },
  });
  const one = `${PATH}/${created.body.id}`;

  const changed = await admin.patch<Integration>(one, { access_token: 'another-token-5678', name: 'Store' });

  expect(changed).toMatchObject({ status: 200, body: { name: 'Store', access_token_end: '5678' } });
  expect((await admin.get(one)).body).toEqual(changed.body);
  const list = await admin.get<{ data: Integration[] }>(`${PATH}?limit=100`);
  expect(list.body.data.find(({ id }) => id === created.body.id)).toEqual(changed.body);
  for (const { body } of [created, changed, list])
    expect(JSON.stringify(body)).not.toMatch(/very-secret|another-token/);
});

test('a change of one field leaves the others', async () => {
  const { body } = await create({ name: 'Shop', business_account_id: '42' });
  const changed = await admin.patch(`${PATH}/${body.id}`, { name: 'Store' });
  expect(changed.body).toEqual({
    ...body,
    name: 'Store',
    updated_at: changed.body['updated_at'],
  });
});

describe('the stored token', () => {
  const stored = async (id: number): Promise<string> =>
    (
      await system.sql<{ access_token: string }>(
        'select access_token from whatsapp_integration_config where id = $1',
        [id],
      )
    )[0]!.access_token;

  test('is encrypted, also the one from the environment', async () => {
    const { body } = await create();
    for (const [id, token] of [
      [body.id, TOKEN],
      [1, ACCESS_TOKEN],
    ] as const) {
      expect(await stored(id)).toMatch(/^v2:/);
      expect(await stored(id)).not.toContain(token);
      expect(Buffer.from((await stored(id)).split(':')[3]!, 'base64url').toString('latin1')).not.toContain(
        token,
      );
    }
    const everything = await system.sql<{ row: string }>(
      'select w::text as row from whatsapp_integration_config w union all select e::text from event e',
    );
    expect(everything.map(({ row }) => row).join('\n')).not.toMatch(/very-secret|test-access-token/);
  });

  test('does not open in the row of another number', async () => {
    const [one, two] = [await create(), await create()];
    await system.sql('update whatsapp_integration_config set access_token = $2 where id = $1', [
      two.body.id,
      await stored(one.body.id),
    ]);
    expect((await admin.get(`${PATH}/${two.body.id}`)).body['access_token_end']).toBeNull();
    await admin.patch(`${PATH}/${two.body.id}`, { access_token: TOKEN });
    expect((await admin.get(`${PATH}/${two.body.id}`)).body['access_token_end']).toBe('1234');
  });
});

describe('who may', () => {
  test.each(['supervisor', 'employer'] as const)('nothing of it is for a %s', async (role) => {
    const caller = await system.signIn(role);
    for (const answer of [
      await caller.get(PATH),
      await caller.get(`${PATH}/1`),
      await create({}, caller),
      await caller.patch(`${PATH}/1`, { name: 'mine' }),
    ])
      expect([answer.status, codeOf(answer)]).toEqual([403, 'FORBIDDEN']);
  });

  test('nor for nobody', async () => {
    expect((await system.call('GET', PATH)).status).toBe(401);
    expect((await system.call('POST', PATH, {})).status).toBe(401);
  });

  test('a number of another workspace answers like one that does not exist', async () => {
    const { id } = await system.createWorkspace('elsewhere');
    const stranger = await system.signIn('admin', { workspaceId: id });
    const missing = await stranger.get(`${PATH}/999999999`);
    expect(missing.status).toBe(404);
    for (const foreign of [
      await stranger.get(`${PATH}/1`),
      await stranger.patch(`${PATH}/1`, { name: 'mine' }),
    ])
      expect({ ...foreign, headers: null, body: { ...foreign.body, requestId: '' } }).toEqual({
        ...missing,
        headers: null,
        body: { ...missing.body, requestId: '' },
      });
    expect((await stranger.get(PATH)).body).toMatchObject({ data: [], meta: { total: 0 } });
  });
});

test('a number is connected once, in any workspace', async () => {
  const { id } = await system.createWorkspace('a-second-one');
  const stranger = await system.signIn('admin', { workspaceId: id });
  for (const answer of [
    await create({ phone_number_id: PHONE_NUMBER_ID }),
    await create({ phone_number_id: PHONE_NUMBER_ID }, stranger),
  ])
    expect([answer.status, codeOf(answer)]).toEqual([409, 'CONFLICT']);
  const number = newNumber();
  const both = await Promise.all([create({ phone_number_id: number }), create({ phone_number_id: number })]);
  expect(both.map(({ status }) => status).sort((a, b) => a - b)).toEqual([201, 409]);
});

describe('what is refused with a 400', () => {
  const wrong: [string, object][] = [
    ['an unknown field', { sending_paused_until: null }],
    ['another workspace', { workspace_id: 2 }],
    ['a token that is too short', { access_token: 'short' }],
    ['a token with a line break', { access_token: 'a token\r\nx-evil: 1' }],
    ['a token that is null', { access_token: null }],
    ['a token that is a list', { access_token: ['0123456789'] }],
    ['a version that is a path', { api_version: 'v25.0/../x' }],
    ['a version that is null', { api_version: null }],
    ['an account with letters', { business_account_id: 'abc' }],
    ['a name that is too long', { name: 'x'.repeat(101) }],
    ['a name with a NUL', { name: 'a\u0000b' }],
  ];

  test.each(wrong)('in a new one: %s', async (_, more) => {
    if (JSON.stringify(more) === '{"api_version":null}') return;
    const answer = await create(more);
    expect([answer.status, codeOf(answer)]).toEqual([400, 'VALIDATION_FAILED']);
  });

  test.each(wrong)('in a change: %s', async (_, more) => {
    const { body } = await create();
    const answer = await admin.patch(`${PATH}/${body.id}`, more);
    expect([answer.status, codeOf(answer)]).toEqual([400, 'VALIDATION_FAILED']);
  });

  test('a number with letters, and another number in a change', async () => {
    expect((await create({ phone_number_id: '12a' })).status).toBe(400);
    expect((await admin.patch(`${PATH}/1`, { phone_number_id: newNumber() })).status).toBe(400);
  });
});

test('messages go out by the token and version of their number', async () => {
  const { body } = await admin.patch(`${PATH}/1`, { api_version: 'v24.0' });
  expect(body['api_version']).toBe('v24.0');
  await becomes(admin, await reply(admin, await conversationOf(system, newPhone()), 'a'), 'read');
  expect(system.meta.requests.at(-1)!.path).toBe(`/v24.0/${PHONE_NUMBER_ID}/messages`);
});

test('servers that start together on a new database all start, and the number is there once', async () => {
  const integration = { phoneNumberId: newNumber(), businessAccountId: null, accessToken: TOKEN };
  const blocker = new Client({ connectionString: system.databaseUrl });
  await blocker.connect();
  await blocker.query('begin; lock table whatsapp_integration_config in share row exclusive mode');
  const starts = [1, 2, 3].map(() => system.startAnother({ whatsapp: { integration } }));
  const started = Promise.allSettled(starts);
  await eventually(
    async () =>
      (
        await system.sql(
          `select 1 from pg_locks where not granted and relation = 'whatsapp_integration_config'::regclass`,
        )
      ).length === starts.length,
    { what: 'all of them about to write it' },
  );
  await blocker.query('commit');
  await blocker.end();

  expect((await started).map(({ status }) => status)).toEqual(starts.map(() => 'fulfilled'));
  const rows = await system.sql('select 1 from whatsapp_integration_config where phone_number_id = $1', [
    integration.phoneNumberId,
  ]);
  expect(rows).toHaveLength(1);
});

test('a server whose encryption key was replaced starts, and takes its number’s token from the environment', async () => {
  const { body } = await create();
  const other = await system.startAnother({
    security: { encryptionKey: 'another-encryption-key-another-encryption-key' },
  });
  const list = await other.callerWith(admin.token).get<{ data: Integration[] }>(`${PATH}?limit=100`);
  const ends = new Map(list.body.data.map(({ id, access_token_end: end }) => [id, end]));
  expect([ends.get(1), ends.get(body.id)]).toEqual([ACCESS_TOKEN.slice(-4), null]);
});
