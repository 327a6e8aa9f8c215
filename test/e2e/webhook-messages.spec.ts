import { envelope } from '../../simulator/envelope';
import { newWamid } from '../../simulator/identifiers';
import { type Customer, inbound } from '../../simulator/inbound-content';
import { metaJson } from '../../simulator/signature';
import { EXPECTED_MESSAGES } from '../fixtures/meta-webhooks/expected-messages';
import { webhookFixture } from '../fixtures/meta-webhooks/read-fixture';
import { type Caller, TestSystem } from '../support/system';
import {
  connectNumber,
  deliver,
  deliverBytes,
  eventsOf,
  inSeconds,
  message,
  type MessageRow,
  setAsideOf,
  storedMessages,
  stranger,
  wamidOf,
} from '../support/webhooks';

let system: TestSystem;
let admin: Caller;

beforeAll(async () => {
  system = await TestSystem.start();
  admin = await system.signIn('admin');
});
afterAll(() => system.stop());

async function storedAs(...items: Parameters<typeof deliver>[1][]): Promise<MessageRow[]> {
  expect(await deliver(system, ...items)).toMatchObject({ status: 200, body: { status: 'ok' } });
  return await storedMessages(system, items.map(wamidOf));
}

describe('every type of message', () => {
  test.each(Object.entries(EXPECTED_MESSAGES))('%s is stored typed and readable', async (name, expected) => {
    const wamid = newWamid();
    const text = JSON.stringify(webhookFixture(name));
    const bytes = metaJson(
      JSON.parse(text, (key, value: unknown) =>
        key === 'id' && typeof value === 'string' && value.startsWith('wamid.') ? wamid : value,
      ),
    );

    expect(await deliverBytes(system, bytes)).toMatchObject({ status: 200 });

    const [row, ...more] = await storedMessages(system, [wamid]);
    expect(more).toEqual([]);
    expect(row).toMatchObject({ type: expected.type, body: expected.body });
    const { kind, body: _body, ...rest } = expected.payload as { kind: string; body?: string };
    const extras = {
      ...(expected.forwarded ? { forwarded: true } : {}),
      ...(expected.groupId ? { group_id: expected.groupId } : {}),
    };
    const beside = { ...rest, ...extras };
    if (kind !== 'text') expect(row!.payload).toEqual({ ...expected.payload, ...extras });
    else expect(row!.payload).toEqual(Object.keys(beside).length === 0 ? null : { kind, ...beside });
    const shown = await admin.get(`/messages/${row!.id}`);
    expect(shown.body).toMatchObject({ type: expected.type, body: expected.body, sender_type: 'contact' });
  });

  test('an unknown type with an endless name is stored as a placeholder', async () => {
    const name = `${'a'.repeat(29)}😀${'b'.repeat(100)}`;
    const [row] = await storedAs(message(stranger(), inbound.raw({ type: name, [name]: { deep: [1] } })));
    expect(row).toMatchObject({ type: 'a'.repeat(29), payload: { kind: 'unknown' } });
    expect(row!.body).toMatch(/^\[a{29}😀b+ message\]$/);
  });

  test('text and names with what PostgreSQL refuses are stored readable, and shown so', async () => {
    const ana = { ...stranger(), name: 'An\u0000a \ud83d' };
    const [row] = await storedAs(message(ana, 'nul \u0000, half \udc00, whole 😀, "\\u0000"'));
    expect(row!.body).toBe('nul ␀, half \ufffd, whole 😀, "\\u0000"');
    const conversation = await admin.get(`/conversations/${row!.conversation_id}`);
    expect(conversation.body['contact']).toMatchObject({ name: 'An␀a \ufffd' });
  });

  test('the longest id, the longest text and a nameless person', async () => {
    const id = `wamid.${'ä'.repeat(506)}`;
    const { phone } = stranger();
    const [row] = await storedAs(message({ phone }, 'x'.repeat(70_000), { id }));
    expect(row!.wamid).toBe(id);
    expect(row!.body).toHaveLength(65_536);
  });
});

