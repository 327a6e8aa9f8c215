import { eventually } from '../support/eventually';
import {
  becomes,
  conversationOf,
  newPhone,
  reply,
  sendStatuses,
  type Shown,
  textsFor,
  waitsWithReason,
} from '../support/sending';
import { ACCESS_TOKEN, type Caller, PHONE_NUMBER_ID, TestSystem } from '../support/system';

const OTHER_NUMBER = '206540352242922';

let system: TestSystem;
let admin: Caller;

beforeAll(async () => {
  system = await TestSystem.start();
  admin = await system.signIn('admin');
  system.meta.addNumber({
    phoneNumberId: OTHER_NUMBER,
    displayPhoneNumber: '15550780002',
    businessAccountId: '102290129340398',
  });
  await admin.post('/whatsapp-integration-config', {
    phone_number_id: OTHER_NUMBER,
    access_token: ACCESS_TOKEN,
  });
});
beforeEach(() => system.meta.reset());
afterAll(() => system.stop());

const giveToken = (token: string): Promise<unknown> =>
  admin.patch('/whatsapp-integration-config/1', { access_token: token });
const deadRequests = (): number =>
  sendStatuses(system.meta, PHONE_NUMBER_ID).filter((status) => status === 401).length;

test('a dead token is used three times at most; messages wait with a reason; a new token sends them in order', async () => {
  await giveToken('a-token-that-has-expired');
  const phones = [...Array(12)].map(newPhone);
  const conversations = await Promise.all(phones.map((phone) => conversationOf(system, phone)));
  const other = newPhone();
  const elsewhere = await conversationOf(system, other, OTHER_NUMBER);

  const messages = await Promise.all(
    conversations.flatMap((conversation) => [reply(admin, conversation, 'waits')]),
  );
  for (const conversation of conversations) messages.push(await reply(admin, conversation, 'waits too'));
  for (const message of messages.slice(0, conversations.length))
    expect(await waitsWithReason(admin, message)).toMatchObject({
      error_reason: expect.stringMatching(/Renew the token/) as string,
    });
  await becomes(admin, await reply(admin, elsewhere, 'unaffected'), 'read', 2_000);
  expect(deadRequests()).toBeLessThanOrEqual(3);
  const { body } = await admin.get('/whatsapp-integration-config/1');
  expect(body['sending_paused']).toEqual({
    until: null,
    reason: expect.stringMatching(/Renew the token/) as string,
  });

  await giveToken(ACCESS_TOKEN);
  for (const message of messages) await becomes(admin, message, 'read', 5_000);
  for (const phone of phones) expect(textsFor(system.meta, phone)).toEqual(['waits', 'waits too']);
  expect(deadRequests()).toBeLessThanOrEqual(3);
  expect((await admin.get('/whatsapp-integration-config/1')).body['sending_paused']).toBeNull();
});

test('another dead token in its place is used three times at most, too', async () => {
  await giveToken('a-token-that-has-expired');
  const conversations = await Promise.all([...Array(12)].map(() => conversationOf(system, newPhone())));
  const messages: Shown[] = [];
  for (const conversation of conversations) messages.push(await reply(admin, conversation, 'waits'));
  for (const message of messages) await waitsWithReason(admin, message);
  const before = deadRequests();

  await giveToken('another-token-that-has-expired');

  await eventually(() => deadRequests() > before, { what: 'a try with the other token' });
  await eventually(async () => (await admin.get('/whatsapp-integration-config/1')).body['sending_paused'], {
    what: 'the pause',
  });
  expect(deadRequests() - before).toBeLessThanOrEqual(3);
  await giveToken(ACCESS_TOKEN);
  for (const message of messages) await becomes(admin, message, 'read', 5_000);
});

test('a refusal of the old token that comes after the new one was given does not pause the number', async () => {
  await giveToken('a-token-that-has-expired');
  const conversation = await conversationOf(system, newPhone());
  system.meta.faults.latencyMs = { ms: 500, times: 1 };
  const message = await reply(admin, conversation, 'under way');
  await eventually(() => system.meta.requests.length === 1, { what: 'the send' });

  await giveToken(ACCESS_TOKEN);

  await becomes(admin, message, 'read', 5_000);
  expect(sendStatuses(system.meta)).toEqual([401, 200]);
  expect((await admin.get('/whatsapp-integration-config/1')).body['sending_paused']).toBeNull();
});

test('a long pause of a number is not shortened by an answer that asks for a short one', async () => {
  const [one, two] = [await conversationOf(system, newPhone()), await conversationOf(system, newPhone())];
  await becomes(admin, await reply(admin, one, 'all is well'), 'read');
  system.meta.faults.latencyMs = { ms: 300, times: 2 };
  system.meta.faults.failNext = { code: 4 };
  const first = await reply(admin, one, 'first');
  const second = await reply(admin, two, 'second');
  await eventually(() => system.meta.requests.length === 3, { what: 'both sends' });
  await eventually(() => sendStatuses(system.meta).includes(400), { what: 'the long pause' });
  system.meta.faults.failNext = { code: 130429 };

  await eventually(async () => (await admin.get('/whatsapp-integration-config/1')).body['sending_paused'], {
    what: 'the pause',
  });
  await eventually(() => !sendStatuses(system.meta).includes(0), { what: 'both answers' });
  await waitsWithReason(admin, first);
  const { body } = await admin.get('/whatsapp-integration-config/1');
  const { until } = body['sending_paused'] as { until: string };
  expect(Date.parse(until) - Date.now()).toBeGreaterThan(60_000);

  await giveToken(ACCESS_TOKEN);
  await becomes(admin, first, 'read');
  await becomes(admin, second, 'read');
});

test('a stored token that cannot be opened waits for a person instead of failing', async () => {
  const conversation = await conversationOf(system, newPhone());
  await system.sql(
    `update whatsapp_integration_config set access_token = 'v1:moved:from:elsewhere' where id = 1`,
  );

  const message = await reply(admin, conversation, 'waits');

  expect((await waitsWithReason(admin, message)).error_reason).toMatch(/token .* cannot be read/);
  const list = await admin.get<{ data: object[] }>('/whatsapp-integration-config');
  expect(list).toMatchObject({ status: 200, body: { data: [{ id: 1, access_token_end: null }, {}] } });
  await giveToken(ACCESS_TOKEN);
  await becomes(admin, message, 'read', 5_000);
});
