import { Client } from 'pg';
import { eventually } from '../support/eventually';
import { type Answer, TestSystem } from '../support/system';
import {
  deliver,
  eventsOf,
  message,
  type MessageRow,
  storedMessages,
  stranger,
  wamidOf,
} from '../support/webhooks';

let system: TestSystem;

beforeAll(async () => {
  system = await TestSystem.start();
});
afterAll(() => system.stop());

/** Somebody's first message, stored. */
async function known(): Promise<{ customer: ReturnType<typeof stranger>; first: MessageRow }> {
  const customer = stranger();
  const item = message(customer, 'first');
  await deliver(system, item);
  return { customer, first: (await storedMessages(system, [wamidOf(item)]))[0]! };
}

/** What is asked for while a change of the conversation has not been committed yet, so that it must wait for it. */
async function during<T>(id: number, change: string, ask: () => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: system.databaseUrl });
  await client.connect();
  try {
    await client.query('begin');
    await client.query(`update conversation set ${change} where id = $1`, [id]);
    const answer = ask();
    const waiting = `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    await eventually(async () => (await system.sql(waiting)).length > 0, { what: 'the intake to wait' });
    await client.query('commit');
    return await answer;
  } finally {
    await client.end();
  }
}

const conversation = async (id: number): Promise<Record<string, unknown>> =>
  (await system.sql('select * from conversation where id = $1', [id]))[0]!;

test('a message that waits for its conversation goes on from what that has become', async () => {
  const { customer, first } = await known();
  const { user } = await system.signIn('admin');
  const item = message(customer, 'second');

  const answer: Answer = await during(
    first.conversation_id,
    `assigned_user = ${user.id}, status = 'active', unread_count = unread_count + 5, last_message_id = 0`,
    () => deliver(system, item),
  );

  expect(answer.status).toBe(200);
  const [stored] = await storedMessages(system, [wamidOf(item)]);
  expect(stored).toMatchObject({ conversation_id: first.conversation_id });
  expect(await conversation(first.conversation_id)).toMatchObject({
    unread_count: 7,
    read: false,
    last_message_id: stored!.id,
  });
  const told = await system.sql<{ audience: number[]; payload: { conversation: object } }>(
    `select audience, payload from event where type = 'message:new' and (payload->>'id')::bigint = $1`,
    [stored!.id],
  );
  expect(told).toMatchObject([
    {
      audience: [user.id],
      payload: { conversation: { assigned_user: user.id, status: 'active', unread_count: 7 } },
    },
  ]);
});

test('a message that waits for a conversation which is closed opens a new one', async () => {
  const { customer, first } = await known();
  const items = [message(customer, 'second'), message(customer, 'third')];

  const answer = await during(first.conversation_id, `status = 'closed'`, () => deliver(system, ...items));

  expect(answer.status).toBe(200);
  const stored = await storedMessages(system, items.map(wamidOf));
  expect(stored.map((row) => row.body)).toEqual(['second', 'third']);
  const [opened] = [...new Set(stored.map((row) => row.conversation_id))];
  expect(opened).not.toBe(first.conversation_id);
  expect((await eventsOf(system, opened!)).map((event) => event.type)).toEqual([
    'conversation:new',
    'message:new',
    'message:new',
  ]);
  expect(await conversation(first.conversation_id)).toMatchObject({ status: 'closed', unread_count: 1 });
});

test('customers with and without an open conversation, and strangers, in one webhook', async () => {
  const open = await known();
  const closed = await known();
  await system.sql(`update conversation set status = 'closed' where id = $1`, [closed.first.conversation_id]);
  const people = [open.customer, closed.customer, stranger()];
  const rounds = ['a', 'b', 'c'].flatMap((text) => people.map((person) => message(person, text)));

  for (const items of [rounds.filter((_, i) => i % 3 < 2), rounds]) {
    expect(await deliver(system, ...items)).toMatchObject({ status: 200 });
  }

  const stored = await storedMessages(system, rounds.map(wamidOf));
  expect(stored).toHaveLength(rounds.length);
  const contacts = [...new Set(stored.map((row) => row.contact_id))];
  const threads = contacts.map((id) => stored.filter((row) => row.contact_id === id));
  expect(threads.map((rows) => rows.map((row) => row.body).join(''))).toEqual(['abc', 'abc', 'abc']);
  for (const rows of threads) {
    const [id, ...others] = new Set(rows.map((row) => row.conversation_id));
    expect(others).toEqual([]);
    expect(await conversation(id!)).toMatchObject({
      status: 'queue',
      unread_count: rows[0]!.contact_id === open.first.contact_id ? 4 : 3,
    });
  }
});
