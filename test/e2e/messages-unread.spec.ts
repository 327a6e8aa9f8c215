import { conversationOf, openConversation, secondWorkspace } from '../support/crm';
import { eventually } from '../support/eventually';
import { conversationOf as startedBy, newPhone } from '../support/sending';
import { type Caller, type Listener, TestSystem } from '../support/system';

const SEED = Number(process.env.UNREAD_SEED ?? Date.now() % 1_000_000);

let system: TestSystem;
let admin: Caller;
let ana: Caller;
let ben: Caller;
let listener: Listener;

beforeAll(async () => {
  system = await TestSystem.start({ simulator: { statusDelaysMs: { sent: 2, delivered: 6, read: 12 } } });
  admin = await system.signIn('admin');
  ana = await system.signIn('employer');
  ben = await system.signIn('employer');
  listener = await system.listen(admin);
});
afterAll(() => system.stop());
beforeEach(() => system.meta.reset());

interface Shown {
  id: number;
  sender_type: string;
  whatsapp_status: string;
  read_at: string | null;
  deleted_at: string | null;
}
interface Conversation {
  id: number;
  unread_count: number;
  read: boolean;
  read_up_to_id: number;
}

/** A customer who has written so many messages: their ids. */
async function writing(count: number): Promise<{ id: number; messages: number[]; phone: string }> {
  const phone = newPhone();
  const id = await startedBy(system, phone);
  for (let n = 2; n <= count; n++) await system.meta.customerSays({ phone }, `message ${n}`);
  const rows = await system.sql<{ id: number }>(
    'select id from message where conversation_id = $1 order by id',
    [id],
  );
  return { id, messages: rows.map((row) => row.id), phone };
}

const shown = async (id: number): Promise<Conversation> =>
  (await admin.get<Conversation & Record<string, unknown>>(`/conversations/${id}`)).body;
const history = async (id: number): Promise<Shown[]> =>
  (await admin.get<{ data: Shown[] }>(`/messages/conversation/${id}?limit=100`)).body.data;
const statusesOf = async (id: number): Promise<string[]> =>
  (await history(id))
    .filter((m) => m.sender_type === 'contact')
    .map((m) => m.whatsapp_status)
    .toReversed();
const unreadOf = async (id: number): Promise<unknown> =>
  (await admin.get(`/messages/conversation/${id}/unread-contact`)).body['unread_count'];

test('a customer’s messages are unread until their conversation is read, each with the time of it', async () => {
  const { id } = await writing(3);
  expect(await statusesOf(id)).toEqual(['delivered', 'delivered', 'delivered']);
  expect(await unreadOf(id)).toBe(3);

  const answer = await ana.patch<Conversation & { read_at: string }>(
    `/messages/conversation/${id}/mark-as-read`,
  );

  expect(answer).toMatchObject({ status: 200, body: { id, unread_count: 0, read: true } });
  expect(await statusesOf(id)).toEqual(['read', 'read', 'read']);
  expect(new Set((await history(id)).map((m) => m.read_at))).toEqual(new Set([answer.body.read_at]));
  expect(await unreadOf(id)).toBe(0);
  await eventually(() => listener.of('conversation:unread_reset').some((h) => h.payload['id'] === id), {
    what: 'the event',
  });
  expect(listener.of('conversation:read').find((h) => h.payload['id'] === id)!.payload).toEqual(answer.body);
});

test('what is read later is read at that time, and what was read before keeps its own', async () => {
  const { id, phone } = await writing(1);
  await ana.patch(`/conversations/${id}/read`);
  const [first] = (await history(id)).map((m) => m.read_at);
  await system.meta.customerSays({ phone }, 'one more');
  expect(await statusesOf(id)).toEqual(['read', 'delivered']);
  await ana.patch(`/conversations/${id}/assign`);
  const [second, again] = (await history(id)).map((m) => m.read_at);
  expect(again).toBe(first);
  expect(Date.parse(second!)).toBeGreaterThan(Date.parse(first!));

  await ana.patch(`/conversations/${id}/unread`);
  expect(await statusesOf(id)).toEqual(['read', 'delivered']);
  expect((await history(id)).map((m) => m.read_at)).toEqual([null, first]);
  expect(await shown(id)).toMatchObject({ unread_count: 1, read: false });
});

test('a read message is shown as read wherever it is shown', async () => {
  const { id, messages } = await writing(1);
  await ana.patch(`/conversations/${id}/read`);
  const one = (await admin.get(`/messages/${messages[0]}`)).body;
  expect(one).toMatchObject({ whatsapp_status: 'read' });
  for (const path of [
    `/messages/conversation/${id}`,
    `/messages/conversation/${id}/cursor`,
    `/messages?conversation_id=${id}`,
  ])
    expect((await admin.get<{ data: unknown[] }>(path)).body.data).toEqual([one]);
  expect((await admin.get(`/conversations/${id}`)).body['last_message']).toEqual(one);
});

