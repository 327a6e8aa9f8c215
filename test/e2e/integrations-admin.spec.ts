import { codeOf, conversationOf, newPhone } from '../support/sending';
import { type Answer, type Caller, TestSystem } from '../support/system';

const PATH = '/whatsapp-integration-config';

interface Integration extends Record<string, unknown> {
  id: number;
  phone_number_id: string;
}

interface List extends Record<string, unknown> {
  data: Integration[];
}

let system: TestSystem;
let admin: Caller;
let numbers = 600_000_000;

beforeAll(async () => {
  system = await TestSystem.start();
  admin = await system.signIn('admin', { username: 'boss' });
});
afterAll(() => system.stop());

const create = async (more: object = {}): Promise<Answer<Integration>> =>
  await admin.post<Integration>(PATH, {
    phone_number_id: String(++numbers),
    access_token: 'a-token-of-ours-1111',
    ...more,
  });

test('the list is searched, filtered, sorted and paged', async () => {
  const made = [
    await create({ name: 'listed z' }),
    await create({ name: 'Listed_y 100%' }),
    await create({ name: 'listed x' }),
  ].map(({ body }) => body);
  await system.sql(
    `update whatsapp_integration_config set sending_paused_until = case id when $1 then 'infinity'::timestamptz else now() - interval '1 second' end,
       display_phone_number = '+54 9 11 5555-0001' where id in ($1, $2)`,
    [made[0]!.id, made[1]!.id],
  );
  const found = async (query: string): Promise<number[]> => {
    const { status, body } = await admin.get<List>(`${PATH}?limit=100&${query}`);
    expect([status, body]).toEqual([200, body]);
    return body.data.map(({ id }) => made.findIndex((one) => one.id === id));
  };
  expect(await found('search=listed')).toEqual([0, 1, 2]);
  expect(await found('search=0%25')).toEqual([1]);
  expect(await found('search=d_')).toEqual([1]);
  expect(await found(`search=${made[2]!.phone_number_id}`)).toEqual([2]);
  expect(await found('search=5555-0001')).toEqual([0, 1]);
  expect(await found('paused=true')).toEqual([0]);
  expect(await found('search=listed&paused=false')).toEqual([1, 2]);
  expect(await found('search=listed%20&sort=name')).toEqual([2, 0]);
  expect(await found('search=listed%20&sort=-name')).toEqual([0, 2]);
  expect(await found('search=listed&sort=-id')).toEqual([2, 1, 0]);
  expect(await found('search=listed&sort=-created_at')).toEqual([2, 1, 0]);
  expect((await admin.get(`${PATH}?search=listed&limit=2&page=2`)).body).toMatchObject({
    data: [{ id: made[2]!.id }],
    meta: { page: 2, limit: 2, total: 3, pages: 2 },
  });
});

test.each(['paused=1', 'search=', 'sort=access_token', 'limit=0', 'token=x'])(
  'the list does not take ?%s',
  async (query) => {
    const answer = await admin.get(`${PATH}?${query}`);
    expect([answer.status, codeOf(answer)]).toEqual([400, 'VALIDATION_FAILED']);
  },
);

describe('a number', () => {
  test('that nothing refers to can be taken away, and be connected anew', async () => {
    const { body } = await create();
    const gone = await admin.delete(`${PATH}/${body.id}`);
    expect([gone.status, gone.body]).toEqual([204, '']);
    expect((await admin.get(`${PATH}/${body.id}`)).status).toBe(404);
    expect((await admin.delete(`${PATH}/${body.id}`)).status).toBe(404);
    expect((await create({ phone_number_id: body.phone_number_id })).status).toBe(201);
  });

  test('that conversations were held over stays, and the answer says what to do', async () => {
    const { body } = await create();
    system.meta.addNumber({
      phoneNumberId: body.phone_number_id,
      displayPhoneNumber: '15550001111',
      businessAccountId: '102290129340398',
    });
    await conversationOf(system, newPhone(), body.phone_number_id);
    const refused = await admin.delete(`${PATH}/${body.id}`);
    expect(refused).toMatchObject({
      status: 409,
      body: { code: 'CONFLICT', message: expect.stringContaining('delete them first') },
    });
    expect((await admin.get(`${PATH}/${body.id}`)).body).toEqual(body);
  });

  test('that the environment names would come back, so it stays', async () => {
    const refused = await admin.delete(`${PATH}/1`);
    expect(refused).toMatchObject({
      status: 409,
      body: { code: 'CONFLICT', message: expect.stringContaining('WHATSAPP_PHONE_NUMBER_ID') },
    });
  });

  test('is taken away by admins only', async () => {
    const { body } = await create();
    for (const level of ['supervisor', 'employer'] as const) {
      const answer = await (await system.signIn(level)).delete(`${PATH}/${body.id}`);
      expect([answer.status, codeOf(answer)]).toEqual([403, 'FORBIDDEN']);
    }
  });
});

test('the audit log tells who connected, changed and removed it, and no token', async () => {
  const { body } = await create({ name: 'Shop' });
  await admin.patch(`${PATH}/${body.id}`, { name: 'Store', access_token: 'another-token-2222' });
  await admin.delete(`${PATH}/${body.id}`);
  const entries = await system.sql(
    `select action, user_name, details from audit_log
     where subject_type = 'whatsapp_integration_config' and subject_id = $1 order by id`,
    [body.id],
  );
  const shown = { phone_number_id: body.phone_number_id, business_account_id: null, api_version: 'v25.0' };
  expect(entries).toEqual([
    { action: 'whatsapp_integration.create', user_name: 'boss', details: { ...shown, name: 'Shop' } },
    {
      action: 'whatsapp_integration.update',
      user_name: 'boss',
      details: { name: { from: 'Shop', to: 'Store' }, access_token: 'changed' },
    },
    { action: 'whatsapp_integration.delete', user_name: 'boss', details: { ...shown, name: 'Store' } },
  ]);
  expect(JSON.stringify(await system.sql('select * from audit_log'))).not.toMatch(
    /token-of-ours|another-token/,
  );
});
