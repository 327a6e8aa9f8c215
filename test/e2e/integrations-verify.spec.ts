import { conversationOf, newPhone, becomes, reply, waitsWithReason } from '../support/sending';
import { ACCESS_TOKEN, type Answer, type Caller, PHONE_NUMBER_ID, TestSystem } from '../support/system';

const PATH = '/whatsapp-integration-config';
const ACCOUNT = '102290129340398';

interface Verification extends Record<string, unknown> {
  ok: boolean;
  checks: { name: string; ok: boolean; message: string }[];
}

let system: TestSystem;
let admin: Caller;
let numbers = 700_000_000;

beforeAll(async () => {
  system = await TestSystem.start();
  admin = await system.signIn('admin', { username: 'boss' });
});
afterEach(() => system.meta.reset());
afterAll(() => system.stop());

const create = async (more: object = {}): Promise<Answer<{ id: number } & Record<string, unknown>>> =>
  await admin.post(PATH, { phone_number_id: newNumber(), access_token: ACCESS_TOKEN, ...more });
/** One that Meta knows. */
function newNumber(): string {
  const phoneNumberId = String(++numbers);
  system.meta.addNumber({
    phoneNumberId,
    displayPhoneNumber: `+1 555 ${phoneNumberId}`,
    businessAccountId: ACCOUNT,
  });
  return phoneNumberId;
}
async function verify(more: object = {}): Promise<{ id: number; said: Verification }> {
  const made = await create(more);
  expect(made.status).toBe(201);
  return { id: made.body.id, said: await verified(made.body.id) };
}
async function verified(id: number): Promise<Verification> {
  const answer = await admin.post<Verification>(`${PATH}/${id}/verify`);
  expect([answer.status, answer.body]).toEqual([200, answer.body]);
  return answer.body;
}
const wrong = (said: Verification): object[] => said.checks.filter(({ ok }) => !ok);

test('a number that is as it should be says so, and its own number is learnt', async () => {
  const phone_number_id = newNumber();
  const { id, said } = await verify({ phone_number_id, business_account_id: ACCOUNT });
  expect(said).toEqual({
    ok: true,
    checks: [
      { name: 'token', ok: true, message: expect.any(String) },
      { name: 'number', ok: true, message: expect.any(String) },
      { name: 'business_account', ok: true, message: expect.any(String) },
      { name: 'webhooks', ok: true, message: expect.stringContaining('ApiCeChat') },
    ],
    display_phone_number: `+1 555 ${phone_number_id}`,
    verified_name: 'Simulated business',
    quality_rating: 'GREEN',
  });
  expect((await admin.get(`${PATH}/${id}`)).body).toMatchObject({
    display_phone_number: `+1 555 ${phone_number_id}`,
  });
  expect(system.meta.requests.map(({ method, path }) => `${method} ${path.split('?')[0]}`)).toEqual([
    `GET /v25.0/${phone_number_id}`,
    `GET /v25.0/${ACCOUNT}/phone_numbers`,
    `GET /v25.0/${ACCOUNT}/subscribed_apps`,
  ]);
  const entries = await system.sql(
    `select user_name, details from audit_log where action = 'whatsapp_integration.verify' and subject_id = $1`,
    [id],
  );
  expect(entries).toEqual([{ user_name: 'boss', details: { ok: true, wrong: [] } }]);
});

test('without a business account only the token and the number are looked at', async () => {
  const { said } = await verify();
  expect([said.ok, said.checks.map(({ name }) => name)]).toEqual([true, ['token', 'number']]);
});