describe('order', () => {
  test('within a webhook by the provider’s clock, within a second by place; between webhooks by arrival', async () => {
    const ana = stranger();
    const now = inSeconds(0);
    const said = (text: string, at: number) => message(ana, text, { at });
    const [first] = await storedAs(
      said('third', now - 5),
      said('first', now - 9),
      said('fourth', now - 5),
      said('second', now - 7),
    );
    await storedAs(said('late, written before all of them', now - 36 * 3_600));
    const expected = ['first', 'second', 'third', 'fourth', 'late, written before all of them'];
    const history = await admin.get<{ data: { body: string }[] }>(
      `/messages/conversation/${first!.conversation_id}`,
    );
    expect(history.body.data.map((each) => each.body)).toEqual(expected.toReversed());
    const events = await eventsOf(system, first!.conversation_id);
    expect(events.filter((e) => e.type === 'message:new').map((e) => e.payload['body'])).toEqual(expected);
  });
});

describe('replies', () => {
  test('point to what they quote, earlier or in the same webhook, and the event says so', async () => {
    const ana = stranger();
    const [quoted] = await storedAs(message(ana, 'one'));
    const own = message(ana, 'two');
    const [two, toTwo, toOne] = await storedAs(
      own,
      message(ana, inbound.reply(wamidOf(own), inbound.text('about two'))),
      message(ana, inbound.reply(quoted!.wamid, inbound.text('about one'))),
    );
    expect([two, toTwo, toOne].map((row) => row!.reply_to_id)).toEqual([null, two!.id, quoted!.id]);
    const events = await eventsOf(system, quoted!.conversation_id);
    expect(
      events
        .filter((e) => e.type === 'message:new')
        .map((e) => [e.payload['body'], e.payload['reply_to_id']]),
    ).toEqual([
      ['one', null],
      ['two', null],
      ['about two', two!.id],
      ['about one', quoted!.id],
    ]);
  });

  test('never point into another conversation, to nothing, or to themselves', async () => {
    const [foreign] = await storedAs(message(stranger(), 'not yours'));
    const ana = stranger();
    const self = newWamid();
    const rows = await storedAs(
      message(ana, inbound.reply(foreign!.wamid, inbound.text('a'))),
      message(ana, inbound.reply(newWamid(), inbound.text('b'))),
      message(ana, inbound.reply(self, inbound.text('c')), { id: self }),
    );
    expect(rows.map((row) => row.reply_to_id)).toEqual([null, null, null]);
  });
});

describe('the 24 hours in which an answer is free', () => {
  const windowOf = async (row: MessageRow | undefined): Promise<number | null> => {
    const [found] = await system.sql<{ until: Date | null }>(
      'select window_expires_at as until from conversation where id = $1',
      [row!.conversation_id],
    );
    return found!.until === null ? null : found!.until.getTime() / 1000;
  };

  test('count from the provider’s time, and only ever grow', async () => {
    const ana = stranger();
    const at = inSeconds(-3_600);
    const [row] = await storedAs(message(ana, 'an hour ago', { at }));
    expect(await windowOf(row)).toBe(at + 86_400);
    await storedAs(message(ana, 'late', { at: inSeconds(-40 * 3_600) }));
    expect(await windowOf(row)).toBe(at + 86_400);
    await storedAs(message(ana, 'now', { at: at + 60 }));
    expect(await windowOf(row)).toBe(at + 86_460);
  });

  test('are not extended by a reaction, an edit, a deletion or a system message', async () => {
    const ana = stranger();
    const at = inSeconds(-3_600);
    const [row] = await storedAs(message(ana, 'hello', { at }));
    await storedAs(
      message(ana, inbound.reaction(row!.wamid, '👍')),
      message(ana, inbound.edit(row!.wamid, inbound.text('hallo'))),
      message(ana, inbound.revoke(row!.wamid)),
      message(ana, inbound.changedNumber({ wa_id: stranger().phone })),
    );
    expect(await windowOf(row)).toBe(at + 86_400);
    const [reaction] = await storedAs(message(stranger(), inbound.reaction(row!.wamid, '👍')));
    expect(await windowOf(reaction)).toBeNull();
  });

  test('never begin in the future, whatever the timestamp says', async () => {
    const [row] = await storedAs(message(stranger(), 'from tomorrow', { at: inSeconds(86_400) }));
    expect(await windowOf(row)).toBeLessThanOrEqual(inSeconds(86_401));
  });
});

