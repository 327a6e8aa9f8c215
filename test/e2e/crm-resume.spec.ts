import { openConversation, streamed, withoutPresence } from '../support/crm';
import { apply, comparable, fetchState } from '../../faults/oracle/crm-state';
import { eventually } from '../support/eventually';
import { type Caller, type Heard, type Listener, TestSystem } from '../support/system';

const SEED = Number(process.env.RESUME_SEED ?? Date.now() % 1_000_000);
const ROUNDS = 5;
const ACTIONS = 30;
const AT_ONCE = 3;

let system: TestSystem;
let admin: Caller;
let agents: Caller[];
let botId: number;
const phones = ['5511900000001', '5511900000002', '5511900000003', '5511900000004'];

beforeAll(async () => {
  system = await TestSystem.start({ simulator: { statusDelaysMs: { sent: 2, delivered: 6, read: 12 } } });
  admin = await system.signIn('admin');
  agents = [await system.signIn('employer'), await system.signIn('employer')];
  const [bot] = await system.sql<{ id: string }>(
    `insert into bot (workspace_id, name) values (1, 'Bot') returning id`,
  );
  botId = Number(bot!.id);
});
afterAll(() => system.stop());

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

/** One random thing that somebody does. What they may not do is refused, and changes nothing. */
async function act(random: () => number, conversations: number[]): Promise<void> {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const someone = pick([admin, ...agents]);
  const path = `/conversations/${pick(conversations)}`;
  const anyMessage = async (): Promise<number> =>
    pick(await system.sql<{ id: number }>('select id from message order by id')).id;
  const actions = [
    () => system.meta.customerSays({ phone: pick(phones), name: 'A customer' }, 'a question'),
    () => someone.post('/messages', { conversation_id: Number(path.split('/')[2]), body: 'an answer' }),
    () => someone.patch(`${path}/assign`),
    () => someone.patch(`${path}/assign`, { assigned_user: pick(agents).user.id }),
    () => someone.patch(`${path}/assign`, { assigned_bot: botId }),
    () => someone.patch(`${path}/unassign`),
    () => someone.patch(`${path}/read`),
    () => someone.patch(`${path}/unread`),
    () => someone.patch(path, { priority: pick(['low', 'urgent']), read: pick([true, false]) }),
    () => someone.patch(path, { status: pick(['closed', 'queue', 'active']) }),
    () => someone.patch(`${path}/transfer`, { assigned_user: pick(agents).user.id, note: 'yours' }),
    async () => someone.patch('/messages/mark-as-read', { message_ids: [await anyMessage()] }),
    async () => someone.patch(`/messages/${await anyMessage()}`, { body: 'another answer' }),
    async () => someone.delete(`/messages/${await anyMessage()}`),
  ];
  await pick(actions)();
}

/** Every answer has been sent, reported and read. */
async function allQuiet(): Promise<void> {
  await eventually(
    async () => {
      const [left] = await system.sql<{ count: number }>(
        `select (select count(*) from message where sender_type = 'user' and whatsapp_status not in ('read', 'failed'))::int
              + (select count(*) from job where task = 'messages.send')::int as count`,
      );
      return left!.count === 0;
    },
    { timeoutMs: 20_000, what: 'the end of all sending' },
  );
}

async function lastCursor(listener: Listener): Promise<string> {
  const heard = withoutPresence(listener).at(-1)!;
  return heard.meta?.cursor ?? String(heard.payload['cursor']);
}

/** All of the journal since an id that the caller was among the audience of. */
async function journalSince(id: number): Promise<number[]> {
  const rows = await system.sql<{ id: string }>(
    'select id from event where workspace_id = 1 and id > $1 order by id',
    [id],
  );
  return rows.map((row) => Number(row.id));
}

function expectOnceAndInOrder(heard: Heard[]): void {
  const ids = heard.map((h) => h.meta.id);
  expect(new Set(ids).size).toBe(ids.length);
  const ofConversation = new Map<unknown, number>();
  for (const { event, payload, meta } of heard) {
    const conversation = event.startsWith('conversation:') ? payload['id'] : payload['conversation_id'];
    expect(meta.id).toBeGreaterThan(ofConversation.get(conversation) ?? 0);
    ofConversation.set(conversation, meta.id);
  }
}

describe.each([
  ['while it was away', false],
  ['also while it comes back', true],
])('what happened %s', (_when, busyDuringResume) => {
  test(`state before + events since = state fetched anew, for an admin and for employers (seed ${SEED})`, async () => {
    const random = randomOf(SEED + Number(busyDuringResume));
    const callers = [admin, ...agents];
    await openConversation(system);
    for (const phone of phones) await system.meta.customerSays({ phone, name: 'A customer' }, 'hello');
    const conversations = [...(await fetchState(admin)).conversations.keys()];

    for (let round = 0; round < ROUNDS; round++) {
      await allQuiet();
      const before = await Promise.all(
        callers.map(async (caller) => {
          const listener = await system.listen(caller);
          const cursor = await lastCursor(listener);
          listener.socket.disconnect();
          return { cursor, state: await fetchState(caller) };
        }),
      );
      const [newest] = await system.sql<{ id: string }>('select max(id) as id from event');

      const doAll = async (): Promise<void> => {
        for (let done = 0; done < ACTIONS; done += AT_ONCE)
          await Promise.all(Array.from({ length: AT_ONCE }, () => act(random, conversations)));
      };
      const doing = doAll();
      if (!busyDuringResume) {
        await doing;
        await allQuiet();
      }
      const listeners = await Promise.all(
        callers.map((caller, i) => system.listen(caller, { after: before[i]!.cursor })),
      );
      await doing;
      await allQuiet();

      const all = await journalSince(Number(newest!.id));
      await eventually(() => streamed(listeners[0]!).length >= all.length, { what: 'the last event' });
      for (const [i, caller] of callers.entries()) {
        const heard = streamed(listeners[i]!);
        expectOnceAndInOrder(heard);
        const onlySees = caller === admin ? null : caller.user.id;
        const known = heard.reduce((state, event) => apply(state, event, onlySees), before[i]!.state);
        expect(comparable(known, known.knownAfter)).toEqual(
          comparable(await fetchState(caller), known.knownAfter),
        );
        listeners[i]!.socket.disconnect();
      }
      expect(
        streamed(listeners[0]!)
          .map((h) => h.meta.id)
          .toSorted((a, b) => a - b),
      ).toEqual(all);
    }
  });
});