describe('what is wrong is said in words', () => {
  test('a token that Meta does not accept, without showing it', async () => {
    const { id, said } = await verify({ access_token: 'EAAGsecretsecretsecret' });
    expect(said).toMatchObject({
      ok: false,
      checks: [{ name: 'token', message: expect.stringMatching(/wrong, expired or was revoked.*190/) }],
      display_phone_number: null,
      verified_name: null,
      quality_rating: null,
    });
    expect(JSON.stringify(said)).not.toContain('secretsecret');
    expect((await admin.get(`${PATH}/${id}`)).body).toMatchObject({ display_phone_number: null });
  });

  test.each([
    ['a missing permission', { code: 10 }, 'token', 'whatsapp_business_messaging'],
    ['a permission of the 200s', { code: 210, httpStatus: 403 }, 'token', 'whatsapp_business_messaging'],
    ['a restricted account', { code: 368 }, 'number', 'Meta has restricted'],
    ['too many questions', { code: 4 }, 'connection', 'no more questions for now'],
    ['a gateway’s page', { httpStatus: 502, body: 'html' }, 'connection', 'answered 502'],
    ['an answer that is no JSON', { httpStatus: 200, body: 'html' }, 'connection', 'answered 200'],
    ['an empty answer', { httpStatus: 200, body: 'empty' }, 'connection', 'answered 200'],
  ] as const)('%s', async (_, failure, name, words) => {
    system.meta.faults.failNext = { ...failure, on: 'number' };
    const { said } = await verify({ business_account_id: ACCOUNT });
    expect(said).toMatchObject({
      ok: false,
      checks: [{ name, ok: false, message: expect.stringContaining(words) }],
    });
  });

  test('a number that Meta does not know', async () => {
    const { said } = await verify({ phone_number_id: String(++numbers), business_account_id: ACCOUNT });
    expect(said.checks).toEqual([
      { name: 'number', ok: false, message: expect.stringContaining('knows no such phone_number_id') },
    ]);
  });

  test('an account that Meta does not know', async () => {
    const { said } = await verify({ business_account_id: '4711' });
    expect([said.ok, wrong(said)]).toEqual([
      false,
      [
        {
          name: 'business_account',
          ok: false,
          message: expect.stringContaining('knows no such business_account_id'),
        },
        { name: 'webhooks', ok: false, message: expect.any(String) },
      ],
    ]);
  });

  test('an account that has other numbers, and one that has it on a later page', async () => {
    const other = String(++numbers);
    for (let i = 0; i < 120; i++)
      system.meta.addNumber({
        phoneNumberId: `${other}${String(i).padStart(3, '0')}`,
        displayPhoneNumber: '1',
        businessAccountId: other,
      });
    const { said } = await verify({ business_account_id: other });
    expect(wrong(said)).toEqual([
      {
        name: 'business_account',
        ok: false,
        message: expect.stringContaining('does not have the number'),
      },
    ]);
    const last = await verify({ phone_number_id: `${other}119`, business_account_id: other });
    expect(last.said).toMatchObject({ ok: true });
  });

  test('a token that may send but not look at the account', async () => {
    system.meta.faults.failNext = { code: 10, on: 'account', times: 2 };
    const { said } = await verify({ business_account_id: ACCOUNT });
    expect(said.checks.map(({ name, ok }) => `${name} ${ok}`)).toEqual([
      'token true',
      'number true',
      'business_account false',
      'webhooks false',
    ]);
    expect(JSON.stringify(wrong(said))).toContain('whatsapp_business_management');
  });

  test('webhooks that nobody hears', async () => {
    system.meta.subscribedApps = [];
    const { said } = await verify({ business_account_id: ACCOUNT });
    expect(wrong(said)).toEqual([
      { name: 'webhooks', ok: false, message: expect.stringContaining(`POST /${ACCOUNT}/subscribed_apps`) },
    ]);
  });

  test('Meta out of reach', async () => {
    system.meta.faults.refuseConnections = true;
    const { said } = await verify({ business_account_id: ACCOUNT });
    expect(said.checks).toEqual([
      { name: 'connection', ok: false, message: expect.stringMatching(/WhatsApp.*Nothing is known/) },
    ]);
    expect(said.checks[0]!.message).not.toMatch(/the message/);
  });

  test('Meta that does not answer', async () => {
    const hasty = await system.startAnother({ whatsapp: { sendTimeoutSeconds: 1 } });
    const { body } = await create();
    system.meta.faults.latencyMs = 3_000;
    const answer = await hasty.callerWith(admin.token).post<Verification>(`${PATH}/${body.id}/verify`);
    expect(answer.body.checks).toEqual([
      { name: 'connection', ok: false, message: expect.stringContaining('did not answer in time') },
    ]);
  });

  test('a stored token that cannot be read', async () => {
    const { body } = await create();
    await system.sql(
      'update whatsapp_integration_config set access_token = (select access_token from whatsapp_integration_config where id = 1) where id = $1',
      [body.id],
    );
    const said = await verified(body.id);
    expect(said.checks).toEqual([
      { name: 'token', ok: false, message: expect.stringContaining('Enter the token again') },
    ]);
  });
});

