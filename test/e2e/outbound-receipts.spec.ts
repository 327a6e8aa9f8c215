import { setTimeout as delay } from 'node:timers/promises';
import type { ReadMark } from '../../simulator/simulator';
import { eventually } from '../support/eventually';
import { becomes, conversationOf, newPhone, reply } from '../support/sending';
import { type Caller, TestSystem } from '../support/system';

let system: TestSystem;
let admin: Caller;
let phone: string;
let conversation: number;

beforeAll(async () => {
  system = await TestSystem.start();
  admin = await system.signIn('admin');
});
beforeEach(async () => {
  system.meta.reset();
  phone = newPhone();
  conversation = await conversationOf(system, phone);
});
afterAll(() => system.stop());

const read = (who = admin) => who.patch(`/conversations/${conversation}/read`);
const type = (who = admin) => who.post(`/messages/conversation/${conversation}/typing`);
const ours = (): ReadMark[] =>
  system.meta.readMarks.filter((mark) => system.meta.phone.bubbles.get(mark.messageId)?.customer === phone);
const marks = (): string[] => ours().map((mark) => mark.messageId);
const jobs = async (): Promise<unknown[]> =>
  await system.sql(`select * from job where task like 'messages.tell-%'`);

async function quiet(): Promise<void> {
  await eventually(async () => (await jobs()).length === 0, { what: 'no more jobs' });
}

async function newestOfThem(): Promise<string> {
  const [row] = await system.sql<{ wamid: string }>(
    `select whatsapp_message_id as wamid from message where conversation_id = $1 and sender_type = 'contact'
     and type <> 'reaction' order by id desc limit 1`,
    [conversation],
  );
  return row!.wamid;
}

describe('a customer sees that their messages were read', () => {
  test('by one mark on the newest of them', async () => {
    await system.meta.customerSays({ phone }, 'And another thing');
    await read();
    await eventually(() => marks().length === 1, { what: 'the mark' });
    expect(marks()).toEqual([await newestOfThem()]);
    expect(ours()[0]!.typing).toBe(false);
    const bubbles = [...system.meta.phone.bubbles.values()].filter((bubble) => bubble.customer === phone);
    expect(bubbles.map((bubble) => bubble.state)).toEqual(['read', 'read']);
  });

  test('once, however often it is read, and again only after another word', async () => {
    for (let i = 0; i < 3; i++) await read();
    await quiet();
    expect(marks()).toHaveLength(1);
    await system.meta.customerSays({ phone }, 'More');
    await read();
    await eventually(() => marks().length === 2, { what: 'the second mark' });
    expect(marks()[1]).toBe(await newestOfThem());
  });

  test('up to what was there when it was read, not up to what came since', async () => {
    const before = await newestOfThem();
    system.meta.faults.failNext = { code: 131016, on: 'read' };
    await read();
    await eventually(() => system.meta.requests.some(({ status }) => status === 500), {
      what: 'the failure',
    });
    await system.meta.customerSays({ phone }, 'Unread');
    await eventually(() => marks().length === 1, { what: 'the mark' });
    expect(marks()).toEqual([before]);
  });

  test('up to the message that is named, where one is', async () => {
    const [first] = await system.sql<{ id: number; wamid: string }>(
      'select id, whatsapp_message_id as wamid from message where conversation_id = $1',
      [conversation],
    );
    await system.meta.customerSays({ phone }, 'Unread');
    expect((await admin.patch('/messages/mark-as-read', { message_ids: [first!.id] })).status).toBe(200);
    await eventually(() => marks().length === 1, { what: 'the mark' });
    expect(marks()).toEqual([first!.wamid]);
  });

  test('not of a reaction, which is no message', async () => {
    const wamid = await newestOfThem();
    await system.meta.customerSays(
      { phone },
      { type: 'reaction', reaction: { message_id: wamid, emoji: '👍' } },
    );
    await read();
    await eventually(() => marks().length === 1, { what: 'the mark' });
    expect(marks()).toEqual([wamid]);
  });

  test('not where the number says so', async () => {
    const [number] = await system.sql<{ id: number }>('select id from whatsapp_integration_config');
    const path = `/whatsapp-integration-config/${number!.id}`;
    const off = await admin.patch(path, { send_read_receipts: false });
    expect(off).toMatchObject({ status: 200, body: { send_read_receipts: false } });
    await read();
    await type();
    await quiet();
    expect(marks()).toEqual([]);
    expect((await admin.patch(path, { send_read_receipts: 'yes' })).status).toBe(400);
    expect((await admin.patch(path, { send_read_receipts: null })).status).toBe(400);
    await admin.patch(path, { send_read_receipts: true });
  });

  test('not by marking it as unread', async () => {
    await admin.patch(`/conversations/${conversation}/unread`);
    await quiet();
    expect(marks()).toEqual([]);
  });

  test('a passing failure is tried again, a lasting one is given up, and neither is anybody’s error', async () => {
    system.meta.faults.failNext = { code: 131016, on: 'read' };
    expect((await read()).status).toBe(200);
    await eventually(() => marks().length === 1, { what: 'the mark' });
    await system.meta.customerSays({ phone }, 'More');
    system.meta.faults.failNext = { code: 131009, on: 'read' };
    await read();
    await quiet();
    expect(marks()).toHaveLength(1);
  });
});