describe('a closed conversation', () => {
  const close = async (row: MessageRow): Promise<void> => {
    await system.sql(`update conversation set status = 'closed' where id = $1`, [row.conversation_id]);
  };

  test('is left alone: the next message opens a new one for the same contact', async () => {
    const ana = stranger();
    const [before] = await storedAs(message(ana, 'before'));
    await close(before!);
    const [after] = await storedAs(message(ana, 'after'));
    expect(after!.contact_id).toBe(before!.contact_id);
    expect(after!.conversation_id).not.toBe(before!.conversation_id);
    const events = (await eventsOf(system, after!.conversation_id)).map((event) => event.type);
    expect(events).toEqual(['conversation:new', 'message:new']);
  });

  test('is not opened anew by a message that is stored in it and comes again', async () => {
    const ana = stranger();
    const item = message(ana, 'once');
    const [row] = await storedAs(item);
    await close(row!);
    await storedAs(item);
    const conversations = await system.sql('select id from conversation where contact_id = $1', [
      row!.contact_id,
    ]);
    expect(conversations).toEqual([{ id: row!.conversation_id }]);
  });
});

describe('two tenants in one webhook', () => {
  test('each row is in its own workspace, the same person a contact in each', async () => {
    const other = await system.createWorkspace('tenant-two');
    const boss = await system.signIn('admin', { workspaceId: other.id });
    const number = await connectNumber(boss);
    const ana = stranger();
    const shared = newWamid();
    const items = [
      message(ana, 'to one', { id: shared }),
      message(ana, 'to two', { number }),
      message(ana, 'to two, under an id of tenant one', { number, id: shared }),
      message(stranger(), 'to one again'),
    ];

    const rows = await storedAs(...items);

    expect(rows.map((row) => `${row.workspace_id} ${row.body}`).sort()).toEqual([
      '1 to one',
      '1 to one again',
      `${other.id} to two`,
      `${other.id} to two, under an id of tenant one`,
    ]);
    const mine = await boss.get<{ data: { contact: { name: string } }[] }>('/conversations');
    expect(mine.body.data.map((each) => each.contact.name)).toEqual([ana.name]);
    expect(await setAsideOf(system, metaJson(envelope(items)))).toEqual([]);
  });
});

describe('many at once', () => {
  test('1,000 messages of 200 people in one webhook: all stored, counted and announced once', async () => {
    const people: Customer[] = Array.from({ length: 200 }, stranger);
    const items = Array.from({ length: 1_000 }, (_, i) => message(people[i % 200]!, `${i}`));

    const rows = await storedAs(...items);

    expect(rows).toHaveLength(1_000);
    expect(new Set(rows.map((row) => row.conversation_id)).size).toBe(200);
    const [counts] = await system.sql(
      `select (select min(unread_count) from conversation where id = any ($1)) as least,
         (select max(unread_count) from conversation where id = any ($1)) as most,
         (select count(*)::int from event where type = 'message:new' and conversation_id = any ($1)) as news,
         (select count(*)::int from event where type = 'conversation:new' and conversation_id = any ($1)) as threads`,
      [rows.map((row) => row.conversation_id)],
    );
    expect(counts).toEqual({ least: 5, most: 5, news: 1_000, threads: 200 });
  });
});