describe('marking single messages', () => {
  const mark = (ids: unknown, who = ana) => who.patch('/messages/mark-as-read', { message_ids: ids });

  it('reads their conversations up to the newest of them', async () => {
    const [one, two] = [await writing(4), await writing(2)];
    const answer = await mark([one.messages[0], one.messages[2], two.messages[1], two.messages[1]]);
    expect(answer).toMatchObject({ status: 200, body: { marked: 5 } });
    expect(await statusesOf(one.id)).toEqual(['read', 'read', 'read', 'delivered']);
    expect(await statusesOf(two.id)).toEqual(['read', 'read']);
    expect(await shown(one.id)).toMatchObject({
      unread_count: 1,
      read: false,
      read_up_to_id: one.messages[2],
    });
    expect(await shown(two.id)).toMatchObject({ unread_count: 0, read: true });
    const heard = (id: number): string[] =>
      listener.heard.filter((h) => h.payload['id'] === id).map((h) => h.event);
    await eventually(() => heard(two.id).includes('conversation:unread_reset'), { what: 'the event' });
    expect(heard(two.id).slice(-2)).toEqual(['conversation:read', 'conversation:unread_reset']);
    expect(heard(one.id).at(-1)).toBe('conversation:updated');
  });

  it('never marks what was read as unread, and changes nothing twice', async () => {
    const { id, messages } = await writing(3);
    await ana.patch(`/conversations/${id}/read`);
    const before = await shown(id);
    expect((await mark([messages[0]])).body).toEqual({ marked: 0, conversations: [] });
    expect(await shown(id)).toEqual(before);
  });

  it('leaves alone what we wrote', async () => {
    const { id } = await writing(1);
    const { body } = await ana.post('/messages', { conversation_id: id, body: 'ours' });
    expect((await mark([body['id']])).body).toEqual({ marked: 0, conversations: [] });
    expect(await shown(id)).toMatchObject({ unread_count: 1, read: false });
  });

  it('marks all or nothing: one that is missing, hidden or another workspace’s is like any that is missing', async () => {
    const [own, hidden] = [await writing(1), await writing(1)];
    await ben.patch(`/conversations/${hidden.id}/assign`);
    await ben.patch(`/conversations/${hidden.id}/unread`);
    const rivals = await secondWorkspace(system, `rivals-${Math.random().toString(36).slice(2)}`);
    const [foreign] = await system.sql<{ id: number }>('select id from message where conversation_id = $1', [
      await conversationOf(system, rivals),
    ]);
    const missing = await mark([own.messages[0], 999_999]);
    expect(missing).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
    for (const id of [hidden.messages[0], foreign!.id])
      expect((await mark([own.messages[0], id])).body).toEqual({
        ...missing.body,
        requestId: expect.any(String),
      });
    expect(await shown(own.id)).toMatchObject({ unread_count: 1 });
    expect(await shown(hidden.id)).toMatchObject({ unread_count: 1 });
    expect((await mark([hidden.messages[0]], admin)).body).toMatchObject({ marked: 1 });
  });

  it.each([
    ['none', []],
    ['no list', 1],
    ['nothing', undefined],
    ['texts', ['1']],
    ['null', [null]],
    ['0', [0]],
    ['more than a safe number', [2 ** 53]],
    ['501 of them', Array.from({ length: 501 }, (_, n) => n + 1)],
  ])('refuses %s', async (_what, ids) => {
    expect(await mark(ids)).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED' } });
  });

  it('takes 500', async () => {
    const ids = Array.from({ length: 500 }, (_, n) => 1_000_000 + n);
    expect(await mark(ids)).toMatchObject({ status: 404 });
  });
});