describe('POST /messages/conversation/:id/typing', () => {
  test('shows the customer that somebody is writing, which also marks theirs as read', async () => {
    expect(await type()).toMatchObject({
      status: 202,
      body: { conversation_id: conversation, accepted: true },
    });
    await eventually(() => marks().length === 1, { what: 'the sign' });
    expect(ours()).toMatchObject([{ messageId: await newestOfThem(), typing: true }]);
    await quiet();
    await read();
    await quiet();
    expect(marks()).toHaveLength(1);
  });

  test('again within seconds says nothing more', async () => {
    for (let i = 0; i < 5; i++) expect((await type()).body).toMatchObject({ accepted: true });
    await quiet();
    expect(marks()).toHaveLength(1);
  });

  test('has nothing to show after 24 hours, or to somebody who never wrote', async () => {
    await system.sql(`update conversation set window_expires_at = now() where id = $1`, [conversation]);
    expect((await type()).body).toMatchObject({ accepted: false });
    await system.sql(`update conversation set window_expires_at = now() + interval '1 hour' where id = $1`, [
      conversation,
    ]);
    await system.sql('delete from message where conversation_id = $1', [conversation]);
    expect((await type()).body).toMatchObject({ accepted: false });
    expect(await jobs()).toEqual([]);
  });

  test('said too late is not said at all', async () => {
    await system.sql(
      `insert into job (workspace_id, task, key, payload)
       values (1, 'messages.tell-typing', 'late', json_build_object('conversation_id', $1::bigint, 'asked_at', 1))`,
      [conversation],
    );
    await quiet();
    expect(marks()).toEqual([]);
  });

  test('is for those who see the conversation', async () => {
    await admin.patch(`/conversations/${conversation}/assign`);
    const employer = await system.signIn('employer');
    expect((await type(employer)).status).toBe(404);
    expect((await read(employer)).status).toBe(404);
    await quiet();
    expect(marks()).toEqual([]);
  });

  test('a failure is nobody’s', async () => {
    system.meta.faults.failNext = { code: 131016, on: 'read' };
    expect((await type()).status).toBe(202);
    await quiet();
    expect(marks()).toEqual([]);
  });
});

// Last: what is silent goes on for a while.
test('while Meta is silent about it, messages go out', async () => {
  const others = await Promise.all(Array.from({ length: 12 }, () => conversationOf(system, newPhone())));
  system.meta.faults.latencyMs = { ms: 4_000, times: 12 };
  await Promise.all(others.map((id) => admin.patch(`/conversations/${id}/read`)));
  await eventually(
    async () => {
      const due = await system.sql(
        `select 1 from job where task = 'messages.tell-read' and held_by is null and run_at <= now()`,
      );
      return due.length === 0 && system.meta.requests.length >= 2;
    },
    { what: 'every mark under way or put off' },
  );
  await delay(200);
  expect(system.meta.requests).toHaveLength(2);
  system.meta.faults.latencyMs = 0;
  await becomes(admin, await reply(admin, conversation, 'Hello'), 'read', 2_000);
});
