import { Door } from '../support/door';
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
import { type Caller, TestSystem } from '../support/system';

let system: TestSystem;
let admin: Caller;
let door: Door;

beforeAll(async () => {
  door = await Door.open();
  system = await TestSystem.start({ config: { whatsapp: { baseUrl: door.url }, jobs: { concurrency: 2 } } });
  door.leadTo(system.meta.url);
  admin = await system.signIn('admin');
});
beforeEach(() => system.meta.reset());
afterAll(async () => {
  await system.stop();
  door.stop();
});

test('while Graph cannot be reached messages wait with a reason, and go in order when it can', async () => {
  const phones = [...Array(5)].map(newPhone);
  const conversations = await Promise.all(phones.map((phone) => conversationOf(system, phone)));
  door.close();
  const messages: Shown[] = [];
  for (const body of ['one', 'two'])
    for (const conversation of conversations) messages.push(await reply(admin, conversation, body));
  expect((await waitsWithReason(admin, messages[0]!)).error_reason).toMatch(/ECONNREFUSED.*was not sent/);
  expect(system.meta.accepted).toEqual([]);

  await door.reopen();

  for (const message of messages) await becomes(admin, message, 'read');
  for (const phone of phones) expect(textsFor(system.meta, phone)).toEqual(['one', 'two']);
  expect(sendStatuses(system.meta)).toHaveLength(messages.length);
});

test('while Graph answers nothing clear, most of what waits keeps waiting instead of becoming uncertain', async () => {
  const conversations = await Promise.all([...Array(15)].map(() => conversationOf(system, newPhone())));
  system.meta.faults.failNext = { body: 'html', httpStatus: 502, times: 1_000 };
  const messages: Shown[] = [];
  for (const conversation of conversations) messages.push(await reply(admin, conversation, 'in an outage'));
  await eventually(() => sendStatuses(system.meta).length >= 10, { what: 'the number to rest' });
  await becomes(admin, messages[0]!, 'uncertain');

  system.meta.faults.failNext = null;

  await becomes(admin, messages.at(-1)!, 'read');
  const tried = sendStatuses(system.meta).filter((status) => status === 502).length;
  expect(tried).toBeLessThanOrEqual(12);
  await eventually(
    async () => (await system.sql(`select 1 from message where whatsapp_status = 'pending'`)).length === 0,
    { what: 'nothing left waiting' },
  );
  expect(system.meta.accepted).toHaveLength(conversations.length - tried);
});

test('conversations with long queues give way to another one', async () => {
  const long = [await conversationOf(system, newPhone()), await conversationOf(system, newPhone())];
  const phone = newPhone();
  const short = await conversationOf(system, phone);
  await system.sql(
    `insert into message (workspace_id, conversation_id, sender_type, body)
     select 1, c, 'system', 'n ' || n from generate_series(1, 40) n, unnest($1::bigint[]) c`,
    [long],
  );
  system.meta.faults.latencyMs = 10;
  for (const conversation of long) await reply(admin, conversation, 'last');
  await eventually(() => system.meta.accepted.length > 4, { what: 'the long queues under way' });

  await reply(admin, short, 'now');

  await eventually(() => textsFor(system.meta, phone).length === 1, { what: 'the short one' });

  const [waiting] = await system.sql<{ count: number }>(
    `select count(*)::int from message where whatsapp_status = 'pending'`,
  );
  expect(waiting!.count).toBeGreaterThan(20);
  system.meta.faults.latencyMs = 0;
  await eventually(() => system.meta.accepted.length === 83, { what: 'all 83 messages' });
});