describe('counting', () => {
  const total = async (who: Caller, query = '') => (await who.get(`/messages/unread-count${query}`)).body;

  it('sums up what the caller may see, and one conversation on request', async () => {
    const before = { admin: await total(admin), ana: await total(ana), ben: await total(ben) };
    const [one, two] = [await writing(2), await writing(3)];
    await system.sql(`update conversation set assigned_user = $2, status = 'active' where id = $1`, [
      two.id,
      ben.user.id,
    ]);
    const more = async (who: 'admin' | 'ana' | 'ben', caller: Caller): Promise<number[]> => {
      const now = await total(caller);
      return ['unread_count', 'conversations'].map((key) => Number(now[key]) - Number(before[who][key]));
    };
    expect(await more('admin', admin)).toEqual([5, 2]);
    expect(await more('ana', ana)).toEqual([2, 1]);
    expect(await more('ben', ben)).toEqual([5, 2]);
    expect(await total(ana, `?conversationId=${one.id}`)).toEqual({ unread_count: 2, conversations: 1 });
    expect(await ana.get(`/messages/unread-count?conversationId=${two.id}`)).toMatchObject({ status: 404 });
  });

  it.each(['?conversationId=x', '?conversationId=0', '?conversation_id=1', '?conversationId='])(
    'refuses %s',
    async (query) => {
      expect(await admin.get(`/messages/unread-count${query}`)).toMatchObject({ status: 400 });
    },
  );

  it('of our messages are those that the customer has not read and may still read', async () => {
    const { id } = await writing(1);
    const unread = async (): Promise<unknown> =>
      (await ana.get(`/messages/conversation/${id}/unread-agent`)).body;
    system.meta.faults.dropStatuses = true;
    await ana.post('/messages', { conversation_id: id, body: 'never reported' });
    await eventually(async () => (await history(id))[0]!.whatsapp_status === 'sent', { what: 'the send' });
    expect(await unread()).toEqual({ conversation_id: id, unread_count: 1 });
    system.meta.faults.dropStatuses = false;
    system.meta.faults.failNext = { code: 131026 };
    await ana.post('/messages', { conversation_id: id, body: 'cannot be delivered' });
    await eventually(async () => (await history(id))[0]!.whatsapp_status === 'failed', {
      what: 'the failure',
    });
    await ana.post('/messages', { conversation_id: id, body: 'read' });
    await eventually(async () => (await history(id))[0]!.whatsapp_status === 'read', { what: 'the reading' });
    expect(await unread()).toEqual({ conversation_id: id, unread_count: 1 });
  });
});

test('marking as unread where the customer wrote nothing flags the conversation and counts nothing', async () => {
  const id = await openConversation(system);
  await admin.patch(`/conversations/${id}/read`);
  await system.sql('update message set deleted_at = now() where conversation_id = $1', [id]);
  expect((await admin.patch(`/conversations/${id}/unread`)).body).toMatchObject({
    unread_count: 0,
    read: false,
  });
  expect((await admin.patch(`/conversations/${id}/read`)).body).toMatchObject({
    unread_count: 0,
    read: true,
  });
});

/** Mulberry32: the same numbers for the same seed. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

test(`whatever happens, counts, marks and single messages say the same (seed ${SEED})`, async () => {
  const random = randomOf(SEED);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const phones = [newPhone(), newPhone(), newPhone()];
  const ids = await Promise.all(phones.map((phone) => startedBy(system, phone)));

  const act = async (): Promise<void> => {
    const id = pick(ids);
    const anyOf = async (): Promise<number> => pick(await history(id)).id;
    await pick([
      () => system.meta.customerSays({ phone: pick(phones) }, 'a question'),
      () => system.meta.customerSays({ phone: pick(phones) }, 'another one'),
      () => admin.post('/messages', { conversation_id: id, body: 'an answer' }),
      () => admin.patch(`/conversations/${id}/read`),
      () => admin.patch(`/conversations/${id}/unread`),
      () => admin.patch(`/conversations/${id}/assign`),
      async () =>
        await admin.patch('/messages/mark-as-read', { message_ids: [await anyOf(), await anyOf()] }),
      async () => await admin.delete(`/messages/${await anyOf()}`),
    ])();
  };

  for (let round = 0; round < 15; round++) {
    await Promise.all([act(), act(), act()]);
    for (const id of ids) {
      const [conversation, messages] = [await shown(id), await history(id)];
      const inbound = messages.filter((m) => m.sender_type === 'contact');
      const unread = inbound.filter((m) => m.whatsapp_status !== 'read' && m.deleted_at === null);
      expect({ round, unread: conversation.unread_count }).toEqual({ round, unread: unread.length });
      expect({ round, read: conversation.read || inbound.every((m) => m.deleted_at !== null) }).toEqual({
        round,
        read: unread.length === 0,
      });
      for (const m of inbound) {
        const isRead = m.id <= conversation.read_up_to_id;
        expect({ id: m.id, read: m.whatsapp_status === 'read', at: m.read_at !== null }).toEqual({
          id: m.id,
          read: isRead,
          at: isRead,
        });
      }
    }
    const all = await system.sql<{ id: number }>(
      `select id from conversation c where unread_count <> (select count(*) from message m where m.conversation_id = c.id
         and sender_type = 'contact' and deleted_at is null and m.id > c.read_up_to_id)`,
    );
    expect(all).toEqual([]);
  }
});
