import { newWamid } from '../../simulator/identifiers';
import { eventually } from '../support/eventually';
import { type Listener, TestSystem } from '../support/system';
import { deliver, eventsOf, message, storedMessages, stranger, wamidOf } from '../support/webhooks';

let system: TestSystem;
let other: TestSystem;
let listeners: Listener[];

beforeAll(async () => {
  system = await TestSystem.start();
  other = await system.startAnother();
  const admin = await system.signIn('admin');
  listeners = [await system.listen(admin), await other.listen(admin)];
});
afterEach(async () => {
  // a copy is nothing an operator should have to look at
  expect(await system.sql('select reason, detail from webhook_set_aside')).toEqual([]);
});
afterAll(() => system.stop());

/** Everything that happened until now has been heard once this has. */
async function everythingHeard(): Promise<void> {
  const last = message(stranger(), 'last');
  await deliver(system, last);
  const heardLast = (listener: Listener) =>
    listener.of('message:new').some((heard) => heard.payload['whatsapp_message_id'] === wamidOf(last));
  await eventually(() => listeners.every(heardLast), { what: 'the last message at both sockets' });
}

const newMessagesAt = (listener: Listener, wamids: string[]): string[] =>
  listener
    .of('message:new')
    .map((heard) => heard.payload['whatsapp_message_id'] as string)
    .filter((wamid) => wamids.includes(wamid));

const conversationsOf = async (contactId: number) =>
  await system.sql<{ id: number; unread_count: number; status: string }>(
    'select id, unread_count, status from conversation where contact_id = $1',
    [contactId],
  );

test('each webhook three times at once, on two servers, and again later: one message, one event', async () => {
  const items = Array.from({ length: 20 }, () => message(stranger(), 'once'));
  const wamids = items.map(wamidOf);

  const answers = await Promise.all(
    items.flatMap((item) => [deliver(system, item), deliver(other, item), deliver(system, item)]),
  );
  expect(answers.every((answer) => answer.status === 200)).toBe(true);
  await system.sql(`update conversation set status = 'closed' where id % 2 = 0`);
  for (const item of items) expect(await deliver(other, item)).toMatchObject({ status: 200 });

  const rows = await storedMessages(system, wamids);
  expect(rows.map((row) => row.wamid).sort()).toEqual(wamids.toSorted());
  for (const row of rows) {
    const types = (await eventsOf(system, row.conversation_id)).map((event) => event.type);
    expect(types).toEqual(['conversation:new', 'message:new']);
    expect(await conversationsOf(row.contact_id)).toMatchObject([{ unread_count: 1 }]);
  }
  await everythingHeard();
  for (const listener of listeners) expect(newMessagesAt(listener, wamids).sort()).toEqual(wamids.toSorted());
});

test('the same message twice in one webhook is one message', async () => {
  const ana = stranger();
  const id = newWamid();
  await deliver(system, message(ana, 'hello', { id }), message(ana, 'hello', { id }), message(ana, 'bye'));
  const [row] = await storedMessages(system, [id]);
  expect(await conversationsOf(row!.contact_id)).toMatchObject([{ unread_count: 2 }]);
});

test('50 first messages of one new contact at once, on two servers: 1 contact, 1 conversation, unread 50', async () => {
  const ana = stranger();
  const items = Array.from({ length: 50 }, (_, i) => message(ana, `message ${i}`));
  const wamids = items.map(wamidOf);

  const answers = await Promise.all(items.map((item, i) => deliver(i % 2 === 0 ? system : other, item)));
  expect(answers.map((answer) => answer.status)).toEqual(Array.from({ length: 50 }, () => 200));

  const rows = await storedMessages(system, wamids);
  expect(rows).toHaveLength(50);
  expect(new Set(rows.map((row) => row.contact_id)).size).toBe(1);
  const contacts = await system.sql(
    'select id from contact where external_id = any ($1) or phone_number = $2',
    [[ana.phone, ana.userId], `+${ana.phone}`],
  );
  expect(contacts).toHaveLength(1);
  expect(await conversationsOf(rows[0]!.contact_id)).toEqual([
    { id: rows[0]!.conversation_id, unread_count: 50, status: 'queue' },
  ]);

  const events = await eventsOf(system, rows[0]!.conversation_id);
  expect(events.filter((event) => event.type === 'conversation:new')).toHaveLength(1);
  expect(events.filter((event) => event.type === 'message:new')).toHaveLength(50);
  await everythingHeard();
  const inOrder = rows.map((row) => row.wamid);
  for (const listener of listeners) expect(newMessagesAt(listener, wamids)).toEqual(inOrder);
});

test('an answer that got lost, and the webhook again: the second server knows it is stored', async () => {
  const item = message(stranger(), 'the answer was lost');
  await deliver(system, item);
  expect(await deliver(other, item)).toMatchObject({ status: 200 });
  expect(await storedMessages(system, [wamidOf(item)])).toHaveLength(1);
});