describe('a number whose sending is paused', () => {
  const pausedReply = async (): Promise<{ id: number }> => {
    system.meta.faults.failNext = { code: 131042 };
    const sent = await reply(admin, await conversationOf(system, newPhone()), 'when will this go out?');
    await waitsWithReason(admin, sent);
    expect((await admin.get(`${PATH}/1`)).body).toMatchObject({ sending_paused: { until: null } });
    return sent;
  };

  test('goes on once Meta says that all is well', async () => {
    const sent = await pausedReply();
    expect(await verified(1)).toMatchObject({ ok: true });
    expect((await admin.get(`${PATH}/1`)).body).toMatchObject({
      sending_paused: null,
      phone_number_id: PHONE_NUMBER_ID,
    });
    await becomes(admin, sent, 'read');
  });

  test('stays paused while something is wrong, or where Meta asked for patience', async () => {
    const sent = await pausedReply();
    system.meta.faults.failNext = { code: 190, on: 'number' };
    expect(await verified(1)).toMatchObject({ ok: false });
    expect((await admin.get(`${PATH}/1`)).body).toMatchObject({ sending_paused: { until: null } });

    await system.sql(
      `update whatsapp_integration_config set sending_paused_until = now() + interval '1 hour' where id = 1`,
    );
    expect(await verified(1)).toMatchObject({ ok: true });
    expect((await admin.get(`${PATH}/1`)).body).toMatchObject({
      sending_paused: { until: expect.any(String) },
    });
    await admin.patch(`${PATH}/1`, { name: 'go on' });
    await becomes(admin, sent, 'read');
  });
});

describe('before it is saved', () => {
  const count = async (): Promise<unknown> =>
    (await system.sql('select count(*) from whatsapp_integration_config'))[0];

  test('a number that works is saved, with what was learnt', async () => {
    const phone_number_id = newNumber();
    const made = await create({ phone_number_id, verify: true, business_account_id: ACCOUNT });
    expect(made).toMatchObject({
      status: 201,
      body: { phone_number_id, display_phone_number: `+1 555 ${phone_number_id}` },
    });
  });

  test('one that does not is refused with the checks, and nothing is stored', async () => {
    const before = await count();
    const refused = await create({ access_token: 'EAAGnotgoodenough', verify: true });
    expect(refused).toMatchObject({
      status: 400,
      body: {
        code: 'VALIDATION_FAILED',
        message: expect.stringContaining('does not accept the access token'),
        details: [{ name: 'token', ok: false }],
      },
    });
    expect(JSON.stringify(refused.body)).not.toContain('notgoodenough');
    expect(await count()).toEqual(before);
  });

  test('a new token that does not work is refused, and the old one stays', async () => {
    const { body } = await create();
    const one = `${PATH}/${body.id}`;
    const refused = await admin.patch(one, { access_token: 'EAAGnotgoodenough', verify: true });
    expect([refused.status, refused.body['code']]).toEqual([400, 'VALIDATION_FAILED']);
    expect((await admin.get(one)).body).toEqual(body);
    const wrongAccount = await admin.patch(one, { business_account_id: '4711', verify: true });
    expect(wrongAccount.status).toBe(400);
    expect((await admin.get(one)).body).toEqual(body);
    const fine = await admin.patch(one, { business_account_id: ACCOUNT, verify: true });
    expect(fine).toMatchObject({
      status: 200,
      body: { business_account_id: ACCOUNT, display_phone_number: expect.stringMatching(/^\+1 555/) },
    });
    expect((await admin.patch(one, { access_token: 'EAAGwhoknows', verify: false })).status).toBe(200);
  });

  test.each(['yes', 1, null])('verify is not %j', async (value) => {
    expect((await create({ verify: value })).status).toBe(400);
  });
});

test('verifying is for admins, and a missing number is missing', async () => {
  expect((await admin.post(`${PATH}/888888/verify`)).status).toBe(404);
  for (const level of ['supervisor', 'employer'] as const)
    expect((await (await system.signIn(level)).post(`${PATH}/1/verify`)).status).toBe(403);
});
